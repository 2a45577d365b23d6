import assert from "node:assert/strict";
import test from "node:test";

import { areaOf, cornerAt, draggedTo, layersOf, warpGrid, warpPoint } from "../../../src/foldline/lab/page/warp_math.js";

const LAYERS = layersOf([1, 0.6, -0.5, 1.1, 0.2, -0.1, -0.9, 0.7, 0.8, 0.8, 0.5, -0.9]);

test("pieces cover the square once", () => {
  const pieces = warpGrid(LAYERS, { half: 1.5, n: 12, bends: true });
  const area = pieces.reduce((sum, { corners }) => sum + areaOf(corners), 0);
  assert.ok(Math.abs(area - 9) < 1e-9, String(area));
});

test("every corner goes where its point goes, through every layer and bend", () => {
  for (const bends of [true, false]) {
    for (const { corners } of warpGrid(LAYERS, { half: 1.5, n: 5, bends })) {
      for (const corner of corners) {
        warpPoint(LAYERS, corner[0], corner[1], bends).forEach((value, i) => assert.ok(Math.abs(value - corner[i]) < 1e-9));
      }
    }
  }
});

test("quadrants are lettered by the units above 0", () => {
  const identity = layersOf([1, 0, 0, 1, 0, 0]);
  for (const { corners, quadrants } of warpGrid(identity, { half: 1, n: 3, bends: true })) {
    const x = corners.reduce((sum, corner) => sum + corner[0], 0);
    const y = corners.reduce((sum, corner) => sum + corner[1], 0);
    assert.equal(quadrants[0], y > 0 ? (x > 0 ? 0 : 1) : x > 0 ? 3 : 2);
  }
});

test("time goes from the plane over W x + b to the bend", () => {
  const corner = warpPoint(layersOf([1, 0, 0, 1, -2, 0]), 1, 1, true);
  assert.deepEqual([0, 1, 2, 1.5].map((time) => cornerAt(corner, time)), [[1, 1], [-1, 1], [0, 1], [-0.5, 1]]);
});

test("a dragged handle lands under the pointer, to a twentieth", () => {
  const layer = layersOf([1, 0.6, -0.5, 1.1, 0.2, -0.1])[0];
  assert.deepEqual(draggedTo(layer, "x", 0.71, 0.38), [0.5, 0.6, 0.5, 1.1, 0.2, -0.1]);
  assert.deepEqual(draggedTo(layer, "y", 0.2, -0.1), [1, 0, -0.5, 0, 0.2, -0.1]);
  assert.deepEqual(draggedTo(layer, "b", -1, 0.26), [1, 0.6, -0.5, 1.1, -1, 0.25]);
});
