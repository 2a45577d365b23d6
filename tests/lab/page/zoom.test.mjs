import assert from "node:assert/strict";
import test from "node:test";

import { aroundAll, moved, zoomed } from "../../../src/foldline/lab/page/zoom_math.js";

/** @typedef {import("../../../src/foldline/lab/page/plane.js").Window} Window */
const USUAL = /** @type {Window} */ ([-3, 3, -3, 3]);
const LIMITS = { low: -100, high: 100 };

test("the point that is zoomed at stays where it is", () => {
  assert.deepEqual(zoomed(USUAL, [0, 0], 0.5, LIMITS), [-1.5, 1.5, -1.5, 1.5]);
  assert.deepEqual(zoomed(USUAL, [3, -3], 0.5, LIMITS), [0, 3, -3, 0]);
  assert.deepEqual(zoomed(USUAL, [-1, 2], 2, LIMITS), [-5, 7, -8, 4]);
});

test("in and out again is where it was", () => {
  const at = /** @type {const} */ ([0.7, -1.3]);
  assert.deepEqual(zoomed(zoomed(USUAL, at, 1 / 2, LIMITS), at, 2, LIMITS), USUAL);
});

test("a window that is zoomed and moved stays square and inside its limits", () => {
  /** @type {Window} */
  let window = USUAL;
  for (let i = 0; i < 300; i++) {
    window = i % 3 ? zoomed(window, [2.9 - i / 70, 1.3], i < 150 ? 0.9 : 1.23, LIMITS) : moved(window, Math.sin(i) * (window[1] - window[0]), Math.cos(i), LIMITS);
    const [left, right, bottom, top] = window;
    assert.ok(Math.min(left, bottom) >= -100 && Math.max(right, top) <= 100, String(window));
    assert.ok(right - left > 0.0099 && Math.abs((right - left) / (top - bottom) - 1) < 1e-9, String(window));
    assert.ok(window.every((end) => String(end).length < 9), String(window));
  }
  assert.deepEqual(zoomed(USUAL, [1, 1], 1e9, LIMITS), [-100, 100, -100, 100]);
});

test("the window of all points is the usual one, or the square around them", () => {
  assert.deepEqual(aroundAll([], USUAL, LIMITS), USUAL);
  assert.deepEqual(aroundAll([1, 2, -3, 3], USUAL, LIMITS), USUAL);
  assert.deepEqual(aroundAll([0, 0, 10, 4], USUAL, LIMITS), [-0.5, 10.5, -3.5, 7.5]);
});
