/** What the net may see of a point, computed as the server computes it, for small pictures and exported scripts. */

/** @typedef {{name: string, label: string, says: string, of: (x: number, y: number) => number, numpy: string}} Feature */

/** @type {readonly Feature[]} */
export const FEATURES = [
  { name: "x", label: "x", says: "x: how far right", of: (x) => x, numpy: "x" },
  { name: "y", label: "y", says: "y: how far up", of: (_, y) => y, numpy: "y" },
  { name: "x2", label: "x²", says: "x squared", of: (x) => x * x, numpy: "x * x" },
  { name: "y2", label: "y²", says: "y squared", of: (_, y) => y * y, numpy: "y * y" },
  { name: "xy", label: "xy", says: "x times y", of: (x, y) => x * y, numpy: "x * y" },
  { name: "sinx", label: "sin x", says: "sine of x", of: (x) => Math.sin(x), numpy: "np.sin(x)" },
  { name: "siny", label: "sin y", says: "sine of y", of: (_, y) => Math.sin(y), numpy: "np.sin(y)" },
  { name: "r", label: "r", says: "distance from the middle", of: (x, y) => Math.hypot(x, y), numpy: "np.hypot(x, y)" },
  { name: "angle", label: "angle", says: "angle around the middle", of: (x, y) => Math.atan2(y, x), numpy: "np.arctan2(y, x)" },
];

/** @param {string} name @returns {Feature} */
export function featureOf(name) {
  return FEATURES.find((feature) => feature.name === name) ?? FEATURES[0];
}

/**
 * @param {string} name @param {readonly number[]} window left, right, bottom, top @param {number} side
 * @returns {Float32Array} the feature at the middles of side x side pixels, the top row first
 */
export function featurePicture(name, [left, right, bottom, top], side) {
  const { of } = featureOf(name);
  return Float32Array.from({ length: side * side }, (_, i) =>
    of(left + ((i % side) + 0.5) * (right - left) / side, top - (Math.floor(i / side) + 0.5) * (top - bottom) / side));
}
