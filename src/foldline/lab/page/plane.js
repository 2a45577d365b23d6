/** The plane: regions filled by class confidence, the boundary, fold lines, points, and what is pointed at. */

import { MARKS, mix } from "./colors.js";

/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {readonly [left: number, right: number, bottom: number, top: number]} Window */
/** @typedef {{readonly width: number, readonly height: number}} Size in pixels */
/**
 * @typedef {object} Picture what one frame says about the plane; coordinates are the data's
 * @property {Window} window
 * @property {readonly [string, string]} [axes] what x and y are called
 * @property {number} n_classes
 * @property {readonly number[]} widths units of each hidden layer
 * @property {ArrayLike<number>} corners x, y of all cells in a row
 * @property {ArrayLike<number>} starts where each cell's corners begin, and where the last one's end
 * @property {ArrayLike<number>} classes of each cell, the one that wins there
 * @property {ArrayLike<number>} confidence of each cell, at its middle, 1 / n_classes to 1
 * @property {ArrayLike<number>} boundary four numbers a piece
 * @property {ArrayLike<number>} folds four numbers a piece
 * @property {ArrayLike<number>} fold_units which unit each piece belongs to, counted through all layers
 * @property {ArrayLike<number>} points x, y in a row
 * @property {ArrayLike<number>} labels
 * @property {ArrayLike<number>} is_test
 */
/**
 * @typedef {object} Shown
 * @property {boolean} regions
 * @property {boolean} folds
 * @property {boolean} boundary
 * @property {boolean} points
 * @property {boolean} test the points that are held back
 * @property {number} cell the cell pointed at; -1 for none
 * @property {number} unit the unit pointed at, counted through all layers; -1 for none
 * @property {ImageData | null} below drawn under all, where there are no cells
 * @property {ImageData | null} over drawn over the cells: the response of the unit pointed at
 */

const LEVELS = 12; // of confidence: few enough that each is one path
const AXIS_MARGIN_PX = 12;
const PALEST = 0.06;
const HOLLOW_PX = 1.6; // the rim of a test point
const FULLEST = 0.5; // the points must still be seen on it
/** Layer 1 is drawn solid, later ones in shorter and shorter dashes, as in the report. */
const DASHES = [[], [6, 3], [2.5, 2], [1, 1.8]];

/**
 * @param {Pen} pen @param {Picture} picture @param {Size} size @param {Palette} palette @param {Shown} shown
 */
export function drawPlane(pen, picture, size, palette, shown) {
  const { width, height } = size;
  const toPixels = scale(picture.window, size);
  pen.fill([[0, 0, width, 0, width, height, 0, height]], palette.paper);
  if (shown.regions && shown.below) pen.picture(shown.below, 0, 0, width, height);
  if (shown.regions) fillCells(pen, picture, palette, toPixels);
  if (shown.over) pen.picture(shown.over, 0, 0, width, height, 0.94);
  if (shown.cell >= 0) outlineCell(pen, picture, palette, toPixels, shown.cell);
  if (shown.folds) drawFolds(pen, picture, palette, toPixels, shown.unit);
  if (shown.boundary) drawBoundary(pen, picture, palette, toPixels);
  if (shown.points) drawPoints(pen, picture, palette, toPixels, shown.test);
  if (picture.axes && String(picture.axes) !== "x,y") nameAxes(pen, picture.axes, size, palette);
}

/** @param {Window} window @param {Size} size @returns {(x: number, y: number) => [number, number]} data to pixels */
export function scale([left, right, bottom, top], { width, height }) {
  return (x, y) => [((x - left) / (right - left)) * width, ((top - y) / (top - bottom)) * height];
}

/** @param {Window} window @param {Size} size @returns {(px: number, py: number) => [number, number]} pixels to data */
export function unscale([left, right, bottom, top], { width, height }) {
  return (px, py) => [left + (px / width) * (right - left), top - (py / height) * (top - bottom)];
}

/** @param {Picture} picture @param {number} x @param {number} y @returns {number} the cell there, -1 outside all */
export function cellAt({ corners, starts }, x, y) {
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    let inside = starts[cell + 1] > starts[cell];
    // Cells are convex and run against the clock: a point inside lies left of every edge.
    for (let i = starts[cell], end = starts[cell + 1]; inside && i < end; i++) {
      const j = i + 1 < end ? i + 1 : starts[cell];
      const turn = (corners[2 * j] - corners[2 * i]) * (y - corners[2 * i + 1]) -
        (corners[2 * j + 1] - corners[2 * i + 1]) * (x - corners[2 * i]);
      inside = turn >= 0;
    }
    if (inside) return cell;
  }
  return -1;
}

/** @param {number} unit counted through all layers @param {readonly number[]} widths @returns {[layer: number, index: number]} */
export function placeOfUnit(unit, widths) {
  let layer = 0;
  while (layer < widths.length - 1 && unit >= widths[layer]) unit -= widths[layer++];
  return [layer, unit];
}

/**
 * One unit's response as a picture: ink above 0, the other colour below.
 *
 * @param {ArrayLike<number>} response rows from the top @param {number} side @param {Palette} palette @returns {ImageData}
 */
export function responsePixels(response, side, palette) {
  let largest = 1e-9;
  for (let i = 0; i < side * side; i++) largest = Math.max(largest, Math.abs(response[i]));
  const pixels = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const share = response[i] / largest;
    const color = mix(palette.paper, share > 0 ? palette.ink : palette.below, Math.abs(share) * 0.85);
    pixels.data.set([...color, 255], 4 * i);
  }
  return pixels;
}

/** @typedef {(x: number, y: number) => [number, number]} ToPixels */

