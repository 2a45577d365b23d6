/** Boxes that choose what the plane shows. */

import { make } from "./dom.js";

/** @typedef {{regions: boolean, folds: boolean, boundary: boolean, points: boolean, test: boolean}} Shows */

const BOXES = /** @type {const} */ ([
  ["regions", "Regions", "Fill each region with the colour of its class; the surer, the fuller"],
  ["folds", "Folds", "Lines along which a unit bends: first layer solid, later ones dashed"],
  ["boundary", "Boundary", "The thick line between two classes"],
  ["points", "Points", "The points, each class with its own mark"],
  ["test", "Test points", "Hollow marks: held back, the net never learns from them"],
]);

/** @param {HTMLElement} place @param {() => void} changed @returns {() => Shows} */
export function showBoxes(place, changed) {
  /** @type {Shows} */
  let shows = { regions: true, folds: true, boundary: true, points: true, test: true };
  for (const [name, label, says] of BOXES) {
    const box = make("input", { type: "checkbox", checked: true, id: `show-${name}` });
    box.onchange = () => {
      shows = { ...shows, [name]: box.checked };
      changed();
    };
    place.append(make("label", { title: says }, box, label));
  }
  return () => shows;
}
