/** The heads over the drawn net: how many layers, how many units in each, what bends after it. */

import { ACTIVATIONS, activationsOf, shortened } from "./activations.js";
import { make } from "./dom.js";
import { fieldOf, follow, typedNumber } from "./fields.js";

/** @typedef {import("./store.js").Store} Store */

const NEW_WIDTH = 4;
const NARROW_PX = 86; // of a column, that hold a number and a button side by side

/**
 * @param {HTMLElement} place @param {Store} store
 * @returns {(middles: readonly number[], room: number) => void} puts the heads over the columns
 */
export function architectureControls(place, store) {
  const { low = 1, high = 256, most = 8 } = fieldOf(store, "hidden");
  const { choices = [] } = fieldOf(store, "activation");
  const setWidths = (/** @type {readonly number[]} */ hidden) => store.change({ hidden });

  /** @param {number} width @param {number} layer */
  const head = (width, layer) => {
    const input = make("input", { type: "number", min: low, max: high, step: 1, value: width, "aria-label": `Units of hidden layer ${layer + 1}`, title: `${low} to ${high} units` });
    input.onchange = () => setWidths(store.get().hidden.with(layer, typedNumber(input, width)));
    const remove = make("button", { type: "button", "aria-label": `Take hidden layer ${layer + 1} out`, title: "Take this layer out" }, "×");
    remove.onclick = () => {
      const { hidden } = store.get();
      const words = hidden.length > 1 ? activationsOf(store.get()).toSpliced(layer, 1) : store.get().activation;
      store.change({ hidden: hidden.toSpliced(layer, 1), activation: shortened(words) });
    };
    const bend = make("select", { "aria-label": `Activation of hidden layer ${layer + 1}`, title: "What bends after this layer" }, ...choices.map((value) => make("option", { value, title: ACTIVATIONS[value].label }, ACTIVATIONS[value].short)));
    bend.onchange = () => store.change({ activation: shortened(activationsOf(store.get()).with(layer, bend.value)) });
    return make("div", { class: "column-head" }, make("span", {}, width === 1 ? "unit" : "units"), make("div", { class: "layer-row" }, input, remove), bend);
  };

  /** @type {HTMLElement[]} */
  let heads = [];
  const show = (/** @type {readonly number[]} */ hidden) => {
    const add = make("button", { type: "button", disabled: hidden.length >= most, title: `A further hidden layer (${most} at most)` }, "+ layer");
    add.onclick = () => setWidths([...store.get().hidden, NEW_WIDTH]);
    heads = [
      make("div", { class: "column-head" }, make("span", {}, "inputs")),
      ...hidden.map(head),
      make("div", { class: "column-head between" }, make("span", {}, "classes"), add),
    ];
    place.replaceChildren(...heads);
  };
  follow(store, (state) => {
    const { hidden } = state;
    if (heads.length !== hidden.length + 2) show(hidden);
    const bends = activationsOf(state);
    hidden.forEach((width, layer) => {
      const [input, unit, bend] = [heads[layer + 1].querySelector("input"), heads[layer + 1].querySelector("span"), heads[layer + 1].querySelector("select")];
      if (input) input.value = String(width);
      if (unit) unit.textContent = width === 1 ? "unit" : "units";
      if (bend) bend.value = bends[layer];
    });
  });
  return (middles, room) => {
    if (middles.length !== heads.length) return; // a frame of the net before
    place.classList.toggle("narrow", room < NARROW_PX);
    heads.forEach((element, i) => (element.style.left = `${middles[i]}px`));
  };
}
