import assert from "node:assert/strict";
import { test } from "node:test";

const page = new URL("../../../src/foldline/lab/page/", import.meta.url);
const { rowsShown, sightOf } = await import(new URL("images_sight.js", page));
const { glyphsOf, fitted } = await import(new URL("images_pixels.js", page));
const { cellAt } = await import(new URL("images_matrix.js", page));

/** Four images of two classes with one score each for both. */
const arrays = {
  images: { values: new Uint8Array(4), shape: [4, 1, 1, 1] },
  labels: { values: Uint16Array.from([0, 1, 0, 1]), shape: [4] },
  scores: { values: Float32Array.from([1, 3, 0, 1, 2, 1, 5, 1]), shape: [4, 2] },
  confusion: { values: Uint32Array.from([1, 1, 1, 1]), shape: [2, 2] },
  templates: { values: new Float32Array(0), shape: [2, 0] },
  next: { values: new Float32Array(0), shape: [0] },
  curve: { values: new Float32Array(0), shape: [0, 5] },
};
const sight = sightOf({ kind: "images", frame: 0, meta: { class_names: ["a", "b"] }, arrays });

test("answers and margins come from the scores", () => {
  assert.deepEqual([...sight.learned.answers], [1, 1, 0, 0]);
  assert.deepEqual([...sight.learned.margins], [-2, 1, 1, -4]);
});

test("mistakes and the images of a cell stand the worst first", () => {
  assert.deepEqual(rowsShown(sight, { images_show: "mixed", images_cell: [] }), [0, 1, 2, 3]);
  assert.deepEqual(rowsShown(sight, { images_show: "mistakes", images_cell: [] }), [3, 0]);
  assert.deepEqual(rowsShown(sight, { images_show: "mistakes", images_cell: [1, 1] }), [1]);
  assert.deepEqual(rowsShown(sight, { images_show: "mixed", images_cell: [1, 0] }), [3]);
});

test("before there is a classifier, images are all there is", () => {
  const early = sightOf({ kind: "images", frame: 0, meta: { class_names: ["a", "b"] }, arrays: { images: arrays.images } });
  assert.equal(early.learned, null);
  assert.deepEqual(rowsShown(early, { images_show: "mistakes", images_cell: [] }), [0, 1, 2, 3]);
});

test("a glyph runs along the edge, at right angles to the gradient", () => {
  // One cell, two directions: gradients of 45 and 135 degrees, clockwise from the right, as rows grow downwards.
  const { above, below } = glyphsOf([1, -1], [1, 1, 2], { x: 0, y: 0, width: 10, height: 10 });
  const [x0, y0, x1, y1] = above;
  assert.ok((x1 - x0) * (y1 - y0) < 0); // up to the right
  assert.equal(below.length, 4);
  assert.ok((below[2] - below[0]) * (below[3] - below[1]) > 0);
});

test("a picture is as large as it can be in its box", () => {
  assert.deepEqual(fitted([10, 20], { x: 5, y: 0, width: 40, height: 40 }), { x: 5, y: 10, width: 40, height: 20 });
});

test("every cell of the matrix is found where it is drawn", () => {
  const size = { width: 78 + 2 + 30 * 3, height: 18 + 20 * 3 };
  assert.deepEqual(cellAt(size, 3, 78 + 45, 16 + 50), [2, 1]);
  assert.equal(cellAt(size, 3, 40, 30), null);
});
