/** The settings of the images page. */

import { FIRST_TWO } from "./columns.js";
import { LOSS_WORDS, OPTIMIZER_WORDS, SEEN, SETS, momentumRow, speedControl } from "./controls.js";
import { make } from "./dom.js";
import { choiceRow, decades, evenly, sliderRow } from "./fields.js";
import { usualState } from "./state.js";

/** @typedef {import("./store.js").Store} Store */

/** @param {Store} store @param {{set: HTMLElement, classifier: HTMLElement, training: HTMLElement, speed: HTMLElement}} places */
export function imagesControls(store, { set, classifier, training, speed }) {
  const choice = (/** @type {import("./fields.js").Choice} */ row) => choiceRow(store, { ...row, on: "images" });
  const slider = (/** @type {import("./fields.js").Slider} */ row) => sliderRow(store, { ...row, on: "images" });
  const points = make("button", { type: "button", title: "Each image as a point of the plane: two numbers of what is seen of it" }, "In the playground");
  points.onclick = () => store.change({ page: "playground", data: "images", ...FIRST_TWO, window: usualState(store.schema).window });
  const pointsRow = make("div", { class: "field wide" }, make("span", { class: "label" }, "As points"), make("div", { class: "file" }, points));
  set.append(choice({ name: "images", label: "Set", words: SETS, also: FIRST_TWO }));
  classifier.append(
    choice({ name: "images_features", label: "It sees", words: SEEN, also: FIRST_TWO }),
    slider({ name: "images_units", label: "Hidden", stops: [0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256], format: (n) => (n ? `${n} ${n === 1 ? "unit" : "units"}` : "linear") }),
    pointsRow,
  );
  training.append(
    choice({ name: "loss", label: "Loss", words: LOSS_WORDS }),
    choice({ name: "optimizer", label: "Optimiser", words: OPTIMIZER_WORDS }),
    slider({ name: "lr", label: "Rate / step", stops: decades(1e-5, 1, [1, 2, 3, 5]), format: String }),
    momentumRow(store, "images"),
    slider({ name: "batch", label: "Batch", stops: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000], format: (n) => (n === 1 ? "1 image" : `${n} images`) }),
    slider({ name: "l2", label: "L2 · w²", stops: [0, ...decades(1e-5, 1, [1, 3])], format: String }),
    slider({ name: "l1", label: "L1 · |w|", stops: [0, ...decades(1e-5, 1, [1, 3])], format: String }),
    slider({ name: "dropout", label: "Dropout", stops: evenly(0, 0.9, 0.1), format: (share) => `${Math.round(100 * share)} %`, applies: ({ images_units }) => images_units > 0 }),
  );
  speedControl(speed, store, "images");
}
