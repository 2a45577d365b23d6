/** One frame of the page of wirings, as its views read it. */

import { gridBoundary } from "./grids.js";

/** @typedef {import("./grids.js").Grid} Grid */
/** @typedef {import("./plane.js").Picture} Picture */
/**
 * @typedef {object} Graph
 * @property {readonly import("./kinds.js").Edge[]} edges
 * @property {ArrayLike<number>} edge_weights in (0, 1)
 * @property {ArrayLike<number>} inlets nodes that the input feeds
 * @property {ArrayLike<number>} inlet_weights
 * @property {ArrayLike<number>} outlets nodes that feed the output
 * @property {ArrayLike<number>} places x, y in a row: depth, and height
 * @property {number} n_nodes
 */
/** @typedef {{readonly picture: Picture, readonly grid: Grid}} Plane what one net makes of the window */
/**
 * @typedef {object} WiringMoment
 * @property {Readonly<Record<string, any>>} meta as the server gives it
 * @property {Graph} graph
 * @property {{wired: Plane, regular: Plane}} planes
 * @property {ArrayLike<number>} curve rows of nine
 * @property {(node: number) => ArrayLike<number> | null} response of a node, null before there are some
 * @property {(node: number) => boolean} isFlat
 * @property {number} side of a response's picture
 */

/** @param {import("./frames.js").Frame} frame @returns {WiringMoment} */
export function wiringMomentOf({ meta, arrays }) {
  const pairs = arrays.edges.values;
  const side = arrays.responses.shape[1];
  const n_responses = arrays.responses.shape[0];
  const planeOf = (/** @type {Grid} */ grid) => ({
    grid,
    picture: {
      window: meta.window, n_classes: meta.n_classes, widths: [],
      corners: [], starts: [0], classes: [], confidence: [], folds: [], fold_units: [],
      boundary: gridBoundary(grid, meta.window),
      points: arrays.points.values, labels: arrays.labels.values, is_test: arrays.is_test.values,
    },
  });
  return {
    meta,
    graph: {
      edges: Array.from({ length: pairs.length / 2 }, (_, i) => /** @type {const} */ ([pairs[2 * i], pairs[2 * i + 1]])),
      edge_weights: arrays.edge_weights.values,
      inlets: arrays.inlets.values,
      inlet_weights: arrays.inlet_weights.values,
      outlets: arrays.outlets.values,
      places: arrays.places.values,
      n_nodes: meta.graph.nodes,
    },
    planes: { wired: planeOf(arrays.grid), regular: planeOf(arrays.regular_grid) },
    curve: arrays.curve.values,
    side,
    response: (node) => (node < n_responses ? arrays.responses.values.subarray(node * side * side, (node + 1) * side * side) : null),
    isFlat: (node) => arrays.is_flat.values[node] === 1,
  };
}
