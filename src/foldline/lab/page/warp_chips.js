/** The row of presets of the space-warp page, and the sentence on what to notice. */

import { find, make } from "./dom.js";
import { follow } from "./fields.js";
import { WARP_PRESETS } from "./warp_presets.js";

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
  notice.textContent = WARP_PRESETS[0].notice;
  follow(store, ({ warp }) => {
    const which = WARP_PRESETS.findIndex(({ numbers }) => String(numbers) === String(warp));
    chips.forEach((chip, i) => chip.setAttribute("aria-pressed", String(i === which)));
    if (which >= 0) notice.textContent = WARP_PRESETS[which].notice;
  });
}
