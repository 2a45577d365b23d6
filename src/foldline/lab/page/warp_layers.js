/** Which layer, and the entries of its matrix and bias. */

import { find, make, radios } from "./dom.js";
import { fieldOf, typedNumber } from "./fields.js";
import { layersOf } from "./warp_math.js";

const NEW_LAYER = [0.8, 0.5, -0.4, 0.9, 0, -0.3];
const ENTRIES = ["W₁₁", "W₁₂", "W₂₁", "W₂₂", "b₁", "b₂"];
/** In which cell of the table each entry stands: the bias is the third column. */
const ORDER = [0, 1, 4, 2, 3, 5];
const STEP = 0.05;

/**
 * @param {import("./store.js").Store} store @param {(layer: number) => void} choose
 * @returns {{show: (layer: number) => void, set: (layer: number, numbers: readonly number[], isPassing: boolean) => void}}
 */
export function layerControls(store, choose) {
  const field = fieldOf(store, "warp");
  const { low = -3, high = 3, most = 6 } = field;
  const layers = () => layersOf(store.get().warp);
  const segments = make("div", { class: "segments full", role: "radiogroup", "aria-label": "Layer" });
  const add = make("button", { type: "button", title: "A further layer" }, "+");
  const remove = make("button", { type: "button", title: "Take the last layer out" }, "−");
  add.onclick = () => {
    store.change({ warp: [...store.get().warp, ...NEW_LAYER] });
    choose(layers().length - 1);
  };
  remove.onclick = () => store.change({ warp: layers().slice(0, -1).flat() });
  find("warp-layers", HTMLElement).append(segments, add, remove);

  let shown = 0;
  const set = (/** @type {number} */ layer, /** @type {readonly number[]} */ numbers, /** @type {boolean} */ isPassing) => {
    const inside = numbers.map((value) => Math.min(Math.max(value, low), high));
    store.change({ warp: layers().flatMap((old, i) => (i === layer ? inside : old)) }, { isPassing });
  };
  const inputs = ENTRIES.map((name, entry) => {
    const input = make("input", { type: "number", min: low, max: high, step: STEP, "aria-label": name, title: name });
    input.oninput = () => {
      if (input.value === "" || !(Number(input.value) >= low && Number(input.value) <= high)) return;
      set(shown, layers()[shown].map((old, i) => (i === entry ? Number(input.value) : old)), true);
    };
    input.onchange = () => {
      store.change({}); // what was typed is one step back
      typedNumber(input, layers()[shown][entry]);
    };
    return input;
  });
  find("warp-matrix", HTMLElement).append(make("div", { class: "matrix" },
    make("span", {}), ...["× x", "× y", "+ b"].map((head) => make("span", {}, head)),
    make("span", {}, "h₁"), ...ORDER.slice(0, 3).map((entry) => inputs[entry]),
    make("span", {}, "h₂"), ...ORDER.slice(3).map((entry) => inputs[entry])));

  let n_layers = 0;
  /** @type {(value: string) => void} */
  let showChosen = () => {};
  return {
    set,
    show(layer) {
      shown = layer;
      if (layers().length !== n_layers) {
        n_layers = layers().length;
        showChosen = radios(segments, layers().map((_, i) => ({ value: String(i), content: `Layer ${i + 1}`, label: `Layer ${i + 1}` })), (value) => choose(Number(value)));
        add.disabled = 6 * (n_layers + 1) > most;
        remove.disabled = n_layers < 2;
      }
      showChosen(String(layer));
      find("warp-matrix-name", HTMLElement).textContent = `Matrix and bias of layer ${layer + 1}`;
      inputs.forEach((input, entry) => {
        // What is being typed is left alone.
        if (document.activeElement !== input) input.value = String(layers()[layer][entry]);
      });
    },
  };
}
