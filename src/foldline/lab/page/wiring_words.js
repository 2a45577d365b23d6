/** Both nets in words: what they are, and how many points they get right. */

import { percent } from "./words.js";

/** @param {import("./wiring_moment.js").WiringMoment} moment @returns {Readonly<Record<string, string>>} by what they stand for on the page */
export function netsInWords({ meta }) {
  const { graph, width, n_weights, accuracy, n_points, step, epoch } = meta;
  const parts = graph.parts > 1 ? `, ${graph.parts} parts` : "";
  const kind = n_points.test ? "test" : "train";
  const right = (/** @type {"wired" | "regular"} */ net) =>
    accuracy ? `${percent(accuracy[net][kind])} % of ${n_points[kind]} ${kind === "test" ? "held back" : "learned"} right` : "…";
  const learned = accuracy && n_points.test
    ? ` · learned: wired\u00a0${percent(accuracy.wired.train)}\u00a0%, layers\u00a0${percent(accuracy.regular.train)}\u00a0%`
    : "";
  return {
    "wired-is": `${graph.nodes} × ${width.wired}, ${n_weights.wired.toLocaleString("en")} weights`,
    "regular-is": `2 × ${width.regular}, ${n_weights.regular.toLocaleString("en")} weights`,
    "wired-right": right("wired"),
    "regular-right": right("regular"),
    facts: `${graph.edges} connections, ${graph.depth} deep${parts} · step ${step.toLocaleString("en")}, epoch ${epoch.toFixed(epoch < 10 ? 1 : 0)}${learned}`,
  };
}
