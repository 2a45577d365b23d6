/** Scores on a grid, for nets without exact regions: their colours, and the boundary between the pixels. */

import { tint } from "./plane.js";

/** @typedef {{readonly values: ArrayLike<number>, readonly shape: readonly number[]}} Grid (height, width, classes), the top row first */

/** @param {Grid} grid @param {import("./colors.js").Palette} palette @returns {ImageData} each pixel in the colour of its class, by confidence */
export function gridPixels({ values, shape: [height, width, n_classes] }, palette) {
  const pixels = new ImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const top = winner(values, pixel * n_classes, n_classes);
    let total = 0;
    for (let k = 0; k < n_classes; k++) total += Math.exp(values[pixel * n_classes + k] - values[pixel * n_classes + top]);
    const share = (1 / total - 1 / n_classes) / (1 - 1 / n_classes);
    pixels.data.set([...tint(palette, top, Math.max(share, 0)), 255], 4 * pixel);
  }
  return pixels;
}

/**
 * Where the winner changes, by linear interpolation between the middles of pixels.
 *
 * @param {Grid} grid @param {readonly number[]} window left, right, bottom, top
 * @returns {Float32Array} four numbers a piece
 */
export function gridBoundary({ values, shape: [height, width, n_classes] }, [left, right, bottom, top]) {
  /** @type {number[]} */
  const pieces = [];
  const middle = (/** @type {number} */ row, /** @type {number} */ column) =>
    [left + (column + 0.5) * (right - left) / width, top - (row + 0.5) * (top - bottom) / height];
  const winners = Uint8Array.from({ length: height * width }, (_, pixel) => winner(values, pixel * n_classes, n_classes));
  for (let row = 0; row + 1 < height; row++) {
    for (let column = 0; column + 1 < width; column++) {
      const ring = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
      /** @type {number[][]} */
      const crossings = [];
      ring.forEach(([r, c], i) => {
        const [p, q] = [r * width + c, ring[(i + 1) % 4][0] * width + ring[(i + 1) % 4][1]];
        const [a, b] = [winners[p], winners[q]];
        if (a === b) return;
        const lead = values[p * n_classes + a] - values[p * n_classes + b];
        const share = lead / (lead + values[q * n_classes + b] - values[q * n_classes + a]);
        const [from, to] = [middle(r, c), middle(ring[(i + 1) % 4][0], ring[(i + 1) % 4][1])];
        crossings.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
      });
      if (crossings.length === 2) pieces.push(...crossings[0], ...crossings[1]);
      else if (crossings.length) {
        const hub = [0, 1].map((axis) => crossings.reduce((sum, point) => sum + point[axis], 0) / crossings.length);
        crossings.forEach((point) => pieces.push(...point, ...hub));
      }
    }
  }
  return Float32Array.from(pieces);
}

/** @param {ArrayLike<number>} values @param {number} at @param {number} n */
function winner(values, at, n) {
  let best = 0;
  for (let k = 1; k < n; k++) if (values[at + k] > values[at + best]) best = k;
  return best;
}
