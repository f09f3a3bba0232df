// Bars of probabilities, and lines of how they move.

const SVG = "http://www.w3.org/2000/svg";
const COLORS = ["#1f6feb", "#d9480f", "#2b8a3e", "#9c36b5"]; // read on light and dark
const PERCENT = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const percent = probability => PERCENT.format(probability);

/**
 * Shows each class with its probability, in the order of the classes.
 * @param {HTMLOListElement} list
 * @param {string[]} classes
 * @param {number[]} scores
 */
export function showBars(list, classes, scores) {
  const best = scores.indexOf(Math.max(...scores));
  if (list.childElementCount !== classes.length) {
    list.replaceChildren(...classes.map(bar));
  }
  scores.forEach((score, i) => {
    const item = list.children[i];
    item.classList.toggle("first", i === best);
    item.querySelector(".fill").style.width = `${100 * score}%`;
    item.querySelector(".value").textContent = percent(score);
  });
}

/**
 * Draws the classes that lead somewhere on the way, as lines over the evaluations.
 * @param {HTMLElement} place
 * @param {string[]} classes
 * @param {number[][]} way
 * @param {number} now The evaluation to mark, from 0.
 */
export function showLines(place, classes, way, now) {
  const width = Math.max(300, place.clientWidth || 600);
  const height = 220;
  const [left, right, top, bottom] = [48, 12, 10, 46];
  const x = i => left + (way.length === 1 ? 0 : (i / (way.length - 1)) * (width - left - right));
  const y = p => top + (1 - p) * (height - top - bottom);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": inWords(classes, way) });
  for (const p of [0, 0.5, 1]) {
    svg.append(element("line", { x1: left, x2: width - right, y1: y(p), y2: y(p), class: "grid" }));
    svg.append(text(left - 6, y(p) + 4, "end", `${100 * p} %`));
  }
  svg.append(text(left, height - bottom + 18, "start", "noise"), text(width - right, height - bottom + 18, "end", "label"));
  svg.append(element("line", { x1: x(now), x2: x(now), y1: top, y2: height - bottom, class: "now" }));
  let keyAt = left;
  leaders(way).forEach((k, rank) => {
    const points = way.map((scores, i) => `${x(i)},${y(scores[k])}`).join(" ");
    svg.append(element("polyline", { points, fill: "none", stroke: COLORS[rank], "stroke-width": 2.5, "stroke-linejoin": "round" }));
    svg.append(element("circle", { cx: x(now), cy: y(way[now][k]), r: 4, fill: COLORS[rank] }));
    svg.append(element("rect", { x: keyAt, y: height - 16, width: 10, height: 10, rx: 2, fill: COLORS[rank] }));
    svg.append(text(keyAt + 14, height - 7, "start", classes[k]));
    keyAt += 26 + 7.4 * classes[k].length;
  });
  place.replaceChildren(svg);
}

// The classes that are largest at the end, but for those that are next to nothing all the way.
function leaders(way) {
  const most = way[0].map((_, k) => Math.max(...way.map(scores => scores[k])));
  const end = way.at(-1);
  return end.map((_, k) => k).filter(k => most[k] > 0.02).sort((a, b) => end[b] - end[a] || most[b] - most[a]).slice(0, COLORS.length);
}

function inWords(classes, way) {
  const parts = leaders(way).map(k => `${classes[k]} from ${percent(way[0][k])} to ${percent(way.at(-1)[k])}`);
  return `Probabilities over ${way.length} evaluations: ${parts.join("; ")}.`;
}

function bar(name) {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.className = "name";
  label.textContent = name;
  const track = document.createElement("div");
  track.className = "track";
  const fill = document.createElement("div");
  fill.className = "fill";
  track.append(fill);
  const value = document.createElement("span");
  value.className = "value";
  item.append(label, track, value);
  return item;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

function text(x, y, anchor, content) {
  const made = element("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}
