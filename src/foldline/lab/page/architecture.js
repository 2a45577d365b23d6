/** The heads over the drawn net: how many layers, how many units in each. */

import { make } from "./dom.js";
import { fieldOf, follow } from "./fields.js";

/** @typedef {import("./store.js").Store} Store */

const NEW_WIDTH = 4;
const NARROW_PX = 86; // of a column, that hold a number and a button side by side

/**
 * @param {HTMLElement} place @param {Store} store
 * @returns {(middles: readonly number[], room: number) => void} puts the heads over the columns
 */
export function architectureControls(place, store) {
  const { low = 1, high = 256, most = 8 } = fieldOf(store, "hidden");
  const set = (/** @type {readonly number[]} */ hidden) => store.change({ hidden });

  /** @param {number} width @param {number} layer */
  const head = (width, layer) => {
    const input = make("input", { type: "number", min: low, max: high, step: 1, value: width, "aria-label": `Units of hidden layer ${layer + 1}`, title: `${low} to ${high} units` });
    input.onchange = () => {
      if (input.checkValidity() && input.value !== "") set(store.get().hidden.with(layer, Number(input.value)));
      else input.value = String(width);
    };
    const remove = make("button", { type: "button", "aria-label": `Take hidden layer ${layer + 1} out`, title: "Take this layer out" }, "×");
    remove.onclick = () => set(store.get().hidden.toSpliced(layer, 1));
    return make("div", { class: "column-head" }, make("span", {}, width === 1 ? "unit" : "units"), make("div", { class: "layer-row" }, input, remove));
  };

  /** @type {HTMLElement[]} */
  let heads = [];
  const show = (/** @type {readonly number[]} */ hidden) => {
    const add = make("button", { type: "button", disabled: hidden.length >= most, title: `A further hidden layer (${most} at most)` }, "+ layer");
    add.onclick = () => set([...store.get().hidden, NEW_WIDTH]);
    heads = [
      make("div", { class: "column-head" }, make("span", {}, "inputs")),
      ...hidden.map(head),
      make("div", { class: "column-head between" }, make("span", {}, "classes"), add),
    ];
    place.replaceChildren(...heads);
  };
  follow(store, ({ hidden }) => {
    if (heads.length !== hidden.length + 2) show(hidden);
    else hidden.forEach((width, layer) => {
      const input = heads[layer + 1].querySelector("input");
      if (input) input.value = String(width);
      const unit = heads[layer + 1].querySelector("span");
      if (unit) unit.textContent = width === 1 ? "unit" : "units";
    });
  });
  return (middles, room) => {
    if (middles.length !== heads.length) return; // a frame of the net before
    place.classList.toggle("narrow", room < NARROW_PX);
    heads.forEach((element, i) => (element.style.left = `${middles[i]}px`));
  };
}
