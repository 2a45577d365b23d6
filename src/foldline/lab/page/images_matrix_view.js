/** The confusion matrix, alive: a pointer or the arrow keys go through its cells, a click or Enter chooses one. */

import { find, sheet } from "./dom.js";
import { cellAt, cellInWords, drawMatrix } from "./images_matrix.js";

/** @typedef {import("./images_matrix.js").Cell} Cell */

const HINT = "Rows: true classes; columns: answers. Click a cell to see its images.";

/** @param {{count: () => number, chosen: () => readonly number[], choose: (cell: Cell | null) => void, changed: () => void}} told `count` of classes; `changed` when another cell is passed */
export function matrixView({ count, chosen, choose, changed }) {
  const place = find("images-matrix", HTMLElement);
  const canvas = find("images-matrix-canvas", HTMLCanvasElement);
  /** @type {Cell | null} */
  let passed = null;
  const pass = (/** @type {Cell | null} */ next) => {
    if (String(next) === String(passed)) return;
    passed = next;
    changed();
  };
  place.onpointermove = ({ offsetX, offsetY }) => pass(cellAt({ width: place.clientWidth, height: place.clientHeight }, count(), offsetX, offsetY));
  place.onpointerleave = () => pass(null);
  place.onblur = () => pass(null);
  place.onpointerdown = (event) => {
    place.onpointermove?.(event);
    if (passed) choose(passed);
  };
  place.onkeydown = (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") choose(null);
    else if (event.key === "Enter" && passed) choose(passed);
    else if (by && count()) {
      const inside = (/** @type {number} */ at) => Math.min(Math.max(at, 0), count() - 1);
      const [truth, answer] = passed ?? chosen();
      pass(truth === undefined ? [0, 0] : [inside(truth + by[0]), inside(answer + by[1])]);
    } else return;
    event.preventDefault();
  };

  return {
    /** @param {import("./images_sight.js").Sight} sight @param {import("./colors.js").Palette} palette */
    draw({ learned, names }, palette) {
      const { pen, size } = sheet(canvas);
      if (learned) drawMatrix(pen, size, { confusion: learned.confusion, names, chosen: chosen(), at: passed }, palette);
      const [truth, answer] = passed ?? chosen();
      find("images-cell-told", HTMLElement).textContent = learned && truth !== undefined ? cellInWords(learned.confusion, names, [truth, answer]) : HINT;
    },
  };
}
