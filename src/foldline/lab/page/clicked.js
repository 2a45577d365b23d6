/** Points that the user clicked, as the state holds them: whole hundredths of a unit. */

/** @typedef {import("./kinds.js").Clicked} Clicked */
/** @typedef {import("./kinds.js").Field} Field */

const HUNDREDTHS = 100;

/**
 * @param {ArrayLike<number>} points x, y in a row @param {ArrayLike<number>} labels @param {Field} field
 * @returns {readonly Clicked[]} those within reach, of more than a link can hold as many, evenly drawn
 */
export function clickedFrom(points, labels, { low = 0, high = 0, most = 0 }) {
  /** @type {Clicked[]} */
  const clicked = [];
  for (let i = 0; i < labels.length; i++) {
    const [x, y] = [snapped(points[2 * i]), snapped(points[2 * i + 1])];
    if (Math.min(x, y) >= low && Math.max(x, y) <= high) clicked.push([x, y, labels[i]]);
  }
  return clicked.length > most ? Array.from({ length: most }, (_, i) => clicked[Math.floor((i * clicked.length) / most)]) : clicked;
}

/** @param {readonly Clicked[]} clicked @param {number} x @param {number} y @param {number} label @returns {readonly Clicked[]} */
export function withPoint(clicked, x, y, label) {
  return [...clicked, [snapped(x), snapped(y), label]];
}

/** @param {readonly Clicked[]} clicked @param {number} x @param {number} y @param {number} reach @returns {readonly Clicked[]} */
export function withoutNear(clicked, x, y, reach) {
  return clicked.filter(([px, py]) => Math.hypot(px / HUNDREDTHS - x, py / HUNDREDTHS - y) > reach);
}

/** @param {number} value in units */
function snapped(value) {
  return Math.round(value * HUNDREDTHS);
}
