import assert from "node:assert/strict";
import test from "node:test";

import { angleTo, contour, heightAt, levelsOf, placeOn, shareOf, ticks } from "../../../src/foldline/lab/page/landscape_math.js";

test("levels are squares of a bowl, and ratios where values are wide apart", () => {
  const even = levelsOf([1, 5]);
  assert.equal(even.length, 14);
  assert.deepEqual([even[0], even[13]], [1, 5]);
  assert.ok(Math.abs(even[1] - (1 + 4 / 169)) < 1e-12);
  const wide = levelsOf([0.01, 100]);
  assert.ok(Math.abs(wide[2] / wide[1] - wide[9] / wide[8]) < 1e-9);
  assert.deepEqual(levelsOf([2, 2]), [1.5, 2.5]);
});

test("a colour's share grows evenly from level to level", () => {
  const levels = [0, 1, 4, 9];
  assert.deepEqual([-1, 0, 1, 2.5, 4, 9, 99].map((value) => shareOf(value, levels)), [0, 0, 1 / 3, 0.5, 2 / 3, 1, 1]);
});

test("the contour of a slope is a line, and of a saddle two pieces that do not cross", () => {
  assert.deepEqual(contour({ values: [0, 1, 2, 0, 1, 2], shape: [2, 3] }, 0.5), [0.5, 0, 0.5, 1]);
  assert.deepEqual(contour({ values: [0, 1, 2, 0, 1, 2], shape: [2, 3] }, 5), []);
  const pieces = contour({ values: [0, 1, 1, 0], shape: [2, 2] }, 0.6);
  assert.equal(pieces.length, 8);
  // The middle is 0.5, below the level: the low corners, top left and bottom right, hang together.
  for (const piece of [pieces.slice(0, 4), pieces.slice(4)]) {
    const [x, y] = [(piece[0] + piece[2]) / 2, (piece[1] + piece[3]) / 2];
    assert.ok((x > 0.5 && y < 0.5) || (x < 0.5 && y > 0.5), String(piece));
  }
});

test("angles go round against the clock, and places follow them", () => {
  assert.deepEqual([[1, 0], [0, 1], [-1, 0], [0, -1], [1, -0.001]].map(([x, y]) => angleTo(x, y)), [0, 90, 180, 270, 0]);
  const [x, y] = placeOn(30, 2);
  assert.ok(Math.abs(x - Math.sqrt(3)) < 1e-12 && Math.abs(y - 1) < 1e-12);
});

test("a height between samples is interpolated, and outside there is none", () => {
  const line = [-1, 4, 0, 2, 1, 6];
  assert.deepEqual([-1, -0.5, 0, 0.25, 1].map((step) => heightAt(line, step)), [4, 3, 2, 3, 6]);
  assert.ok(Number.isNaN(heightAt(line, 1.1)) && Number.isNaN(heightAt([], 0)));
});

test("ticks are round, few and around the values", () => {
  for (const [low, high] of [[0, 1], [0.13, 0.17], [1e-7, 3e-7], [12, 12], [0, 0], [3, 9e5]]) {
    const found = ticks(low, high);
    assert.ok(found.length >= 2 && found.length <= 7, String(found));
    assert.ok(found[0] <= low + 1e-9 * high && found[found.length - 1] >= high * (1 - 1e-9), String(found));
  }
  assert.deepEqual(ticks(0, 1.9), [0, 0.5, 1, 1.5, 2]);
});
