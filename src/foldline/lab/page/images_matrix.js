/** The confusion matrix: a row a true class, a column an answer, fuller for a larger share of the row. */

import { mix } from "./colors.js";
import { cut } from "./images_templates.js";

/** @typedef {import("./images_sight.js").Table} Table */
/** @typedef {{readonly width: number, readonly height: number}} Size */
/** @typedef {readonly [truth: number, answer: number]} Cell */

const MARGIN = { left: 78, top: 16, right: 2, bottom: 2 };
const MOST_NUMBERED = 16; // classes: more would not leave room for a number in each cell
const MOST_NAMED = 24;
const UNDER_INK = 0.6; // fuller cells have letters of paper

/**
 * @param {import("./pen.js").Pen} pen @param {Size} size @param {{confusion: Table, names: readonly string[], chosen: readonly number[], at: Cell | null}} shown
 * @param {import("./colors.js").Palette} palette
 */
export function drawMatrix(pen, size, { confusion: { values }, names, chosen, at }, palette) {
  const k = names.length;
  const { across, down } = steps(size, k);
  for (let truth = 0; truth < k; truth++) {
    const total = Math.max(Array.from(names, (_, answer) => values[truth * k + answer]).reduce((a, b) => a + b, 0), 1);
    if (k <= MOST_NAMED) pen.text(MARGIN.left - 5, MARGIN.top + (truth + 0.5) * down, cut(names[truth], MARGIN.left), { size: 11, color: palette.ink, anchor: "end" });
    if (k <= MOST_NAMED) pen.text(MARGIN.left + (truth + 0.5) * across, MARGIN.top / 2, cut(names[truth], across), { size: 10, color: palette.muted, anchor: "middle" });
    for (let answer = 0; answer < k; answer++) {
      const count = values[truth * k + answer];
      // Right answers in blue, mistakes in orange; the root keeps a few mistakes visible.
      const share = Math.sqrt(count / total);
      pen.fill([ring(size, k, [truth, answer])], mix(palette.raised, palette.classes[truth === answer ? 0 : 1], share));
      if (!count || k > MOST_NUMBERED) continue;
      const color = share > UNDER_INK ? palette.paper : palette.ink;
      pen.text(MARGIN.left + (answer + 0.5) * across, MARGIN.top + (truth + 0.5) * down, String(count), { size: 10.5, color, anchor: "middle" });
    }
  }
  if (at) pen.line(ring(size, k, at), { color: palette.ink, width: 1.2 }, true);
  if (chosen.length) pen.line(ring(size, k, [chosen[0], chosen[1]]), { color: palette.ink, width: 2.4 }, true);
}

/** @param {Size} size @param {number} k @param {number} x @param {number} y @returns {Cell | null} */
export function cellAt(size, k, x, y) {
  const { across, down } = steps(size, k);
  const cell = /** @type {[number, number]} */ ([Math.floor((y - MARGIN.top) / down), Math.floor((x - MARGIN.left) / across)]);
  return cell.every((place) => place >= 0 && place < k) ? cell : null;
}

/** @param {Table} confusion @param {number} k @returns {Cell} the cell with the most mistakes */
export function mostConfused({ values }, k) {
  let best = /** @type {Cell} */ ([0, 1]);
  for (let at = 0; at < k * k; at++) {
    const cell = /** @type {Cell} */ ([Math.floor(at / k), at % k]);
    if (cell[0] !== cell[1] && values[at] > values[best[0] * k + best[1]]) best = cell;
  }
  return best;
}

/** @param {Table} confusion @param {readonly string[]} names @param {Cell} cell @returns {string} */
export function cellInWords({ values }, names, [truth, answer]) {
  const k = names.length;
  const [count, total] = [values[truth * k + answer], Array.from(names, (_, j) => values[truth * k + j]).reduce((a, b) => a + b, 0)];
  if (truth === answer) return `${count} of ${total} images of ${names[truth]} are right.`;
  return `${count} of ${total} images of ${names[truth]} are taken for ${names[answer]}.`;
}

/** @param {Size} size @param {number} k */
function steps({ width, height }, k) {
  return { across: (width - MARGIN.left - MARGIN.right) / k, down: (height - MARGIN.top - MARGIN.bottom) / k };
}

/** @param {Size} size @param {number} k @param {Cell} cell @returns {number[]} */
function ring(size, k, [truth, answer]) {
  const { across, down } = steps(size, k);
  const [left, top] = [MARGIN.left + answer * across, MARGIN.top + truth * down];
  const [right, bottom] = [left + across - 1, top + down - 1];
  return [left, top, right, top, right, bottom, left, bottom];
}
