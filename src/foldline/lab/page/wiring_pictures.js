/** What both nets make of the plane, and their curves beside one another. */

import { gridPixels } from "./grids.js";
import { drawPlane, responsePixels } from "./plane.js";
import { ACCURACY, LOSS } from "./numbers.js";

/** @typedef {import("./wiring_moment.js").WiringMoment} WiringMoment */
/** @typedef {import("./curves.js").Chart} Chart */

export const N_COLUMNS = 9; // step, then loss and share right of the wired net and of the regular one: train, test

/**
 * @param {import("./pen.js").Pen} pen @param {{width: number, height: number}} size @param {WiringMoment} moment
 * @param {"wired" | "regular"} net @param {import("./colors.js").Palette} palette @param {number} node whose answer is laid over; -1 for none
 */
export function drawNetPlane(pen, size, moment, net, palette, node) {
  const { grid, picture } = moment.planes[net];
  const response = node < 0 ? null : moment.response(node);
  drawPlane(pen, picture, size, palette, {
    regions: true, folds: false, boundary: true, points: true, test: true, cell: -1, unit: -1,
    below: grid.values.length ? gridPixels(grid, palette) : null,
    over: response && responsePixels(response, moment.side, palette),
  });
}

/** @param {WiringMoment} moment @returns {Chart} */
export function lossOf(moment) {
  return beside(moment, LOSS, 1);
}

/** @param {WiringMoment} moment @returns {Chart} */
export function rightOf(moment) {
  return beside(moment, ACCURACY, 3);
}

/** @param {WiringMoment} moment @param {Chart} chart of one net @param {number} column of the wired net's training points @returns {Chart} */
function beside({ meta }, chart, column) {
  // Points held back tell what was learned; without any, those that it was learned from must do.
  const kept = meta.n_points.test ? 1 : 0;
  return {
    ...chart,
    title: `${chart.title}, ${kept ? "points held back" : "points learned from"}`,
    // The regular net is drawn as the second line of the playground's charts is.
    lines: [{ name: "wired", column: column + kept, isTest: false }, { name: "layers", column: column + 4 + kept, isTest: true }],
  };
}
