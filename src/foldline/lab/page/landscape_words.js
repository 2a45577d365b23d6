/** What the landscape page says: whether the loss is convex, where the net is, what the directions are. */

import { decimal, percent } from "./words.js";

/** @type {Readonly<Record<string, string>>} in the list */
export const KIND_WORDS = {
  filter: "Random, each unit",
  random: "Random, all weights",
  weight: "Two single weights",
  start: "To the first weights",
  reordered: "A reordered twin",
  path: "Way of training",
};
/** @type {Readonly<Record<string, string>>} what leads to the right, and upwards */
const DIRECTIONS = {
  filter: "Both directions are random; each unit's part is as long as its own weights, so that a step of 1 changes a unit by as much as it is",
  random: "Both directions are random in all weights and biases; a step of 1 is as long as all of them",
  weight: "To the right one single weight grows, upwards another; a step of 1 is as long as all weights of its unit",
  start: "To the right lie the first weights, at step 1; upwards is random",
  reordered: "To the right, at step 1, lies the same net with its units in another order; upwards is random",
  path: "The two directions in which training went farthest; the orange line is its way, from the square on",
};

/** @param {Readonly<Record<string, any>>} meta @param {number} n_minima @returns {[string, string]} the verdict, and what is known beside it */
export function verdict({ convexity, structure }, n_minima) {
  if (!convexity) return ["", ""];
  const { violation, n_samples } = convexity;
  const valleys = `${n_minima === 0 ? "No local minimum" : n_minima === 1 ? "One local minimum" : `${n_minima} local minima`} between the ends.`;
  if (structure.is_convex) return ["Convex, on this line and on every other.", `${valleys} By structure: ${structure.steps.join("; ")}.`];
  const steps = `By structure nothing is proved: ${structure.steps.join("; ")}.`;
  if (!violation) return [`No chord lies below the curve at ${n_samples} places.`, `${valleys} That proves nothing for other lines. ${steps}`];
  const { x1, x2, t, f1, f2, between } = violation;
  const [x, chord] = [t * x1 + (1 - t) * x2, t * f1 + (1 - t) * f2];
  return [
    "Not convex.",
    `At step ${decimal(x, 2)} the loss is ${decimal(between)}, by ${Number((between - chord).toPrecision(2))} above the chord from step ${decimal(x1, 2)} to ${decimal(x2, 2)}. ${valleys} ${steps}`,
  ];
}

/** @param {Readonly<Record<string, any>>} meta @param {number} range @returns {string} */
export function mapInWords({ kind, plane_note, path_share, n_rows, n_train, step, left }, range) {
  const told = plane_note ?? `${DIRECTIONS[kind] ?? ""}${path_share === null ? "" : `; ${percent(path_share)} % of it lies in this plane`}.`;
  const rows = n_rows < n_train ? ` Over ${n_rows.toLocaleString("en")} of ${n_train.toLocaleString("en")} training points, since the net is large.` : "";
  const more = left > 500 ? ` ${left.toLocaleString("en")} places are left to compute.` : "";
  return `${told} The bluer, the higher. Step ${step.toLocaleString("en")} of training.${rows}${more}${range > 0 ? "" : " Wait for the map."}`;
}

/** @param {{loss: number, right: number} | null} look @returns {string} */
export function netInWords(look) {
  return look ? `Loss ${decimal(look.loss)}; ${percent(look.right)} % of the training points are right.` : "";
}

/** @param {readonly [number, number]} place @param {number | null} step along the line @returns {string} */
export function placeInWords([x, y], step) {
  if (step === 0) return "The net itself";
  return step === null ? `The net at (${decimal(x, 2)}, ${decimal(y, 2)}) of the map` : `The net at step ${decimal(step, 2)} of the line`;
}
