/** Where time stands on the space-warp page, and where a point goes, in words. */

/** @param {number} time @param {number} n_layers */
export function stageInWords(time, n_layers) {
  if (time === 0) return "the plane";
  const layer = Math.min(Math.ceil(time / 2), n_layers);
  const isBend = time > 2 * layer - 1;
  const isThere = Number.isInteger(time);
  return `layer ${layer}: ${isBend ? "max(0, ·)" : "W x + b"}${isThere ? "" : " …"}`;
}

/** @param {readonly number[]} at @param {readonly number[]} stages */
export function pointInWords([x, y], stages) {
  const told = (/** @type {readonly number[]} */ pair) => `(${pair.map((value) => value.toFixed(2).replace("-", "−")).join(", ")})`;
  return `(x, y) = ${told([x, y])} goes to h = ${told(stages.slice(-2))}.`;
}
