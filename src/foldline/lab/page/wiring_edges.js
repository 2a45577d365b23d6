/** Edges of a graph of one's own, as the state holds them: sorted, from the smaller to the larger node. */

/** @typedef {import("./kinds.js").Edge} Edge */

/** @param {readonly Edge[]} edges @param {number} a @param {number} b @returns {boolean} */
export function areJoined(edges, a, b) {
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  return edges.some((edge) => edge[0] === start && edge[1] === end);
}

/** @param {readonly Edge[]} edges @param {number} a @param {number} b @returns {readonly Edge[]} with the two joined, or parted if they were */
export function toggled(edges, a, b) {
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  if (areJoined(edges, a, b)) return edges.filter((edge) => edge[0] !== start || edge[1] !== end);
  /** @type {Edge[]} */
  const joined = [...edges, [start, end]];
  return joined.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
}

/** @param {readonly Edge[]} edges @param {number} node @returns {readonly Edge[]} without a node; those after it have a number less */
export function withoutNode(edges, node) {
  const renamed = (/** @type {number} */ one) => (one > node ? one - 1 : one);
  return edges.filter((edge) => !edge.includes(node)).map(([start, end]) => /** @type {Edge} */ ([renamed(start), renamed(end)]));
}
