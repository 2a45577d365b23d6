/** Rows of settings: a label, a slider or a list, and the value with its unit; the limits are the schema's. */

import { make, toast } from "./dom.js";
import { isWithin } from "./kinds.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Name} Name */
/** @typedef {import("./kinds.js").Field} Field */
/**
 * @typedef {object} Slider
 * @property {Name} name
 * @property {string} label
 * @property {readonly number[]} stops what the slider can stand on
 * @property {(value: number) => string} format with its unit
 * @property {(state: State) => boolean} [applies]
 * @property {string} [on] the page it stands on, where another page has the same setting
 */
/** @typedef {{name: Name, label: string, words: Readonly<Record<string, string>>, on?: string, also?: Partial<State>}} Choice `also` what changes with it */

/** @param {Store} store @param {Name} name @returns {Field} */
export function fieldOf(store, name) {
  const field = store.schema.fields.find((one) => one.name === name);
  if (!field) throw new TypeError(`The server has no setting ${name}; page and server are of different versions.`);
  return field;
}

/** @param {Store} store @param {Slider} slider @returns {HTMLElement} */
export function sliderRow(store, { name, label, stops, format, applies = () => true, on }) {
  const field = fieldOf(store, name);
  const allowed = stops.filter((stop) => isWithin(stop, field));
  const id = idOf(name, on);
  const range = make("input", { type: "range", id, min: 0, max: allowed.length - 1, step: 1 });
  const output = make("output", { for: id });
  const row = make("div", { class: "field", title: field.says }, make("label", { for: id }, label), range, output);
  const set = (/** @type {boolean} */ isPassing) => store.change({ [name]: allowed[Number(range.value)] }, { isPassing });
  range.oninput = () => set(true);
  range.onchange = () => set(false);
  follow(store, (state) => {
    const value = /** @type {number} */ (state[name]);
    range.value = String(nearest(allowed, value));
    output.value = format(value);
    range.setAttribute("aria-valuetext", format(value));
    row.classList.toggle("is-off", !applies(state));
    range.disabled = !applies(state);
  });
  return row;
}

/** @param {Store} store @param {Choice} choice @returns {HTMLElement} */
export function choiceRow(store, { name, label, words, on, also }) {
  const field = fieldOf(store, name);
  const id = idOf(name, on);
  const select = make("select", { id }, ...(field.choices ?? []).map((value) => make("option", { value }, words[value] ?? value)));
  select.onchange = () => store.change({ ...also, [name]: select.value });
  follow(store, (state) => (select.value = String(state[name])));
  return make("div", { class: "field wide", title: field.says }, make("label", { for: id }, label), select);
}

/**
 * Take a number that was typed; one that cannot be is told, and what holds is shown again.
 *
 * @param {HTMLInputElement} input with its ends, and a step of 1 for whole numbers @param {number} holds @returns {number}
 */
export function typedNumber(input, holds) {
  const { value, min, max, step, validity } = input;
  const isWhole = step === "1";
  const canBe = value !== "" && !validity.rangeUnderflow && !validity.rangeOverflow && !(isWhole && validity.stepMismatch);
  const taken = canBe ? Number(value) : holds;
  input.value = String(taken);
  if (!canBe) {
    const name = input.ariaLabel ?? input.labels?.[0]?.textContent;
    toast(`${name} is ${value || "no number"}; expected a ${isWhole ? "whole " : ""}number from ${min} to ${max}. It stays ${holds}.`);
  }
  return taken;
}

/** @param {string} name @param {string} [on] @returns {string} of a setting's control */
export function idOf(name, on) {
  return ["field", on, name].filter(Boolean).join("-");
}

/** @param {Store} store @param {(state: State, before?: State) => void} show called now, and at every change with what was before */
export function follow(store, show) {
  store.listen(show);
  show(store.get());
}

/** @param {number} low @param {number} high @param {number} step @returns {number[]} */
export function evenly(low, high, step) {
  return Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => Number((low + i * step).toFixed(6)));
}

/** @param {number} low @param {number} high @param {readonly number[]} [leading] digits of each power of ten @returns {number[]} */
export function decades(low, high, leading = [1, 2, 3, 5]) {
  const stops = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const digit of leading) stops.push(Number((digit * 10 ** power).toPrecision(3)));
  }
  return stops.filter((stop) => stop >= low * 0.999 && stop <= high * 1.001);
}

/** @param {readonly number[]} stops @param {number} value */
function nearest(stops, value) {
  let best = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(stop - value) < Math.abs(stops[best] - value)) best = i;
  });
  return best;
}
