/** The settings at the side: points, inputs, training. */

import { ACTIVATIONS, commonActivation } from "./activations.js";
import { FIRST_TWO, columnControls, isMade, isOfTable } from "./columns.js";
import { make, sheet, toast } from "./dom.js";
import { choiceRow, decades, evenly, fieldOf, follow, idOf, sliderRow, typedNumber } from "./fields.js";
import { FEATURES, featurePicture } from "./features.js";
import { responsePixels } from "./plane.js";
import { sendTable } from "./server.js";
import { isSame } from "./state.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {() => import("./colors.js").Palette} PaletteNow */

export const DATA_WORDS = { spiral: "Spiral", circles: "Circles", xor: "XOR", moons: "Moons", blobs: "Blobs", points: "My own (click)", csv: "CSV file", images: "Images" };
export const SETS = { "fashion-mini": "Fashion-MNIST", digits: "Digits, 8×8", given: "My own" };
export const SEEN = { raw: "Raw pixels", color: "Colour histogram", hog: "HoG", words: "Visual words" };
export const LOSS_WORDS = { softmax: "Softmax", svm: "SVM (hinge)" };
export const OPTIMIZER_WORDS = { sgd: "SGD", adamw: "AdamW" };
const TWO_CLASSES = ["xor", "moons"];
const PICTURE_SIDE = 12;

/**
 * @param {HTMLElement} place @param {Store} store @param {import("./server.js").Server} server @param {PaletteNow} palette @param {string} [on] the page, if not the playground
 * @returns {{show: (meta: Readonly<Record<string, any>>) => void, pairs: (table: import("./server.js").Table) => void}} `show` for the newest picture
 */
export function dataControls(place, store, server, palette, on) {
  const file = make("input", { type: "file", accept: ".csv,text/csv", hidden: true, "aria-label": "CSV file" });
  const pick = make("button", { type: "button", title: "Columns of numbers, and the class in the last one" }, "Choose");
  const fileRow = make("div", { class: "file" }, pick, file);
  const pickRow = make("div", { class: "field wide" }, make("span", { class: "label" }, "CSV file"), fileRow);
  pick.onclick = () => file.click();
  file.onchange = async () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    try {
      const { points, classes, columns: names } = await sendTable(chosen);
      const before = store.get();
      store.change({ data: "csv", ...FIRST_TWO });
      if (isSame(before, store.get())) store.renew();
      const more = names.length > 2 ? ` It has ${names.length} columns of numbers; choose which two are seen. The last one is the class.` : "";
      toast(`${chosen.name}: ${points.toLocaleString("en")} points of ${classes.length} classes (${classes.join(", ")}).${more}`);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
  };
  const imageRows = [
    choiceRow(store, { name: "images", label: "Set", words: SETS, on, also: FIRST_TWO }),
    choiceRow(store, { name: "images_features", label: "Told by", words: SEEN, on, also: FIRST_TWO }),
  ];
  const ofTable = make("div");
  const columns = columnControls(ofTable, store, server, palette, on);
  let told = ""; // of the points that are shown
  const made = [
    sliderRow(store, { name: "classes", label: "Classes", stops: evenly(2, 8, 1), format: String, applies: ({ data }) => !TWO_CLASSES.includes(data), on }),
    sliderRow(store, { name: "points", label: "How many", stops: [...decades(10, 900, [1, 2, 3, 4, 6, 8]), ...decades(1000, 5000, [1, 2, 3, 4, 5])], format: (n) => `${n.toLocaleString("en")} points`, applies: isMade, on }),
    sliderRow(store, { name: "noise", label: "Noise", stops: evenly(0, 1, 0.05), format: (x) => `${x.toFixed(2)} units`, applies: isMade, on }),
  ];
  place.append(
    choiceRow(store, { name: "data", label: "Shape", words: DATA_WORDS, on, also: FIRST_TWO }),
    pickRow,
    ...imageRows,
    ofTable,
    ...made,
    sliderRow(store, { name: "test", label: "Held back", stops: evenly(0, 0.8, 0.1), format: percent, on }),
    seedRow(store, { name: "seed", another: "Another seed", says: "other points, other first weights", on }),
  );
  follow(store, (state) => {
    pickRow.hidden = state.data !== "csv";
    imageRows.forEach((row) => (row.hidden = state.data !== "images"));
    ofTable.hidden = !isOfTable(state);
    made.forEach((row) => (row.hidden = isOfTable(state)));
  });
  return {
    pairs: columns.pairs,
    show(meta) {
      columns.show(meta.columns);
      if (meta.told && meta.told !== told) toast(meta.told);
      told = meta.told;
    },
  };
}

