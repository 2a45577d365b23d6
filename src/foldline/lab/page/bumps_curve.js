/** A curve of heights at even places, drawn with the pointer or the keyboard. */

/** @typedef {readonly number[]} Heights in hundredths */

/** @param {number} value @param {number} reach */
function inside(value, reach) {
  return Math.min(Math.max(Math.round(value), -reach), reach);
}

/**
 * Take a stroke from one point to the next; every place between them gets its height.
 *
 * @param {Heights} heights @param {readonly [number, number]} from a share of the way and a height @param {readonly [number, number]} to
 * @param {number} reach @returns {Heights}
 */
export function withStroke(heights, from, to, reach) {
  const last = heights.length - 1;
  const [[share0, height0], [share1, height1]] = from[0] <= to[0] ? [from, to] : [to, from];
  const [first, end] = [share0, share1].map((share) => share * last);
  return heights.map((height, i) => {
    if (i < first - 0.5 || i > end + 0.5) return height;
    const way = end > first ? Math.min(Math.max((i - first) / (end - first), 0), 1) : 1;
    return inside(100 * (height0 + way * (height1 - height0)), reach);
  });
}

/** @param {Heights} heights @param {number} place @param {number} by hundredths @param {number} reach @returns {Heights} */
export function withHeight(heights, place, by, reach) {
  return heights.map((height, i) => (i === place ? inside(height + by, reach) : height));
}

/**
 * Begin with a function that is shown.
 *
 * @param {ArrayLike<number>} x rising @param {ArrayLike<number>} f @param {number} n @param {number} reach
 * @returns {Heights} cut off where the function is too high
 */
export function heightsFrom(x, f, n, reach) {
  let at = 0;
  return Array.from({ length: n }, (_, i) => {
    const wanted = x[0] + (i / (n - 1)) * (x[x.length - 1] - x[0]);
    while (at < x.length - 1 && x[at] < wanted - 1e-9 * Math.abs(wanted)) at++;
    return Number.isFinite(f[at]) ? inside(100 * f[at], reach) : 0;
  });
}
