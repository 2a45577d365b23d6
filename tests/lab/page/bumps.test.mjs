import assert from "node:assert/strict";
import test from "node:test";

import { drawCurve, scales, tickWords, ticks } from "../../../src/foldline/lab/page/bumps_axes.js";
import { heightsFrom, withHeight, withStroke } from "../../../src/foldline/lab/page/bumps_curve.js";
import { bumpAt, highest } from "../../../src/foldline/lab/page/bumps_moment.js";
import { slopesOf, sumOf } from "../../../src/foldline/lab/page/bumps_units.js";

/** @type {import("../../../src/foldline/lab/page/bumps_moment.js").Bump} */
const BUMP = [0, 1, 2, 4, 3];

test("units add up to a ramp, and four of them to the lecture's bump", () => {
  assert.deepEqual(slopesOf(BUMP), [3, -3, -1.5, 1.5]);
  const sums = (/** @type {number} */ n) => [-1, 0.5, 1.5, 3, 5].map((x) => sumOf(BUMP, n, x));
  assert.deepEqual(sums(1), [0, 1.5, 4.5, 9, 15]);
  assert.deepEqual(sums(2), [0, 1.5, 3, 3, 3]);
  assert.deepEqual(sums(4), [0, 1.5, 3, 1.5, 0]);
});

test("bumps are found by place and by height, that of one below 0 too", () => {
  /** @type {import("../../../src/foldline/lab/page/bumps_moment.js").Bump[]} */
  const bumps = [[0, 0.1, 0.9, 1, 0.5], [1, 1.1, 1.9, 2, -0.7]];
  assert.equal(bumpAt(bumps, 0.5), 0);
  assert.equal(bumpAt(bumps, 1.5), 1);
  assert.equal(bumpAt(bumps, 2.5), -1);
  assert.equal(highest(bumps), 1);
  assert.equal(highest([]), -1);
});

test("ticks are round and lie between the ends", () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(-1.12, 1.12, 5), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(ticks(2500, 9000, 3), [5000]);
  assert.equal(tickWords(-0.5), "−0.5");
  assert.equal(tickWords(0), "0");
  assert.equal(tickWords(0.00001), "1e−5");
});

test("a stroke sets every place that it passes, and no other", () => {
  const flat = Array.from({ length: 11 }, () => 0);
  assert.deepEqual(withStroke(flat, [0.2, 0], [0.6, 0.4], 100), [0, 0, 0, 10, 20, 30, 40, 0, 0, 0, 0]);
  assert.deepEqual(withStroke(flat, [0.6, 0.4], [0.2, 0], 100), [0, 0, 0, 10, 20, 30, 40, 0, 0, 0, 0]);
  assert.deepEqual(withStroke(flat, [0.51, 3], [0.51, 3], 100), [0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0]);
});

test("a press changes one height, within reach", () => {
  assert.deepEqual(withHeight([0, 95, 0], 1, 20, 100), [0, 100, 0]);
  assert.deepEqual(withHeight([0, -95, 0], 1, -20, 100), [0, -100, 0]);
});

test("a curve begins with the function that is shown", () => {
  const x = Array.from({ length: 201 }, (_, i) => 2 + i / 100);
  assert.deepEqual(heightsFrom(x, x.map((at) => at - 3), 5, 100), [-100, -50, 0, 50, 100]);
  assert.deepEqual(heightsFrom(x, x.map(() => NaN), 3, 100), [0, 0, 0]);
  assert.deepEqual(heightsFrom(x, x.map(() => 7), 3, 100), [100, 100, 100]);
});

test("a curve is cut off at the edges and broken where it is no number", () => {
  /** @type {(readonly number[])[]} */
  const drawn = [];
  const pen = /** @type {any} */ ({ line: (/** @type {number[]} */ points) => drawn.push(points) });
  const at = scales([0, 4, 0, 1], { left: 0, right: 4, top: 0, bottom: 1 });
  drawCurve(pen, at, [0, 1, 2, 3, 4], [0, 5, 1, NaN, 1], /** @type {any} */ ({}));
  assert.deepEqual(drawn, [[0, 1, 1, 0, 2, 0]]);
});
