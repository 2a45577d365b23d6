/** The pictures of the page of wirings as sheets of their own, to be saved. */

import { drawChart } from "./curves.js";
import { drawGraph, layOutGraph } from "./wiring_graph.js";
import { N_COLUMNS, drawNetPlane, lossOf, rightOf } from "./wiring_pictures.js";

/** @typedef {import("./export.js").Sheet} Sheet */

const NOTHING = { node: -1, from: -1, arrow: -1, to: null };

/** @param {import("./wiring_moment.js").WiringMoment} moment @param {import("./colors.js").Palette} palette @returns {Sheet[]} */
export function wiringSheets(moment, palette) {
  const [graph, plane, chart] = [{ width: 900, height: 420 }, { width: 640, height: 640 }, { width: 480, height: 220 }];
  const at = `at training step ${moment.meta.step}`;
  return [
    { name: "graph", label: "Graph", title: `The graph ${at}`, ...graph,
      draw: (pen) => drawGraph(pen, layOutGraph(moment.graph, graph), moment, palette, NOTHING) },
    { name: "wired", label: "Plane, your wiring", title: `The plane of the wired net ${at}`, ...plane,
      draw: (pen) => drawNetPlane(pen, plane, moment, "wired", palette, -1) },
    { name: "regular", label: "Plane, regular layers", title: `The plane of regular layers ${at}`, ...plane,
      draw: (pen) => drawNetPlane(pen, plane, moment, "regular", palette, -1) },
    { name: "loss", label: "Loss", title: "The loss of both nets over training steps", ...chart,
      draw: (pen) => drawChart(pen, chart, lossOf(moment), moment.curve, N_COLUMNS, moment.meta.step, palette) },
    { name: "right", label: "Share right", title: "The share of points that both nets get right over training steps", ...chart,
      draw: (pen) => drawChart(pen, chart, rightOf(moment), moment.curve, N_COLUMNS, moment.meta.step, palette) },
  ];
}
