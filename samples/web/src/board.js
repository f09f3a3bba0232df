// The drawing board: a canvas that a person draws on, or that a picture is put on.

const PEN = 0.065; // of the side

/**
 * A picture as the model's training saw it, four bytes a pixel: from its own pixels, of which the board may have fewer.
 * @param {ImageBitmap | OffscreenCanvas} picture
 * @param {string} fit Crop, Pad or Stretch.
 * @param {{ width: number, height: number }} frame The model's.
 * @param {boolean} isSwapped Whether light is dark and dark light.
 */
export function pixelsOf(picture, fit, { width, height }, isSwapped) {
  const context = new OffscreenCanvas(width, height).getContext("2d");
  draw(context, picture, fit, { width, height });
  const { data } = context.getImageData(0, 0, width, height);
  if (isSwapped) {
    swap(data);
  }
  return data;
}

export class Board {
  #canvas;
  #context;
  #changed;
  #isEmpty = true;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} changed Called after every change.
   */
  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
    this.#changed = changed;
    this.#listen();
    this.#fill("black");
  }

  get isEmpty() {
    return this.#isEmpty;
  }

  clear() {
    this.#fill("black");
    this.#isEmpty = true;
    this.#changed();
  }

  /**
   * Puts a picture on the board, on white, and in the frame as the model's training did.
   * @param {HTMLImageElement | ImageBitmap} picture
   * @param {string} fit Crop, Pad or Stretch.
   * @param {{ width: number, height: number }} frame The model's; the board stands for it, whatever its shape.
   */
  show(picture, fit = "Stretch", { width, height } = this.#canvas) {
    this.#context.imageSmoothingEnabled = picture.width > this.#canvas.width; // small ones keep their pixels
    draw(this.#context, picture, fit, { width, height });
    this.#isEmpty = false;
    this.#changed();
  }

  /** Makes light dark and dark light. */
  invert() {
    const { width, height } = this.#canvas;
    const image = this.#context.getImageData(0, 0, width, height);
    swap(image.data);
    this.#context.putImageData(image, 0, 0);
    this.#changed();
  }

  /** The board in another size, four bytes a pixel. */
  pixels(width, height) {
    const small = new OffscreenCanvas(width, height);
    const context = small.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#canvas, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }

  #fill(color) {
    this.#context.fillStyle = color;
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #listen() {
    let last = null;
    this.#canvas.addEventListener("pointerdown", event => {
      this.#canvas.setPointerCapture(event.pointerId);
      last = this.#place(event);
      this.#line(last, last);
    });
    this.#canvas.addEventListener("pointermove", event => {
      if (last) {
        const next = this.#place(event);
        this.#line(last, next);
        last = next;
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#canvas.addEventListener(end, () => { last = null; });
    }
  }

  #place(event) {
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.#canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  #line(from, to) {
    const context = this.#context;
    context.strokeStyle = "#e8e8e8";
    context.lineWidth = PEN * this.#canvas.width;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]); // of a line without length the canvas would draw nothing, and no dot
    context.stroke();
    this.#isEmpty = false;
    this.#changed();
  }
}

// On white, and in the frame as the model's training did. The canvas stands for the frame, whatever its shape.
function draw(context, picture, fit, { width, height }) {
  const [across, down] = [width / picture.width, height / picture.height];
  const scale = fit === "Crop" ? Math.max(across, down) : Math.min(across, down);
  const [w, h] = fit === "Stretch" ? [1, 1] : [scale / across, scale / down]; // shares of the frame
  const { canvas } = context;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(
    picture, canvas.width * (1 - w) / 2, canvas.height * (1 - h) / 2, canvas.width * w, canvas.height * h);
}

function swap(data) {
  data.forEach((value, i) => {
    if (i % 4 !== 3) {
      data[i] = 255 - value;
    }
  });
}
