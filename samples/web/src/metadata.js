// What an ONNX file says of itself. A file is a message of protocol buffers (protobuf.dev, "Encoding"): fields of a number, a type
// and a value, of which ONNX's metadata_props are number 14. The graph, number 7, is skipped.

const METADATA = 14;
const KEY = 1;
const VALUE = 2;
const LENGTH_DELIMITED = 2;
const FIXED_SIZES = { 1: 8, 5: 4 };

/**
 * Reads the texts that a file holds by name.
 * @param {Uint8Array} file
 * @returns {Map<string, string>}
 */
export function readMetadata(file) {
  const texts = new Map();
  for (const { field, bytes } of fields(file)) {
    if (field === METADATA) {
      const entry = new Map([...fields(bytes)].map(part => [part.field, new TextDecoder().decode(part.bytes)]));
      texts.set(entry.get(KEY) ?? "", entry.get(VALUE) ?? "");
    }
  }
  return texts;
}

/** The fields of a message whose value has a length; others are passed over. */
function* fields(message) {
  let at = 0;
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) {
      varint();
    } else if (type === LENGTH_DELIMITED) {
      const length = varint();
      require(at + length <= message.length);
      yield { field: Math.floor(tag / 8), bytes: message.subarray(at, at + length) };
      at += length;
    } else {
      require(type in FIXED_SIZES);
      at += FIXED_SIZES[type];
    }
  }

  // Seven bits a byte, the lowest first. No shifts: they would end at 32 bits.
  function varint() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      require(at < message.length);
      const byte = message[at++];
      value += (byte % 128) * factor;
      if (byte < 128) {
        return value;
      }
    }
  }
}

function require(holds) {
  if (!holds) {
    throw new Error("This is no ONNX file, or a damaged one.");
  }
}
