/** A row of presets, and the sentence on what to notice. */

import { letGo, make, tell } from "./dom.js";
import { follow } from "./fields.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./presets.js").Preset} Preset */
/**
 * @typedef {object} Presetting
 * @property {(preset: Preset, now: State) => Partial<State>} patch what choosing it changes
 * @property {(preset: Preset, now: State) => boolean} isChosen
 * @property {(before: Preset | null, now: State) => string} otherwise the sentence where none is chosen, and which one was before
 * @property {(preset: Preset) => void} begin called when one was chosen
 */

/**
 * @param {import("./store.js").Store} store @param {{chips: HTMLElement, notice: HTMLElement}} places
 * @param {readonly Preset[]} presets @param {Presetting} presetting
 */
export function presetChips(store, { chips, notice }, presets, { patch, isChosen, otherwise, begin }) {
  const buttons = presets.map((preset) => {
    const button = make("button", { type: "button" }, preset.title);
    button.onclick = (event) => {
      letGo(event);
      store.change(patch(preset, store.get()));
      begin(preset);
    };
    return button;
  });
  chips.append(...buttons);
  /** @type {Preset | null} */
  let before = null;
  follow(store, (state) => {
    const chosen = presets.find((preset) => isChosen(preset, state)) ?? null;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(presets[i] === chosen)));
    tell(notice, chosen ? chosen.notice : otherwise(before, state));
    before = chosen ?? before;
  });
}
