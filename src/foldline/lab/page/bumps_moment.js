/** One frame of the page of bumps, as its views read it. */

/** @typedef {ArrayLike<number>} Column */
/**
 * @typedef {object} Way one way of building, as it came out
 * @property {string} name
 * @property {number} n_units hidden units, or samples
 * @property {number | null} n_bumps
 * @property {number} error proved to be the largest, or measured
 * @property {string} told the error, rounded up
 * @property {boolean} is_proved
 * @property {string} single the bound in float32
 * @property {Column} curve
 * @property {Column} errors sizes of
 * @property {Column} places folds, or where samples were taken
 * @property {Column} weights w, b, u and p in a row; nothing of nearest neighbours
 */
/** @typedef {readonly [s1: number, s2: number, s3: number, s4: number, t: number]} Bump */
/**
 * @typedef {object} BumpsMoment
 * @property {Readonly<Record<string, any>>} meta as the server gives it
 * @property {import("./plane.js").Window} window
 * @property {Column} x
 * @property {Column} f
 * @property {readonly Way[]} ways
 * @property {readonly Bump[]} bumps
 */

/** @param {import("./frames.js").Frame} frame @returns {BumpsMoment} */
export function bumpsMomentOf({ meta, arrays }) {
  const n = arrays.x.values.length;
  const part = (/** @type {string} */ name, /** @type {string} */ starts, /** @type {number} */ i) =>
    arrays[name].values.subarray(arrays[starts].values[i], arrays[starts].values[i + 1]);
  const row = (/** @type {string} */ name, /** @type {number} */ i, /** @type {number} */ length) => arrays[name].values.subarray(i * length, (i + 1) * length);
  return {
    meta,
    window: [meta.range[0], meta.range[1], meta.window[0], meta.window[1]],
    x: arrays.x.values,
    f: arrays.f.values,
    ways: meta.ways.map((/** @type {any} */ head, /** @type {number} */ i) => ({
      ...head,
      curve: row("curves", i, n),
      errors: row("errors", i, n),
      places: part("places", "place_starts", i),
      weights: part("weights", "weight_starts", i),
    })),
    bumps: Array.from({ length: arrays.bumps.shape[0] }, (_, i) => /** @type {any} */ ([...row("bumps", i, 5)])),
  };
}

/** @param {readonly Bump[]} bumps @param {number} x @returns {number} the bump at x; -1 for none */
export function bumpAt(bumps, x) {
  return bumps.findIndex(([s1, , , s4]) => s1 <= x && x <= s4);
}

/** @param {readonly Bump[]} bumps @returns {number} the highest; -1 of none */
export function highest(bumps) {
  return bumps.reduce((best, [, , , , t], i) => (best < 0 || Math.abs(t) > Math.abs(bumps[best][4]) ? i : best), -1);
}
