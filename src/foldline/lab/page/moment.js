/** One frame of the playground, as its views read it. */

import { gridBoundary } from "./grids.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./plane.js").Picture} Picture */
/** @typedef {{readonly values: ArrayLike<number>, readonly shape: readonly [n_out: number, n_in: number]}} Matrix */
/**
 * @typedef {object} Moment
 * @property {Picture} picture
 * @property {import("./grids.js").Grid | null} grid scores, where there are no exact regions
 * @property {Readonly<Record<string, any>>} meta as the server gives it
 * @property {readonly number[]} widths of hidden layers
 * @property {readonly {W: Matrix, b: ArrayLike<number>}[]} layers empty while the weights are too many to come along
 * @property {ArrayLike<number>} curve rows of five: step, losses and accuracies
 * @property {ArrayLike<number>} kept steps that can be shown again
 * @property {(unit: number) => ArrayLike<number> | null} response of a hidden unit
 * @property {number} side of a response's picture
 */

/** @param {Frame} frame @returns {Moment} */
export function momentOf({ meta, arrays }) {
  const widths = meta.layers.slice(0, -1).map((/** @type {number[]} */ [out]) => out);
  const grid = meta.exact ? null : arrays.grid;
  const side = arrays.responses.shape[1] ?? 0;
  const places = new Map(Array.from(arrays.response_units.values, (unit, i) => [unit, i]));
  return {
    meta,
    grid,
    widths,
    picture: {
      window: meta.window,
      axes: meta.axes,
      n_classes: meta.n_classes,
      widths,
      corners: arrays.corners.values,
      starts: arrays.starts.values,
      classes: arrays.top.values,
      confidence: arrays.confidence.values,
      boundary: grid ? gridBoundary(grid, meta.window) : arrays.boundary.values,
      folds: arrays.folds.values,
      fold_units: arrays.fold_units.values,
      points: arrays.points.values,
      labels: arrays.labels.values,
      is_test: arrays.is_test.values,
    },
    layers: layersOf(arrays.weights.values, meta.layers),
    curve: arrays.curve.values,
    kept: arrays.kept.values,
    side,
    response(unit) {
      const place = places.get(unit);
      return place === undefined ? null : arrays.responses.values.subarray(place * side * side, (place + 1) * side * side);
    },
  };
}

/** @param {import("./frames.js").Numbers} weights @param {readonly [number, number][]} shapes */
function layersOf(weights, shapes) {
  if (!weights.length) return [];
  let at = 0;
  return shapes.map((shape) => {
    const [out, n_in] = shape;
    const W = weights.subarray(at, (at += out * n_in));
    const b = weights.subarray(at, (at += out));
    return { W: { values: W, shape }, b };
  });
}
