/** The numbers of a moment, and the two curves. */

import { drawChart } from "./curves.js";
import { find, make, sheet, tell } from "./dom.js";
import { count, decimal, percent } from "./words.js";

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./curves.js").Chart} Chart */

export const N_COLUMNS = 5; // step, train loss, test loss, train accuracy, test accuracy
/** @type {Chart} */
export const LOSS = {
  title: "Loss", top: null, format: (value) => (value < 1000 ? String(Number(value.toPrecision(2))) : count(value)),
  lines: [{ name: "train", column: 1, isTest: false }, { name: "test", column: 2, isTest: true }],
};
/** @type {Chart} */
export const ACCURACY = {
  title: "Right", top: 1, format: (value) => `${100 * value} %`,
  lines: [{ name: "train", column: 3, isTest: false }, { name: "test", column: 4, isTest: true }],
};
/** @type {readonly {label: string, unit: string, says: string, value: (meta: any) => string}[]} */
const FACTS = [
  { label: "Train loss", unit: "nats", says: "Mean over the points that the net learns from, without penalties", value: ({ loss }) => decimal(loss.train) },
  { label: "Test loss", unit: "nats", says: "Mean over the points that are held back", value: ({ loss }) => decimal(loss.test) },
  { label: "Train right", unit: "%", says: "Share of the points it learns from that it gets right", value: ({ accuracy }) => percent(accuracy.train) },
  { label: "Test right", unit: "%", says: "Share of the points held back that it gets right", value: ({ accuracy }) => percent(accuracy.test) },
  { label: "Step", unit: "", says: "Training steps so far", value: ({ step }) => Math.round(step).toLocaleString("en") },
  { label: "Linear regions", unit: "in view", says: "Pieces of the window on which the net is one straight map", value: ({ n_regions }) => (n_regions === null ? "–" : n_regions.toLocaleString("en")) },
  { label: "Boundary", unit: "units", says: "Length of the line between the classes, in units of the plane", value: ({ boundary_length }) => decimal(boundary_length, 1) },
  { label: "Speed", unit: "points/s", says: "Training points seen in a second", value: ({ rate }) => (rate === null ? "–" : count(rate)) },
];

/** @returns {(moment: Moment, palette: import("./colors.js").Palette, loss: string) => void} draws them into #facts, #loss-chart and #accuracy-chart */
export function numbersView() {
  const values = FACTS.map(() => make("span", {}));
  const units = FACTS.map(({ unit }) => make("span", {}, unit));
  find("facts", HTMLElement).append(...FACTS.map(({ label, says }, i) => {
    values[i].className = "value";
    return make("div", { title: says }, make("dt", {}, label), make("dd", {}, values[i], " ", units[i]));
  }));
  return ({ meta, curve }, palette, loss) => {
    FACTS.forEach(({ label, value }, i) => {
      tell(values[i], value(meta));
      // The hinge loss is a distance between scores, the softmax loss a logarithm.
      if (label.endsWith("loss")) tell(units[i], loss === "svm" ? "scores" : "nats");
      if (label === "Step") tell(units[i], `epoch ${meta.epoch.toFixed(meta.epoch < 10 ? 1 : 0)}`);
    });
    for (const [id, chart, words] of /** @type {const} */ ([
      ["loss-chart", LOSS, `Loss: train ${decimal(meta.loss.train)}, test ${decimal(meta.loss.test)}`],
      ["accuracy-chart", ACCURACY, `Right: train ${percent(meta.accuracy.train)} %, test ${percent(meta.accuracy.test)} %`],
    ])) {
      const canvas = find(id, HTMLCanvasElement);
      const { pen, size } = sheet(canvas);
      drawChart(pen, size, chart, curve, N_COLUMNS, meta.step, palette);
      canvas.setAttribute("aria-label", `${words}, at step ${meta.step}.`);
    }
  };
}