/** @param {HTMLElement} place @param {Store} store @param {PaletteNow} palette @returns {() => void} draws again */
export function inputControls(place, store, palette) {
  const known = FEATURES.filter(({ name }) => fieldOf(store, "inputs").choices?.includes(name));
  const canvases = known.map(() => make("canvas"));
  const buttons = known.map(({ name, label, says }, i) => {
    const button = make("button", { type: "button", title: says, "aria-label": says }, canvases[i], label);
    button.onclick = () => {
      const { inputs } = store.get();
      const next = known.map((one) => one.name).filter((one) => (one === name) !== inputs.includes(one));
      if (next.length) store.change({ inputs: next });
      else toast("The net must see something: keep one input at least.");
    };
    return button;
  });
  place.append(make("div", { class: "inputs", role: "group", "aria-label": "Inputs" }, ...buttons));
  const draw = () => known.forEach(({ name }, i) => {
    const { pen, size } = sheet(canvases[i]);
    pen.picture(responsePixels(featurePicture(name, store.get().window, PICTURE_SIDE), PICTURE_SIDE, palette()), 0, 0, size.width, size.height);
  });
  follow(store, ({ inputs }) => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(inputs.includes(known[i].name))));
    draw();
  });
  new ResizeObserver(draw).observe(place); // what is hidden has no size to draw in
  return draw;
}

/** @param {HTMLElement} place @param {Store} store @param {{withActivation?: boolean, on?: string}} [options] `on` the page, if not the playground */
export function trainingControls(place, store, { withActivation = true, on } = {}) {
  const small = [0, ...decades(1e-5, 1, [1, 3])];
  place.append(
    ...(withActivation ? [activationRow(store, on)] : []),
    choiceRow(store, { name: "loss", label: "Loss", words: LOSS_WORDS, on }),
    choiceRow(store, { name: "optimizer", label: "Optimiser", words: OPTIMIZER_WORDS, on }),
    sliderRow(store, { name: "lr", label: "Rate / step", stops: decades(1e-4, 3, [1, 2, 3, 5]), format: String, on }),
    momentumRow(store, on),
    sliderRow(store, { name: "batch", label: "Batch", stops: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000], format: (n) => (n === 1 ? "1 point" : `${n} points`), on }),
    sliderRow(store, { name: "l2", label: "L2 · w²", stops: small, format: String, on }),
    sliderRow(store, { name: "l1", label: "L1 · |w|", stops: small, format: String, on }),
    sliderRow(store, { name: "dropout", label: "Dropout", stops: evenly(0, 0.9, 0.1), format: percent, on }),
  );
}

/** @param {Store} store @param {string} [on] the page, if not the playground @returns {HTMLElement} */
export function momentumRow(store, on) {
  return sliderRow(store, { name: "momentum", label: "Momentum", stops: [...evenly(0, 0.9, 0.1), 0.95, 0.99], format: percent, applies: ({ optimizer }) => optimizer === "sgd", on });
}

/** @param {HTMLElement} place @param {Store} store @param {string} [on] the page, if not the playground */
export function speedControl(place, store, on) {
  place.append(sliderRow(store, { name: "steps", label: "Speed", stops: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], format: (n) => `${n} ${n === 1 ? "step" : "steps"}/picture`, on }));
}

/** @param {Store} store @param {string} [on] the page, if not the playground @returns {HTMLElement} of all layers at once; each has its own over the net */
export function activationRow(store, on) {
  const { choices = [], says } = fieldOf(store, "activation");
  const id = idOf("activation", on);
  const mixed = make("option", { value: "", disabled: true }, "One for each layer");
  const select = make("select", { id }, mixed, ...choices.map((value) => make("option", { value }, ACTIVATIONS[value].label)));
  select.onchange = () => store.change({ activation: [select.value] });
  follow(store, (state) => {
    const common = commonActivation(state);
    select.value = common ?? "";
    mixed.hidden = common !== null;
  });
  return make("div", { class: "field wide", title: says }, make("label", { for: id }, "Activation"), select);
}

/**
 * @param {Store} store @param {{name: "seed" | "wiring_seed" | "landscape_seed", another: string, says: string, label?: string, sign?: string, on?: string}} seed
 * @returns {HTMLElement}
 */
export function seedRow(store, { name, another, says, label = "Seed", sign = "⚄", on }) {
  const id = idOf(name, on);
  const input = make("input", { type: "number", id, min: 0, max: 4294967295, step: 1 });
  const dice = make("button", { type: "button", title: `${another}: ${says}`, "aria-label": another }, sign);
  input.onchange = () => store.change({ [name]: typedNumber(input, store.get()[name]) });
  dice.onclick = () => store.change({ [name]: (store.get()[name] + 1) % 2 ** 32 });
  follow(store, (state) => (input.value = String(state[name])));
  return make("div", { class: "field wide", title: fieldOf(store, name).says }, make("label", { for: id }, label), make("div", { class: "seed" }, input, dice));
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}
