/** The settings of the page of bumps: the function, what is given, and training. */

import { momentumRow, speedControl } from "./controls.js";
import { find, make, radios, tell } from "./dom.js";
import { choiceRow, decades, evenly, fieldOf, follow, sliderRow, typedNumber } from "./fields.js";

const HINT = "x, pi, e, + - * / **, and sin cos tan exp log sqrt atan tanh sigmoid abs relu max min";
const DRAWN_HINT = "33 heights from −1 to 1, with lines between. Choose Draw above the picture.";
const OPTIMIZER_WORDS = { sgd: "SGD", adamw: "Adam" };

/** @param {import("./store.js").Store} store @returns {{show: (problem: string | null) => void}} */
export function bumpsSettings(store) {
  const showOf = radios(find("bumps-of", HTMLElement), [
    { value: "formula", content: "Formula", label: "A formula in x" },
    { value: "curve", content: "Drawn curve", label: "A curve that you draw" },
  ], (value) => store.change({ bumps_of: value }));
  const told = find("bumps-problem", HTMLElement);
  const formula = formulaInput(store);
  find("bumps-function", HTMLElement).append(formula.row, rangeRow(store));
  follow(store, ({ bumps_of }) => {
    showOf(bumps_of);
    formula.row.hidden = bumps_of !== "formula";
  });

  const showBy = radios(find("bumps-by", HTMLElement), [
    { value: "units", content: "Units", label: "How near do so many units come?" },
    { value: "eps", content: "Error", label: "How many units does so small an error take?" },
  ], (value) => store.change({ bumps_by: value }));
  find("bumps-given", HTMLElement).append(
    sliderRow(store, { name: "bumps_units", label: "Units", stops: [...evenly(4, 24, 1), ...evenly(28, 100, 4)], format: (n) => `${n} units`, applies: ({ bumps_by }) => bumps_by === "units" }),
    sliderRow(store, { name: "bumps_eps", label: "Error ≤", stops: [0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5], format: (share) => `${Number((100 * share).toPrecision(3))} % height`, applies: ({ bumps_by }) => bumps_by === "eps" }),
  );
  follow(store, ({ bumps_by }) => showBy(bumps_by));

  const again = make("button", { type: "button", title: "Other first weights, from another seed" }, "Other first weights");
  again.onclick = () => store.change({ seed: (store.get().seed + 1) % 2 ** 32 });
  find("bumps-training", HTMLElement).append(
    choiceRow(store, { name: "optimizer", label: "Method", words: OPTIMIZER_WORDS, on: "bumps" }),
    sliderRow(store, { name: "lr", label: "Step length", stops: decades(1e-4, 1, [1, 2, 3, 5]), format: String, on: "bumps" }),
    momentumRow(store, "bumps"),
    again,
  );
  speedControl(find("bumps-speed", HTMLElement), store, "bumps");
  return {
    show(problem) {
      tell(told, problem ?? (store.get().bumps_of === "formula" ? HINT : DRAWN_HINT));
      told.classList.toggle("is-wrong", problem !== null);
      formula.input.setAttribute("aria-invalid", String(problem !== null));
    },
  };
}

/** @param {import("./store.js").Store} store */
function formulaInput(store) {
  const { most = 0, says } = fieldOf(store, "bumps_formula");
  const input = make("input", { type: "text", id: "bumps-formula", maxlength: most, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-describedby": "bumps-problem" });
  input.oninput = () => store.change({ bumps_formula: input.value }, { isPassing: true });
  input.onchange = () => store.change({}); // what was typed is one step back
  follow(store, ({ bumps_formula }) => {
    if (document.activeElement !== input) input.value = bumps_formula;
  });
  return { input, row: make("div", { class: "formula", title: says }, make("label", { for: "bumps-formula" }, "f(x) ="), input) };
}

/** @param {import("./store.js").Store} store */
function rangeRow(store) {
  const field = fieldOf(store, "bumps_range");
  const inputs = ["Left end", "Right end"].map((label, i) => {
    const input = make("input", { type: "number", step: "any", min: field.low ?? 0, max: field.high ?? 0, "aria-label": `${label} of x`, id: `bumps-range-${i}` });
    input.onchange = () => {
      const ends = [...store.get().bumps_range];
      ends[i] = typedNumber(input, ends[i]);
      store.change({ bumps_range: /** @type {[number, number]} */ (ends) });
    };
    return input;
  });
  follow(store, ({ bumps_range }) => inputs.forEach((input, i) => (input.value = String(bumps_range[i]))));
  return make("div", { class: "formula", title: field.says }, make("span", { class: "label" }, "x from"), inputs[0], make("span", { class: "label" }, "to"), inputs[1]);
}
