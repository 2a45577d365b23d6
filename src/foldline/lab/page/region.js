/** The region pointed at: its outline in the plane, and its straight map in words. */

import { make } from "./dom.js";
import { cellAt } from "./plane.js";
import { className, equation, percent } from "./words.js";

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./server.js").Look} Look */

const HINT = "Point at the picture: inside one region the whole net is one straight map. It is written here.";
const ASK_MS = 70; // the server answers some hundreds of looks a second; a reader needs fewer

/** @param {HTMLElement} place @param {import("./server.js").Server} server */
export function regionView(place, server) {
  /** @type {[number, number] | null} */
  let hovered = null;
  /** @type {[number, number] | null} */
  let pinned = null;
  let askedAt_ms = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let askingLater;

  let hint = HINT;
  /** @type {readonly string[]} */
  let names = [];

  const target = () => hovered ?? pinned;
  const ask = () => {
    clearTimeout(askingLater);
    const at = target();
    if (!at) {
      place.replaceChildren(make("p", { class: "hint" }, hint));
      return;
    }
    const wait_ms = askedAt_ms + ASK_MS - performance.now();
    if (wait_ms > 0) askingLater = setTimeout(ask, wait_ms);
    else {
      askedAt_ms = performance.now();
      server.send({ do: "look", x: at[0], y: at[1] });
    }
  };
  ask();

  return {
    /** @param {[number, number] | null} at */
    point(at) {
      hovered = at;
      ask();
    },
    /** @param {[number, number]} at */
    pin(at) {
      pinned = at;
      ask();
    },
    /** @param {Moment} moment the net has moved: asks again */
    refresh({ meta }) {
      const before = hint;
      hint = meta.why ?? HINT;
      names = meta.class_names ?? [];
      // Read aloud sixty times a second it would be noise.
      place.setAttribute("aria-live", meta.playing ? "off" : "polite");
      if (target() || hint !== before) ask();
    },
    /** @param {Moment} moment @returns {number} the cell to outline, -1 for none */
    cell({ picture }) {
      const at = target();
      return at ? cellAt(picture, ...at) : -1;
    },
    /** @param {Look} look */
    show(look) {
      if (!target()) return;
      const sure = percent(look.confidence[look.top]);
      const n_on = look.on?.length;
      const head = make("p", {}, make("b", {}, `${className(names, look.top)} wins`), `, ${sure} % sure. ` +
        (n_on === undefined ? "Its scores at this point:" : `${n_on} ${n_on === 1 ? "unit" : "units"} above 0; here the net is:`));
      const lines = look.scores.map((_, k) => make("span", { class: k === look.top ? "winner" : "" }, equation(look, k)));
      place.replaceChildren(head, make("div", { class: "equations" }, ...lines));
    },
  };
}
