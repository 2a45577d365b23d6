import assert from "node:assert/strict";
import test from "node:test";

import { gridBoundary } from "../../../src/foldline/lab/page/grids.js";
import { layOut, unitAt } from "../../../src/foldline/lab/page/net.js";
import { svgPen } from "../../../src/foldline/lab/page/svg_pen.js";
import { cellAt, placeOfUnit, scale, unscale } from "../../../src/foldline/lab/page/plane.js";
import { niceTop } from "../../../src/foldline/lab/page/curves.js";

const WINDOW = /** @type {const} */ ([-3, 3, -2, 2]);

test("data go to pixels and back, the top of the plane at the top", () => {
  const size = { width: 300, height: 200 };
  assert.deepEqual(scale(WINDOW, size)(-3, 2), [0, 0]);
  assert.deepEqual(scale(WINDOW, size)(0, 0), [150, 100]);
  assert.deepEqual(unscale(WINDOW, size)(...scale(WINDOW, size)(1, -1)), [1, -1]);
});

test("a point is found in the cell that holds it", () => {
  const picture = /** @type {any} */ ({ corners: [0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 2, 0, 1, 1], starts: [0, 4, 7] });
  assert.equal(cellAt(picture, 0.5, 0.5), 0);
  assert.equal(cellAt(picture, 1.2, 0.3), 1);
  assert.equal(cellAt(picture, 1.9, 0.9), -1);
});

test("units are counted through all layers", () => {
  assert.deepEqual([0, 2, 3, 6].map((unit) => placeOfUnit(unit, [3, 1, 4])), [[0, 0], [0, 2], [1, 0], [2, 2]]);
});

test("the boundary on a grid lies where two scores are equal", () => {
  // Scores (x, -x) at x = -1.5, 0.5: they are equal at x = 0.
  const grid = { values: [-1.5, 1.5, 0.5, -0.5, -1.5, 1.5, 0.5, -0.5], shape: [2, 2, 2] };
  const pieces = gridBoundary(grid, [-2.5, 1.5, -2, 2]);
  assert.equal(pieces.length, 4);
  assert.ok(Math.abs(pieces[0]) < 1e-6 && Math.abs(pieces[2]) < 1e-6, String(pieces));
});

test("every unit of every layer has a place of its own inside the sheet", () => {
  const size = { width: 540, height: 240 };
  const layout = layOut([2, 256, 20, 1, 8], size);
  for (const [column, boxes] of layout.columns.entries()) {
    boxes.forEach(({ x, y, side }, index) => {
      assert.ok(side >= 2 && x - side / 2 >= 0 && x + side / 2 <= size.width && y - side / 2 >= 0 && y + side / 2 <= size.height);
      assert.deepEqual(unitAt(layout, x, y), [column, index]);
    });
  }
});

test("a scale ends at 1, 2 or 5 times a power of ten", () => {
  const chart = /** @type {any} */ ({ lines: [{ column: 1 }] });
  assert.deepEqual([0.9, 1.2, 3, 0.07].map((value) => niceTop([0, value], 2, chart)), [1, 2, 5, 0.1]);
  assert.equal(niceTop([0, NaN], 2, chart), 1);
});

test("an SVG file escapes what it is told and holds each stroke", () => {
  const pen = svgPen(10, 10, { paper: [255, 255, 255], title: "a < b & c" });
  pen.fill([[0, 0, 1, 0, 1, 1]], [1, 2, 3]);
  pen.mark("square", 5, 5, 2, [0, 0, 0], [255, 255, 255]);
  pen.marks([["disc", 3, 3, 1, [0, 0, 0], [9, 9, 9]], ["plus", 7, 7, 1, [0, 0, 0], [9, 9, 9], 0.2]]);
  const text = pen.done();
  assert.equal(text.match(/paint-order/g)?.length, 3);
  assert.match(text, /<title>a &#60; b &#38; c<\/title>/);
  assert.match(text, /d="M0 0L1 0L1 1Z" fill="#010203"/);
});
