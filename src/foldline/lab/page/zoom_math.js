/** What zooming and moving make of the window: numbers alone. */

/** @typedef {import("./plane.js").Window} Window */
/** @typedef {{readonly low?: number, readonly high?: number}} Limits of the window's ends */

const NARROWEST = 0.01; // units: the corners of a frame, as float32, are right to a pixel wherever that is
const DIGITS = 3; // of a side, after the first: less than half a pixel, and links stay short
const EXACT_DIGITS = 12; // beyond them two equal sides may differ, and be rounded apart
const MARGIN = 0.05; // of the side, around all points

/**
 * @param {Window} window @param {readonly [number, number]} at the point that stays where it is
 * @param {number} factor of the sides @param {Limits} limits @returns {Window}
 */
export function zoomed([left, right, bottom, top], [x, y], factor, limits) {
  const { low = -Infinity, high = Infinity } = limits;
  const [width, height] = [right - left, top - bottom];
  const by = Math.min(Math.max(factor, NARROWEST / Math.min(width, height)), (high - low) / Math.max(width, height));
  return kept([x + (left - x) * by, x + (right - x) * by, y + (bottom - y) * by, y + (top - y) * by], limits);
}

/** @param {Window} window @param {number} dx in units @param {number} dy @param {Limits} limits @returns {Window} */
export function moved([left, right, bottom, top], dx, dy, limits) {
  return kept([left + dx, right + dx, bottom + dy, top + dy], limits);
}

/**
 * @param {ArrayLike<number>} points x, y in a row @param {Window} usual @param {Limits} limits
 * @returns {Window} the usual one if it holds all points, else the smallest square that does
 */
export function aroundAll(points, usual, limits) {
  const ends = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    const axis = 2 * (i % 2);
    ends[axis] = Math.min(ends[axis], points[i]);
    ends[axis + 1] = Math.max(ends[axis + 1], points[i]);
  }
  const isHeld = ends.every((end, i) => (i % 2 ? end <= usual[i] : end >= usual[i]));
  if (isHeld) return usual;
  const [x, y] = [(ends[0] + ends[1]) / 2, (ends[2] + ends[3]) / 2];
  const reach = (0.5 + MARGIN) * Math.max(ends[1] - ends[0], ends[3] - ends[2], NARROWEST);
  return kept([x - reach, x + reach, y - reach, y + reach], limits);
}

/** @param {Window} window @param {Limits} limits @returns {Window} rounded and moved inside the limits, its sides as they are */
function kept([left, right, bottom, top], { low = -Infinity, high = Infinity }) {
  const digits = Math.max(DIGITS - Math.floor(Math.log10(Math.min(right - left, top - bottom))), 0);
  const rounded = (/** @type {number} */ value) => Number(value.toFixed(digits));
  const side = (/** @type {number} */ from, /** @type {number} */ to) => {
    const length = Math.min(rounded(Number((to - from).toPrecision(EXACT_DIGITS))), high - low);
    const first = rounded(Math.min(Math.max(rounded(from), low), high - length));
    return [first, rounded(first + length)];
  };
  return /** @type {any} */ (Object.freeze([...side(left, right), ...side(bottom, top)]));
}
