import { Board, pixelsOf } from "./board.js";
import { percent, showBars, showLines } from "./charts.js";
import { examples } from "./examples.js";
import { Model } from "./model.js";

const find = id => document.getElementById(id);
const board = new Board(find("board"), () => predict());
let model = null;
let way = []; // of the last prediction
let classes = [];
let isBusy = false;
let isStale = false;
let player = 0;
let loads = 0; // begun; the last one counts
let ownPicture = null; // a person's, as long as nothing else is on the board

async function load(file) {
  const number = ++loads;
  try {
    model = null;
    const loaded = await Model.load(file);
    if (number !== loads) {
      return; // another one was chosen meanwhile
    }
    model = loaded;
    find("bars").replaceChildren();
    if (ownPicture) {
      showOwnPicture();
    } else {
      await predict();
    }
  } catch (fault) {
    if (number === loads) {
      say(fault.message, true);
    }
  }
}

// In the frame as this model's training did, which may not be as the one before or none did.
function showOwnPicture() {
  board.show(ownPicture, model?.fit, model?.shape);
  if (find("invert").checked) {
    board.invert();
  }
}

// One prediction at a time; what changes meanwhile is predicted next.
async function predict() {
  if (!model || isBusy) {
    isStale = isBusy;
    return;
  }
  isBusy = true;
  try {
    do {
      isStale = false;
      const current = model; // another one may be chosen meanwhile
      const { height, width } = current.shape;
      const start = performance.now();
      const prediction = await current.predict(ownPicture
        ? pixelsOf(ownPicture, current.fit, current.shape, find("invert").checked)
        : board.pixels(width, height));
      const milliseconds = performance.now() - start;
      if (current === model) {
        show(prediction);
        find("time").textContent = `Computed here in ${milliseconds.toFixed(0)} ms.`;
        document.body.dataset.milliseconds = milliseconds;
        document.body.dataset.predictions = Number(document.body.dataset.predictions ?? 0) + 1;
      }
    } while (isStale && model);
  } catch (fault) {
    say(fault.message, true);
  } finally {
    isBusy = false; // one that failed must not keep the next from being made
  }
}

function show(prediction) {
  find("note").textContent = ownPicture ? model.note : ""; // drawings and examples have the model's shape
  way = prediction.way;
  classes = model.classes;
  showBars(find("bars"), classes, prediction.scores);
  const best = prediction.scores.indexOf(Math.max(...prediction.scores));
  say(board.isEmpty
    ? "Draw something, or choose an example."
    : `${classes[best]}, ${percent(prediction.scores[best])}`);
  find("way").hidden = way.length < 2;
  find("step").max = way.length;
  find("step").value = way.length;
  showStep();
}

function showStep() {
  if (way.length > 1) {
    const now = Number(find("step").value) - 1;
    find("step-number").textContent = `${now + 1} of ${way.length}`;
    showLines(find("lines"), classes, way, now);
    showBars(find("bars"), classes, way[now]);
  }
}

function say(text, isFault = false) {
  find("answer").textContent = text;
  find("answer").classList.toggle("fault", isFault);
}

async function open(file) {
  try {
    ownPicture = await createImageBitmap(file);
    find("invert").checked = false;
    showOwnPicture();
  } catch {
    say(`“${file.name}” cannot be read as a picture.`, true);
  }
}

function play() {
  clearInterval(player);
  const step = find("step");
  step.value = 1;
  showStep();
  player = setInterval(() => {
    step.value = Number(step.value) + 1;
    showStep();
    if (step.value === step.max) {
      clearInterval(player);
    }
  }, 400);
}

find("clear").addEventListener("click", () => {
  ownPicture = null;
  find("invert").checked = false;
  board.clear();
});
// Before the board's own listener draws and predicts: what is drawn must not be lost.
find("board").addEventListener("pointerdown", () => { ownPicture = null; }, { capture: true });
find("invert").addEventListener("change", () => board.invert());
find("step").addEventListener("input", showStep);
find("play").addEventListener("click", play);
find("file").addEventListener("change", event => {
  if (event.target.files[0]) {
    open(event.target.files[0]);
  }
});
find("model").addEventListener("change", async event => {
  const file = event.target.files[0];
  if (file) {
    try {
      await load(new Uint8Array(await file.arrayBuffer()));
    } catch (fault) {
      say(`“${file.name}” cannot be read: ${fault.message}`, true); // deleted since it was chosen, for one
    }
    event.target.value = ""; // the same file can be chosen again
  }
});
addEventListener("resize", showStep);

const drop = find("drop");
drop.addEventListener("dragover", event => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", event => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files[0]) {
    open(event.dataTransfer.files[0]);
  }
});

find("examples").append(...examples().map(([name, picture]) => {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `Example: ${name}`);
  button.append(picture);
  button.addEventListener("click", async () => {
    await picture.decode();
    ownPicture = null;
    find("invert").checked = false;
    board.show(picture);
  });
  return button;
}));

// The file beside this page, or a sentence that says why it is not here.
async function download() {
  try {
    const answer = await fetch("model.onnx");
    return answer.ok
      ? { file: new Uint8Array(await answer.arrayBuffer()) }
      : { fault: "There is no model.onnx beside this page. README.md says how to make one; or choose a file below." };
  } catch (fault) {
    return { fault: `The model did not arrive: ${fault.message}. Load the page again, or choose a file below.` };
  }
}

const usual = await download();
if (loads > 0) {
  // A person has chosen another one meanwhile.
} else if (usual.file) {
  await load(usual.file);
} else {
  say(usual.fault, true);
}
