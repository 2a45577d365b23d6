/** Arithmetic of the landscape page: levels, contour lines, places on the line. */

/** @typedef {{readonly values: ArrayLike<number>, readonly shape: readonly number[]}} Grid values at the corners of a grid, the top row first */

const N_LEVELS = 14;
const WIDE = 30; // largest over smallest value from which levels are spaced by ratios

/** @param {ArrayLike<number>} values @returns {number[]} rising; as in the pictures of `foldline landscape` */
export function levelsOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
  if (!(high > low)) return [low - 0.5, low + 0.5];
  const shares = Array.from({ length: N_LEVELS }, (_, i) => i / (N_LEVELS - 1));
  if (low > 0 && high / low > WIDE) return shares.map((share) => low * (high / low) ** share);
  // Closer to each other where the valley is: squares are evenly spaced for a bowl.
  return shares.map((share) => low + (high - low) * share ** 2);
}

/** @param {number} value @param {readonly number[]} levels @returns {number} 0 at the lowest level, 1 at the highest, even from one to the next */
export function shareOf(value, levels) {
  let above = 1;
  while (above < levels.length - 1 && levels[above] < value) above++;
  const share = (above - 1 + (value - levels[above - 1]) / (levels[above] - levels[above - 1])) / (levels.length - 1);
  return Math.min(Math.max(share, 0), 1);
}

/**
 * Where a function has a value, by linear interpolation along the edges of the grid.
 *
 * @param {Grid} grid @param {number} level
 * @returns {number[]} four numbers a piece: column, row of both ends
 */
export function contour({ values, shape: [height, width] }, level) {
  /** @type {number[]} */
  const pieces = [];
  for (let row = 0; row + 1 < height; row++) {
    for (let column = 0; column + 1 < width; column++) {
      const ring = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
      const heights = ring.map(([c, r]) => values[r * width + c] - level);
      /** @type {number[][]} */
      const crossings = [];
      ring.forEach(([c, r], i) => {
        const j = (i + 1) % 4;
        if ((heights[i] < 0) === (heights[j] < 0)) return;
        const share = heights[i] / (heights[i] - heights[j]);
        crossings.push([c + share * (ring[j][0] - c), r + share * (ring[j][1] - r)]);
      });
      // At a saddle, the middle says which corners hang together.
      const isJoined = heights.reduce((sum, height) => sum + height, 0) < 0 === heights[0] < 0;
      const pairs = crossings.length === 4 ? (isJoined ? [[0, 1], [2, 3]] : [[3, 0], [1, 2]]) : crossings.length === 2 ? [[0, 1]] : [];
      pairs.forEach(([a, b]) => pieces.push(...crossings[a], ...crossings[b]));
    }
  }
  return pieces;
}

/** @param {number} angle in degrees @param {number} step @returns {[number, number]} the place in the plane */
export function placeOn(angle, step) {
  const turn = (angle * Math.PI) / 180;
  return [step * Math.cos(turn), step * Math.sin(turn)];
}

/** @param {number} x @param {number} y @returns {number} whole degrees from 0 to 359 */
export function angleTo(x, y) {
  return (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360;
}

/** @param {ArrayLike<number>} line step, value in a row, evenly spaced @param {number} step @returns {number} the value there; NaN outside */
export function heightAt(line, step) {
  const n = line.length / 2;
  const place = ((step - line[0]) / (line[2 * n - 2] - line[0])) * (n - 1);
  if (!(place >= -1e-9 && place <= n - 1 + 1e-9)) return NaN;
  const i = Math.min(Math.max(Math.floor(place), 0), n - 2);
  return line[2 * i + 1] + (place - i) * (line[2 * i + 3] - line[2 * i + 1]);
}

/** @param {number} low @param {number} high @returns {number[]} three to seven round numbers from at most `low` to at least `high` */
export function ticks(low, high) {
  const rough = Math.max(high - low, Math.abs(high) * 1e-6, 1e-12) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((digit) => digit * power >= rough) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

/** @param {ArrayLike<number>} places row, column of each @param {Grid} grid @returns {readonly number[]} the lowest of them, if there is any */
export function lowestOf(places, { values, shape: [, width] }) {
  /** @type {readonly number[]} */
  let lowest = [];
  const height = (/** @type {number} */ row, /** @type {number} */ col) => values[row * width + col];
  for (let i = 0; i < places.length; i += 2) {
    if (!lowest.length || height(places[i], places[i + 1]) < height(lowest[0], lowest[1])) lowest = [places[i], places[i + 1]];
  }
  return lowest;
}
