/** The row of presets of the space-warp page, and the sentence on what to notice. */

import { find, make } from "./dom.js";
import { follow } from "./fields.js";
import { WARP_PRESETS } from "./warp_presets.js";

const OWN = "A matrix of your own. Look for what ReLU leaves as it is (A), what it presses flat (B and D), and what becomes one point (C); a preset goes back to one with a story.";

/** @param {import("./store.js").Store} store @param {() => void} begin */
export function presetChips(store, begin) {
  const chips = WARP_PRESETS.map(({ title, numbers }) => {
    const chip = make("button", { type: "button" }, title);
    chip.onclick = () => {
      store.change({ warp: numbers });
      begin();
    };
    return chip;
  });
  find("warp-presets", HTMLElement).append(...chips);
  const notice = find("warp-notice", HTMLElement);
  follow(store, ({ warp }) => {
    const which = WARP_PRESETS.findIndex(({ numbers }) => String(numbers) === String(warp));
    chips.forEach((chip, i) => chip.setAttribute("aria-pressed", String(i === which)));
    notice.textContent = WARP_PRESETS[which]?.notice ?? OWN;
  });
}
