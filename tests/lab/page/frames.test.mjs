import assert from "node:assert/strict";
import test from "node:test";

import { decodeFrame } from "../../../src/foldline/lab/page/frames.js";

/** @param {object} header @param {Uint8Array} body behind the header, at the next multiple of 8 */
function message(header, body) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((8 + text.length) / 8) * 8;
  const bytes = new Uint8Array(start + body.length);
  bytes.set(new TextEncoder().encode("FLF1"));
  new DataView(bytes.buffer).setUint32(4, text.length, true);
  bytes.set(text, 8);
  bytes.set(body, start);
  return { buffer: bytes.buffer, start };
}

test("arrays are views of the message, with their shapes", () => {
  const body = new Uint8Array(new Float32Array([1.5, -2, 3, 4]).buffer);
  const header = (/** @type {number} */ offset) => ({ kind: "playground", frame: 7, meta: { step: 3 }, arrays: [{ name: "points", dtype: "f4", shape: [2, 2], offset }] });
  const { start } = message(header(100), body);
  const frame = decodeFrame(message(header(start), body).buffer);
  assert.equal(frame.frame, 7);
  assert.deepEqual(frame.meta, { step: 3 });
  assert.deepEqual([...frame.arrays.points.values], [1.5, -2, 3, 4]);
  assert.deepEqual(frame.arrays.points.shape, [2, 2]);
});

test("what is no frame is told in words", () => {
  assert.throws(() => decodeFrame(new TextEncoder().encode("GIF89a??").buffer), /begins with "GIF8"; expected FLF1/);
  assert.throws(() => decodeFrame(new ArrayBuffer(2)), /expected FLF1/);
});

test("a frame that ends too early is told in words", () => {
  const header = { kind: "k", frame: 1, meta: {}, arrays: [{ name: "a", dtype: "f4", shape: [2], offset: 104 }] };
  const { buffer, start } = message(header, new Uint8Array(4)); // half of the array
  assert.equal(start, 104);
  assert.throws(() => decodeFrame(buffer), /A frame has 108 bytes; expected 112 at least/);
});

test("an unknown dtype is told in words", () => {
  const { buffer } = message({ kind: "k", frame: 1, meta: {}, arrays: [{ name: "a", dtype: "c8", shape: [0], offset: 0 }] }, new Uint8Array(0));
  assert.throws(() => decodeFrame(buffer), /dtype c8; expected f4/);
});
