// A model that NullaProp.ML exported: what it wants and gives is in the file.

import * as ort from "../node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";
import { readMetadata } from "./metadata.js";

ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
ort.env.wasm.wasmPaths = new URL("../node_modules/onnxruntime-web/dist/", import.meta.url).href;

const SCORES = "scores";
const OF_FEATURES = "as in the training data"; // where the graph starts at features, and not at images
const OLDER_SHARES = "0.299,0.587,0.114"; // of files that do not tell what grey is made of
const CHANNELS = ["R", "G", "B", "A", "gray"];

export class Model {
  #session;
  #metadata;

  /**
   * Loads a file.
   * @param {Uint8Array} file
   * @throws {Error} The file is no model of images; the message says why.
   */
  static async load(file) {
    const model = new Model();
    model.#metadata = readMetadata(file);
    for (const name of ["class_names", "image_shape", "channel_order", "layout"]) {
      if (!model.#metadata.has(name)) {
        throw new Error(`The file says nothing of ${name}. Use one that NullaProp.ML's export wrote.`);
      }
    }
    if (model.#metadata.get("channel_order") === OF_FEATURES) {
      throw new Error("The file starts at features, not at images. Write it with the samples' export, or SaveNoPropAsOnnx.");
    }
    if (model.channels.length !== model.shape.channels || !model.channels.every(channel => CHANNELS.includes(channel))) {
      throw new Error(
        `The file says ${model.#metadata.get("channel_order")} of ${model.shape.channels} channels, which this page cannot make.`);
    }
    model.#session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
    return model;
  }

  /** The names of the classes. */
  get classes() {
    return JSON.parse(this.#metadata.get("class_names"));
  }

  /** Channels, height and width. */
  get shape() {
    const [channels, height, width] = this.#metadata.get("image_shape").split("x").map(Number);
    return { channels, height, width };
  }

  /** How a picture of another shape is brought to the model's: Crop, Pad or Stretch. */
  get fit() {
    return this.#metadata.get("image_fit") ?? "Crop";
  }

  /** What the file does not say, or this page cannot do, about pictures; empty where there is nothing. */
  get note() {
    const step = this.#metadata.get("image_step");
    return step ? `This model's pictures went through a ${step} of its maker's, which this page does not have: its answers may be wrong.`
      : this.#metadata.has("image_fit") ? ""
      : "The model does not say how its pictures were brought to size, so what sticks out is cut off: its answers may be wrong.";
  }

  /** What each channel is: R, G, B, A, or gray. */
  get channels() {
    const order = this.#metadata.get("channel_order");
    return order.includes("gray") ? order.split(",") : [...order];
  }

  /**
   * Computes the probabilities of the classes.
   * @param {Uint8ClampedArray} rgba The image, four bytes a pixel, of the model's size.
   * @returns {Promise<{scores: number[], way: number[][]}>} The way is empty where the file has none.
   */
  async predict(rgba) {
    const [input] = this.#session.inputMetadata;
    const { channels, height, width } = this.shape;
    const isPlanar = !["NHWC", "N(HWC)"].includes(this.#metadata.get("layout"));
    const shares = (this.#metadata.get("gray_weights") ?? OLDER_SHARES).split(",").map(Number);
    const values = new (input.type === "uint8" ? Uint8Array : Float32Array)(channels * height * width);
    const area = height * width;
    this.channels.forEach((channel, c) => {
      for (let i = 0; i < area; i++) {
        values[isPlanar ? c * area + i : i * channels + c] = valueOf(channel, shares, rgba, 4 * i);
      }
    });
    const dimensions = input.shape.map((size, i) => (i === 0 ? 1 : size));
    const outputs = await this.#session.run({ [input.name]: new ort.Tensor(input.type, values, dimensions) });
    const way = Object.values(outputs).find(output => output.dims.length === 3);
    if (!outputs[SCORES]) {
      throw new Error(`The file gives ${Object.keys(outputs).join(", ")}, but must give ${SCORES}. Leave the name as it is at the export.`);
    }
    return { scores: [...outputs[SCORES].data], way: way ? rows(way) : [] };
  }
}

function valueOf(channel, [red, green, blue], rgba, at) {
  if (channel === "gray") {
    return Math.round(red * rgba[at] + green * rgba[at + 1] + blue * rgba[at + 2]);
  }
  return rgba[at + "RGBA".indexOf(channel)];
}

// (1, n, K)
function rows({ data, dims: [, count, classes] }) {
  return Array.from({ length: count }, (_, i) => [...data.subarray(i * classes, (i + 1) * classes)]);
}
