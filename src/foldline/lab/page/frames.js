/** The server's binary frames, taken apart: "FLF1", a length, a JSON header, then arrays at multiples of 8 bytes. */

const MAGIC = "FLF1";
const ALIGNMENT_BYTES = 8;

/** @typedef {Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array | Int32Array} Numbers */
/** @typedef {Readonly<Record<string, {readonly values: Numbers, readonly shape: readonly number[]}>>} Arrays */
/** @typedef {{readonly kind: string, readonly frame: number, readonly meta: Readonly<Record<string, any>>, readonly arrays: Arrays}} Frame */

/** @type {Readonly<Record<string, {readonly bytes: number, readonly of: (buffer: ArrayBuffer, at: number, n: number) => Numbers}>>} */
const DTYPES = {
  f4: { bytes: 4, of: (buffer, at, n) => new Float32Array(buffer, at, n) },
  f8: { bytes: 8, of: (buffer, at, n) => new Float64Array(buffer, at, n) },
  u1: { bytes: 1, of: (buffer, at, n) => new Uint8Array(buffer, at, n) },
  u2: { bytes: 2, of: (buffer, at, n) => new Uint16Array(buffer, at, n) },
  u4: { bytes: 4, of: (buffer, at, n) => new Uint32Array(buffer, at, n) },
  i4: { bytes: 4, of: (buffer, at, n) => new Int32Array(buffer, at, n) },
};

/**
 * Take a frame apart; its arrays are views into the buffer, nothing is copied.
 *
 * @param {ArrayBuffer} buffer one whole message
 * @returns {Frame}
 * @throws {RangeError} in words, if the message is not a frame or ends too early
 */
export function decodeFrame(buffer) {
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, Math.min(4, buffer.byteLength)));
  if (magic !== MAGIC || buffer.byteLength < 8) {
    throw new RangeError(`A message begins with ${JSON.stringify(magic)}; expected ${MAGIC}. Load the page again.`);
  }
  const headerLength = new DataView(buffer).getUint32(4, true);
  const start = aligned(8 + headerLength);
  if (start > buffer.byteLength) throw tooShort(buffer, start);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength)));
  /** @type {Record<string, {values: Numbers, shape: number[]}>} */
  const arrays = {};
  for (const { name, dtype, shape, offset } of header.arrays) {
    const known = DTYPES[dtype];
    if (!known) throw new RangeError(`Array ${name} has dtype ${dtype}; expected ${Object.keys(DTYPES).join(", ")}. Load the page again.`);
    const n = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
    if (offset + n * known.bytes > buffer.byteLength) throw tooShort(buffer, offset + n * known.bytes);
    arrays[name] = { values: known.of(buffer, offset, n), shape };
  }
  return { kind: header.kind, frame: header.frame, meta: header.meta, arrays };
}

/** @param {number} n_bytes */
function aligned(n_bytes) {
  return Math.ceil(n_bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** @param {ArrayBuffer} buffer @param {number} needed */
function tooShort(buffer, needed) {
  return new RangeError(`A frame has ${buffer.byteLength} bytes; expected ${needed} at least. Load the page again.`);
}
