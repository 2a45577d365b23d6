/** The row of presets and the sentence on what to notice. */

import { find, make } from "./dom.js";
import { follow } from "./fields.js";
import { PRESETS, stateOf } from "./presets.js";
import { isSame, usualState } from "./state.js";

const GREETING = "A unit answers 0 on one side of a line and grows on the other: it folds the plane along it. Begin with “One fold” and go to the right.";

/** @param {import("./store.js").Store} store @param {() => void} play */
export function presetChips(store, play) {
  const usual = usualState(store.schema);
  const chips = PRESETS.map((preset) => {
    const chip = make("button", { type: "button" }, preset.title);
    chip.onclick = () => {
      store.change(stateOf(preset, usual, store.get()));
      play();
    };
    return chip;
  });
  find("presets", HTMLElement).append(...chips);
  const notice = find("notice", HTMLElement);
  /** @type {import("./presets.js").Preset | null} */
  let shown = null;
  follow(store, (state) => {
    const chosen = PRESETS.findIndex((preset) => isSame(stateOf(preset, usual, state), { ...state, steps: stateOf(preset, usual, state).steps }));
    chips.forEach((chip, i) => chip.setAttribute("aria-pressed", String(i === chosen)));
    if (chosen >= 0) shown = PRESETS[chosen];
    // The sentence stays while its reader tries other settings on the same points.
    notice.textContent = shown && { ...usual, ...shown.set }.data === state.data ? shown.notice : GREETING;
  });
}
