/** The playground's pictures as sheets of their own, to be saved. */

import { drawChart } from "./curves.js";
import { gridPixels } from "./grids.js";
import { drawNet, layOut } from "./net.js";
import { countsOf, netOf } from "./net_view.js";
import { ACCURACY, LOSS, N_COLUMNS } from "./numbers.js";
import { drawPlane } from "./plane.js";

/** @typedef {import("./export.js").Sheet} Sheet */

/**
 * @param {import("./moment.js").Moment} moment @param {import("./colors.js").Palette} palette @param {import("./shows.js").Shows} shows
 * @returns {Sheet[]}
 */
export function sheetsOf(moment, palette, shows) {
  const { meta, curve } = moment;
  const below = moment.grid && gridPixels(moment.grid, palette);
  const [plane, net, chart] = [{ width: 640, height: 640 }, { width: 760, height: 360 }, { width: 480, height: 220 }];
  return [
    { name: "plane", label: "Plane", title: `The plane at training step ${meta.step}`, ...plane,
      draw: (pen) => drawPlane(pen, moment.picture, plane, palette, { ...shows, unit: -1, cell: -1, below, over: null }) },
    { name: "net", label: "Net", title: `The net at training step ${meta.step}`, ...net,
      draw: (pen) => drawNet(pen, netOf(moment), layOut(countsOf(moment), net), palette, null) },
    { name: "loss", label: "Loss", title: "The loss over training steps", ...chart,
      draw: (pen) => drawChart(pen, chart, LOSS, curve, N_COLUMNS, meta.step, palette) },
    { name: "right", label: "Share right", title: "The share of points that are right over training steps", ...chart,
      draw: (pen) => drawChart(pen, chart, ACCURACY, curve, N_COLUMNS, meta.step, palette) },
  ];
}
