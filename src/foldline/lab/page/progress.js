/** Numbers, curves, and the slider over training time. */

import { find, tell } from "./dom.js";
import { numbersView } from "./numbers.js";

/** @typedef {import("./moment.js").Moment} Moment */

/** @param {import("./store.js").Store} store @param {import("./server.js").Server} server */
export function progressView(store, server) {
  const drawNumbers = numbersView();
  const replay = find("replay", HTMLInputElement);
  const told = find("replay-told", HTMLOutputElement);
  /** @type {ArrayLike<number>} */
  let kept = [];
  replay.oninput = () => server.send({ do: "seek", step: kept[Number(replay.value)] ?? 0 });

  return {
    /** @param {Moment} moment @param {import("./colors.js").Palette} palette */
    draw(moment, palette) {
      const { meta } = moment;
      drawNumbers(moment, palette, store.get().loss);
      kept = moment.kept;
      replay.max = String(Math.max(kept.length - 1, 0));
      replay.disabled = kept.length < 2;
      if (document.activeElement !== replay || meta.playing) replay.value = String(placeOf(kept, meta.step));
      told.value = `step ${meta.step.toLocaleString("en")}`;
      replay.setAttribute("aria-valuetext", `step ${meta.step} of ${meta.last_step}`);
      const note = find("training-note", HTMLElement);
      note.hidden = !meta.note;
      tell(note, meta.note ?? "");
    },
  };
}

/** @param {ArrayLike<number>} kept rising @param {number} step @returns {number} the last place at or before the step */
function placeOf(kept, step) {
  let place = 0;
  while (place + 1 < kept.length && kept[place + 1] <= step) place++;
  return place;
}
