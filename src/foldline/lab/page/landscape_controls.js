/** The landscape page's settings: its directions, and the most useful ones of the net. */

import { architectureControls } from "./architecture.js";
import { FIRST_TWO, isMade } from "./columns.js";
import { DATA_WORDS, LOSS_WORDS, activationRow, seedRow, speedControl } from "./controls.js";
import { find, make } from "./dom.js";
import { choiceRow, decades, evenly, follow, sliderRow } from "./fields.js";
import { KIND_WORDS } from "./landscape_words.js";

const ON = "landscape";
const SHOWS = /** @type {const} */ ([
  ["contours", "Contours", "Lines of equal loss"],
  ["path", "Way of training", "Where training came from, if the plane holds it"],
  ["minima", "Local minima", "Places from which every small step leads up, marked by triangles"],
  ["chord", "Chord", "The chord that the curve lies above most, if there is one"],
]);

/** @param {import("./store.js").Store} store */
export function landscapeControls(store) {
  const small = [0, ...decades(1e-4, 0.1, [1, 3])];
  find("landscape-directions", HTMLElement).append(
    choiceRow(store, { name: "landscape_kind", label: "Along", words: KIND_WORDS }),
    seedRow(store, { name: "landscape_seed", label: "Drawn with", another: "Other directions", says: "those of the next seed, around the same net", sign: "Other" }),
    sliderRow(store, { name: "landscape_angle", label: "Line turned", stops: evenly(0, 355, 5), format: (angle) => `${angle}°` }),
    sliderRow(store, { name: "landscape_range", label: "Range", stops: [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10], format: (range) => `±${range} steps` }),
  );
  find("landscape-net-fields", HTMLElement).append(
    choiceRow(store, { name: "data", label: "Shape", words: DATA_WORDS, on: ON, also: FIRST_TWO }),
    sliderRow(store, { name: "points", label: "How many", stops: [...decades(10, 900, [1, 2, 3, 4, 6, 8]), ...decades(1000, 5000, [1, 2, 3, 4, 5])], format: (n) => `${n.toLocaleString("en")} points`, applies: isMade, on: ON }),
    seedRow(store, { name: "seed", another: "Another seed", says: "other points, other first weights", on: ON }),
    activationRow(store, ON),
    choiceRow(store, { name: "loss", label: "Loss", words: LOSS_WORDS, on: ON }),
    sliderRow(store, { name: "lr", label: "Rate / step", stops: decades(1e-4, 3, [1, 2, 3, 5]), format: String, on: ON }),
    sliderRow(store, { name: "l2", label: "L2 · w²", stops: small, format: String, on: ON }),
  );
  architectureControls(find("landscape-layers", HTMLElement), store);
  speedControl(find("landscape-speed", HTMLElement), store, ON);
  for (const [name, label, says] of SHOWS) {
    const box = make("input", { type: "checkbox", id: `landscape-show-${name}` });
    box.onchange = () => store.change({ landscape_shows: SHOWS.map(([one]) => one).filter((one) => (one === name ? box.checked : store.get().landscape_shows.includes(one))) });
    follow(store, ({ landscape_shows }) => (box.checked = landscape_shows.includes(name)));
    find("landscape-shows", HTMLElement).append(make("label", { title: says }, box, label));
  }
}
