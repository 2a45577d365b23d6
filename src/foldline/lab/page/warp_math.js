/** A grid on the plane taken through layers of two units, exactly: squares are cut where a unit is 0. */

/** @typedef {readonly [w11: number, w12: number, w21: number, w22: number, b1: number, b2: number]} Layer */
/**
 * @typedef {object} Piece
 * @property {readonly (readonly number[])[]} corners each with its x, y of every stage: the plane, then W x + b and the bend of each layer
 * @property {readonly number[]} quadrants for each layer, the index in QUADRANTS
 */

/** By which of the two units is above 0, as the lecture letters them. */
export const QUADRANTS = /** @type {const} */ (["A", "B", "C", "D"]);
const STEP = 0.05; // to which dragged entries snap
const NUMBERS_A_LAYER = 6;
const LEAST_AREA = 1e-9; // on the plane, in square units; less is a cut that only touched a corner

/** @param {readonly number[]} numbers @returns {Layer[]} */
export function layersOf(numbers) {
  return Array.from({ length: Math.floor(numbers.length / NUMBERS_A_LAYER) }, (_, i) =>
    /** @type {any} */ (numbers.slice(NUMBERS_A_LAYER * i, NUMBERS_A_LAYER * (i + 1))));
}

/**
 * @param {readonly Layer[]} layers @param {{half: number, n: number, bends: boolean}} grid n x n squares over [-half, half];
 *   without bends the squares are cut all the same, so that both pictures have the same colours
 * @returns {Piece[]}
 */
export function warpGrid(layers, { half, n, bends }) {
  let pieces = squares(half, n);
  layers.forEach((layer, l) => {
    const at = 4 * l + 2; // where this layer's W x + b stands in a corner
    pieces = pieces
      .map(({ corners, quadrants }) => ({ corners: corners.map((corner) => moved(corner, layer)), quadrants }))
      .flatMap((piece) => cut(piece, at))
      .flatMap((piece) => cut(piece, at + 1))
      .map(({ corners, quadrants }) => ({
        quadrants: [...quadrants, quadrantOf(corners, at)],
        corners: corners.map((corner) => [...corner, ...[corner[at], corner[at + 1]].map((z) => (bends ? Math.max(z, 0) : z))]),
      }));
  });
  return pieces;
}

/**
 * @param {readonly Layer[]} layers @param {number} x @param {number} y @param {boolean} bends
 * @returns {number[]} x, y of one point at every stage
 */
export function warpPoint(layers, x, y, bends) {
  let corner = [x, y];
  for (const layer of layers) {
    corner = moved(corner, layer);
    corner = [...corner, ...corner.slice(-2).map((z) => (bends ? Math.max(z, 0) : z))];
  }
  return corner;
}

/** @param {readonly number[]} corner @param {number} time 0 for the plane, 1 for the first W x + b, 2 for its bend, ... @returns {[number, number]} */
export function cornerAt(corner, time) {
  const stage = Math.min(Math.floor(time), corner.length / 2 - 1);
  const next = Math.min(stage + 1, corner.length / 2 - 1);
  const t = time - stage;
  const share = t * t * (3 - 2 * t); // starts and stops gently
  const between = (/** @type {0 | 1} */ axis) => corner[2 * stage + axis] + share * (corner[2 * next + axis] - corner[2 * stage + axis]);
  return [between(0), between(1)];
}

/**
 * @param {Layer} layer @param {string} name of the handle @param {number} x @param {number} y
 * @returns {readonly number[]} the layer with the handle there
 */
export function draggedTo([a, b, c, d, e, f], name, x, y) {
  const snapped = (/** @type {number} */ value) => Number((Math.round(value / STEP) * STEP).toFixed(2));
  if (name === "x") return [snapped(x - e), b, snapped(y - f), d, e, f];
  if (name === "y") return [a, snapped(x - e), c, snapped(y - f), e, f];
  return [a, b, c, d, snapped(x), snapped(y)];
}

/** @param {number} half @param {number} n @returns {Piece[]} */
function squares(half, n) {
  const line = (/** @type {number} */ i) => -half + (2 * half * i) / n;
  return Array.from({ length: n * n }, (_, i) => {
    const [left, right, bottom, top] = [line(i % n), line((i % n) + 1), line(Math.floor(i / n)), line(Math.floor(i / n) + 1)];
    return { corners: [[left, bottom], [right, bottom], [right, top], [left, top]], quadrants: [] };
  });
}

/** @param {readonly number[]} corner @param {Layer} layer */
function moved(corner, [a, b, c, d, e, f]) {
  const [x, y] = corner.slice(-2);
  return [...corner, a * x + b * y + e, c * x + d * y + f];
}

/** @param {Piece} piece @param {number} at the number of each corner that changes its sign along the cut @returns {Piece[]} */
function cut({ corners, quadrants }, at) {
  /** @type {[number[][], number[][]]} */
  const sides = [[], []];
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % corners.length];
    const [z, next] = [from[at], to[at]];
    if (z >= 0) sides[0].push([...from]);
    if (z <= 0) sides[1].push([...from]);
    if (z * next >= 0) return;
    // Everything before is straight on the piece, so one share serves all stages.
    const share = z / (z - next);
    const crossing = from.map((value, k) => (k === at ? 0 : value + share * (to[k] - value)));
    sides.forEach((side) => side.push([...crossing]));
  });
  const kept = sides.filter((side) => side.some((corner) => corner[at] !== 0) && areaOf(side) > LEAST_AREA);
  // A piece that an earlier bend has laid onto the line has no other side.
  return (kept.length ? kept : [corners]).map((side) => ({ corners: side, quadrants }));
}

/** @param {readonly (readonly number[])[]} corners @returns {number} on the plane before all layers */
export function areaOf(corners) {
  return Math.abs(corners.reduce((sum, [x, y], i) => {
    const [nx, ny] = corners[(i + 1) % corners.length];
    return sum + x * ny - y * nx;
  }, 0)) / 2;
}

/** @param {readonly (readonly number[])[]} corners @param {number} at @returns {number} */
function quadrantOf(corners, at) {
  const [isRight, isAbove] = [at, at + 1].map((k) => corners.some((corner) => corner[k] > 0));
  return isAbove ? (isRight ? 0 : 1) : isRight ? 3 : 2;
}
