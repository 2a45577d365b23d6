/** Drawings of the space-warp page: the grid in its quadrants, axes, arrows with handles. */

import { mix } from "./colors.js";
import { QUADRANTS, areaOf, cornerAt } from "./warp_math.js";
import { scale } from "./plane.js";

/** @typedef {import("./warp_math.js").Piece} Piece */
/** @typedef {import("./warp_math.js").Layer} Layer */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./plane.js").Window} Window */
/**
 * @typedef {object} View
 * @property {readonly Piece[]} pieces
 * @property {number} time
 * @property {number} layer whose quadrants are coloured, from 0
 * @property {Window} window
 * @property {readonly number[] | null} point at all stages, to mark
 */

const TINT = 0.34;
const FLAT_SHARE = 0.02; // of its area on the plane: a piece that lost more is drawn as a line
const FLAT_PX = 5; // how wide a quadrant that has no area is drawn
export const HANDLE_PX = 8;

/** @param {import("./pen.js").Pen} pen @param {{width: number, height: number}} size @param {View} view @param {Palette} palette */
export function drawWarp(pen, size, { pieces, time, layer, window, point }, palette) {
  const toPixels = scale(window, size);
  const quadrants = QUADRANTS.map((_, q) => pieces.filter((piece) => piece.quadrants[layer] === q)
    .map(({ corners }) => {
      const ring = corners.map((corner) => toPixels(...cornerAt(corner, time)));
      const before = corners.map((corner) => toPixels(...cornerAt(corner, 0)));
      return { ring, isFlat: areaOf(ring) < FLAT_SHARE * areaOf(before) };
    }));
  drawAxes(pen, toPixels, window, palette);
  quadrants.forEach((pieces, q) => {
    const color = mix(palette.paper, palette.classes[q], TINT);
    const flat = pieces.filter(({ isFlat }) => isFlat).map(({ ring }) => ring);
    pen.fill(pieces.filter(({ isFlat }) => !isFlat).map(({ ring }) => ring.flat()), color);
    pen.lines(pieces.flatMap(({ ring }) => edges(ring)), { color: mix(palette.paper, palette.classes[q], 0.62), width: 0.7 });
    pen.lines(flat.flatMap(edges), { color: palette.classes[q], width: FLAT_PX, opacity: 0.9 });
  });
  drawAxes(pen, toPixels, window, palette, 0.55);
  quadrants.forEach((pieces, q) => {
    if (!pieces.length) return;
    const all = pieces.flatMap(({ ring }) => ring);
    const [x, y] = [0, 1].map((axis) => all.reduce((sum, corner) => sum + corner[axis], 0) / all.length);
    pen.text(x, y, QUADRANTS[q], { size: 19, color: palette.classes[q], anchor: "middle", bold: true, halo: palette.paper });
  });
  if (point) pen.mark("disc", ...toPixels(...cornerAt(point, time)), 5.5, palette.ink, palette.paper);
}

/** @param {Layer} layer @returns {readonly {name: string, at: [number, number], from: [number, number]}[]} what can be dragged, in the layer's own plane */
export function handlesOf([a, b, c, d, e, f]) {
  return [
    { name: "x", from: [e, f], at: [a + e, c + f] },
    { name: "y", from: [e, f], at: [b + e, d + f] },
    { name: "b", from: [0, 0], at: [e, f] },
  ];
}

/** @param {import("./pen.js").Pen} pen @param {{width: number, height: number}} size @param {Layer} layer @param {Window} window @param {Palette} palette */
export function drawHandles(pen, size, layer, window, palette) {
  const toPixels = scale(window, size);
  for (const { name, at, from } of handlesOf(layer)) {
    const [start, end] = [toPixels(...from), toPixels(...at)];
    pen.lines([...start, ...end], { color: palette.paper, width: 5 });
    pen.lines([...start, ...end], { color: palette.ink, width: 2, dash: name === "b" ? [2, 3] : [] });
    pen.mark(name === "b" ? "diamond" : "disc", ...end, HANDLE_PX - 1, palette.ink, palette.paper, 1.5);
    const label = { x: "(1, 0)", y: "(0, 1)", b: "b" }[name] ?? "";
    const [dx, dy] = name === "b" ? [-16, 14] : [12, -11]; // apart where handles lie on one another
    pen.text(end[0] + dx, end[1] + dy, label, { size: 12, color: palette.ink, bold: true, halo: palette.paper });
  }
}

/** @param {import("./pen.js").Pen} pen @param {import("./plane.js").ToPixels} toPixels @param {Window} window @param {Palette} palette @param {number} [opacity] */
function drawAxes(pen, toPixels, [left, right, bottom, top], palette, opacity = 1) {
  pen.lines([...toPixels(left, 0), ...toPixels(right, 0), ...toPixels(0, bottom), ...toPixels(0, top)],
    { color: palette.ink, width: 1, opacity });
}

/** @param {readonly (readonly number[])[]} ring @returns {number[]} */
function edges(ring) {
  return ring.flatMap((from, i) => [...from, ...ring[(i + 1) % ring.length]]);
}