/** @param {Pen} pen @param {readonly [string, string]} names @param {Size} size @param {Palette} palette */
function nameAxes(pen, [x, y], { width, height }, palette) {
  const lettering = { size: 12, color: palette.ink, halo: palette.paper, bold: true };
  pen.text(width - AXIS_MARGIN_PX, height - AXIS_MARGIN_PX, `${x} →`, { ...lettering, anchor: "end" });
  pen.text(AXIS_MARGIN_PX, AXIS_MARGIN_PX, `↑ ${y}`, lettering);
}

/** @param {Pen} pen @param {Picture} picture @param {Palette} palette @param {ToPixels} toPixels */
function fillCells(pen, picture, palette, toPixels) {
  const { classes, confidence, starts, n_classes } = picture;
  const least = 1 / Math.max(n_classes, 2);
  /** @type {number[][][]} */
  const groups = Array.from({ length: palette.classes.length * LEVELS }, () => []);
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    const share = Math.min(Math.max((confidence[cell] - least) / (1 - least), 0), 1);
    const level = Math.min(Math.floor(share * LEVELS), LEVELS - 1);
    groups[(classes[cell] % palette.classes.length) * LEVELS + level].push(ringOf(picture, cell, toPixels));
  }
  groups.forEach((rings, i) => {
    if (!rings.length) return;
    pen.fill(rings, tint(palette, Math.floor(i / LEVELS), (i % LEVELS) / (LEVELS - 1)));
  });
}

/** @param {Palette} palette @param {number} label @param {number} share of the way from no idea (0) to sure (1) */
export function tint(palette, label, share) {
  return mix(palette.paper, palette.classes[label % palette.classes.length], PALEST + (FULLEST - PALEST) * share);
}

/** @param {Picture} picture @param {number} cell @param {ToPixels} toPixels @returns {number[]} */
function ringOf({ corners, starts }, cell, toPixels) {
  /** @type {number[]} */
  const ring = [];
  for (let i = starts[cell]; i < starts[cell + 1]; i++) ring.push(...toPixels(corners[2 * i], corners[2 * i + 1]));
  return ring;
}

/** @param {Pen} pen @param {Picture} picture @param {Palette} palette @param {ToPixels} toPixels @param {number} cell */
function outlineCell(pen, picture, palette, toPixels, cell) {
  if (cell + 1 >= picture.starts.length) return;
  const ring = ringOf(picture, cell, toPixels);
  pen.fill([ring], palette.accent, 0.14);
  pen.line(ring, { color: palette.accent, width: 2.5 }, true);
}

/** @param {Pen} pen @param {Picture} picture @param {Palette} palette @param {ToPixels} toPixels @param {number} unit */
function drawFolds(pen, { folds, fold_units, widths }, palette, toPixels, unit) {
  /** @type {number[][]} */
  const layers = Array.from({ length: Math.max(widths.length, 1) }, () => []);
  /** @type {number[]} */
  const chosen = [];
  for (let i = 0; i < fold_units.length; i++) {
    const piece = pieceOf(folds, i, toPixels);
    (fold_units[i] === unit ? chosen : layers[placeOfUnit(fold_units[i], widths)[0]]).push(...piece);
  }
  // Many folds are drawn thin, so that the boundary is still seen among them.
  const width = Math.min(Math.max(12 / Math.sqrt(Math.max(fold_units.length, 1)), 0.5), 1.2);
  const opacity = Math.min(Math.max(9 / Math.sqrt(Math.max(fold_units.length, 1)), 0.35), 0.85);
  layers.forEach((pieces, layer) =>
    pen.lines(pieces, { color: layer ? palette.muted : palette.ink, width, dash: DASHES[Math.min(layer, 3)], opacity: unit < 0 ? opacity : 0.25 }));
  if (!chosen.length) return;
  pen.lines(chosen, { color: palette.paper, width: 6 });
  pen.lines(chosen, { color: palette.accent, width: 3 });
}

/** @param {Pen} pen @param {Picture} picture @param {Palette} palette @param {ToPixels} toPixels */
function drawBoundary(pen, { boundary }, palette, toPixels) {
  const pieces = Array.from({ length: boundary.length / 4 }, (_, i) => pieceOf(boundary, i, toPixels)).flat();
  pen.lines(pieces, { color: palette.paper, width: 5 });
  pen.lines(pieces, { color: palette.ink, width: 2.5 });
}

/** @param {ArrayLike<number>} segments @param {number} i @param {ToPixels} toPixels */
function pieceOf(segments, i, toPixels) {
  return [...toPixels(segments[4 * i], segments[4 * i + 1]), ...toPixels(segments[4 * i + 2], segments[4 * i + 3])];
}

/** @param {Pen} pen @param {Picture} picture @param {Palette} palette @param {ToPixels} toPixels @param {boolean} withTest */
function drawPoints(pen, { points, labels, is_test }, palette, toPixels, withTest) {
  const radius = Math.min(Math.max(70 / Math.sqrt(Math.max(labels.length, 1)), 1.6), 4.2);
  /** @type {import("./pen.js").Mark[]} */
  const marks = [];
  for (let i = 0; i < labels.length; i++) {
    if (is_test[i] && !withTest) continue;
    const [x, y] = toPixels(points[2 * i], points[2 * i + 1]);
    const [shape, color] = [MARKS[labels[i] % MARKS.length], palette.classes[labels[i] % palette.classes.length]];
    // What the net never learns from is hollow.
    marks.push(is_test[i] ? [shape, x, y, radius, palette.paper, color, HOLLOW_PX] : [shape, x, y, radius, color, palette.paper]);
  }
  pen.marks(marks);
}
