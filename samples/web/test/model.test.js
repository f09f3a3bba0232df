// What the page says of files that it cannot use, without a browser.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

const missing = !existsSync(new URL("../node_modules/onnxruntime-web", import.meta.url));

// "as in the training data" has 23 characters, and a table may have 23 columns.
for (const [order, shape, fault] of [
  ["as in the training data", "23x1x1", /starts at features/],
  ["as in the training data", "3x8x8", /starts at features/],
  ["RGB", "4x8x8", /says RGB of 4 channels/],
  ["RGX", "3x8x8", /says RGX of 3 channels/],
]) {
  test(`refuses ${order} of ${shape}`, { skip: missing && "no packages; run npm ci" }, async () => {
    const { Model } = await import("../src/model.js");
    const file = [["class_names", "[]"], ["image_shape", shape], ["channel_order", order], ["layout", "NCHW"]]
      .map(([key, value]) => field(14, [...field(1, [...Buffer.from(key)]), ...field(2, [...Buffer.from(value)])])).flat();

    await assert.rejects(Model.load(Uint8Array.from(file)), fault);
  });
}

// A field of protocol buffers whose value has a length, of less than 128 bytes.
function field(number, bytes) {
  return [number * 8 + 2, bytes.length, ...bytes];
}
