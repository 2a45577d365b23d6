/** Numbers and what was pointed at, in words. */

import { ACTIVATIONS } from "./activations.js";
import { featureOf } from "./features.js";

const FOLDING = ["relu", "leaky_relu"];
const MOST_WEIGHTS = 6; // told of one unit: two lines beside the net

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./server.js").Look} Look */

/** @param {number | null | undefined} value @param {number} [digits] @returns {string} */
export function decimal(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−"); // no −0.00
}

/** @param {number | null | undefined} share @returns {string} */
export function percent(share) {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  return (100 * share).toFixed(1).replace(/\.0$/, "");
}

/** @param {number} n @returns {string} with k or M from ten thousand on */
export function count(n) {
  if (n >= 1e6) return `${(n / 1e6).toFixed(2)} M`;
  return n >= 1e4 ? `${Math.round(n / 1e3)} k` : Math.round(n).toLocaleString("en");
}

/** @param {Look} look @param {number} k @returns {string} such as s0 = +1.20 x − 0.45 y + 0.03 */
export function equation({ W, b, scores }, k) {
  if (!W || !b) return `s${k} = ${signed(scores[k])}`;
  return `s${k} = ${signed(W[k][0])} x ${spaced(W[k][1])} y ${spaced(b[k])}`;
}

/** @param {readonly string[]} names @param {number} k @returns {string} */
export function className(names, k) {
  const name = names[k] ?? String(k);
  return name === String(k) ? `Class ${k}` : `Class ${k}, ${name},`;
}

/**
 * @param {Moment} moment @param {readonly [column: number, index: number]} place @returns {string}
 */
export function unitInWords({ meta, widths, layers }, [column, index]) {
  if (column > widths.length) return `${className(meta.class_names ?? [], index)}: its score is a weighted sum of the last layer; the class with the highest score wins.`.replace(",:", ":");
  const outgoing = layers[column];
  const n_next = column < widths.length ? widths[column] : meta.n_classes;
  const next = column < widths.length ? "units of the next layer" : "classes";
  const weights = outgoing
    ? Array.from({ length: n_next }, (_, k) => `${k}: ${signed(outgoing.W.values[k * outgoing.W.shape[1] + index])}`)
    : [];
  const told = weights.length ? ` Weights to the ${next}: ${weights.slice(0, MOST_WEIGHTS).join(", ")}${weights.length > MOST_WEIGHTS ? ", …" : "."}` : "";
  if (column === 0) return `Input ${featureOf(meta.inputs[index]).label}.${told}`;
  const incoming = layers[column - 1];
  let from = "";
  if (column === 1 && incoming && meta.exact && meta.inputs.length === 2 && meta.inputs.join() === "x,y") {
    const { values } = incoming.W;
    from = ` ${FOLDING.includes(meta.activations[0]) ? "folds" : "is 0"} where ${signed(values[2 * index])} x ${spaced(values[2 * index + 1])} y ${spaced(incoming.b[index])} = 0`;
  }
  return `Layer ${column}, unit ${index} (${ACTIVATIONS[meta.activations[column - 1]].label})${from}.${told}`;
}

/** @param {number} value */
function signed(value) {
  return `${value < -0.005 ? "−" : ""}${threeDigits(Math.abs(value))}`;
}

/** @param {number} value */
function spaced(value) {
  return `${value < -0.005 ? "−" : "+"} ${threeDigits(Math.abs(value))}`;
}

/** @param {number} size */
function threeDigits(size) {
  return size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}
