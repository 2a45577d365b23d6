/** The accuracy of a row as a bar, and a whole leaderboard as a picture to be saved. */

import { points, seconds, share } from "./runs_words.js";

/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./runs_math.js").Line} Line */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

const ROW_PX = 24;
const TOP_PX = 34;
const NAME_PX = 240;
const TOLD_PX = 190;
const CAP_PX = 3.5;

/**
 * From 0 to the mean; a thin line for the 95 % interval, a thick one for a standard deviation between seeds either way, a
 * diamond for the run beside it.
 *
 * @param {Pen} pen @param {Box} box @param {Line} line @param {boolean} isShipped @param {Palette} palette
 */
export function drawBar(pen, { x, y, width, height }, { row, other }, isShipped, palette) {
  const across = (/** @type {number} */ value) => x + Math.min(Math.max(value, 0), 1) * width;
  const middle = y + height / 2;
  const band = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ half) =>
    [[from, middle - half, to, middle - half, to, middle + half, from, middle + half]];
  pen.fill(band(x, x + width, height * 0.32), palette.faint, 0.45);
  pen.fill(band(x, across(row.accuracy), height * 0.32), palette.accent, isShipped ? 0.6 : 0.3);
  if (other) pen.mark("diamond", across(other.accuracy), middle, 5, palette.paper, palette.below, 1.5);
  if (row.low !== null && row.high !== null) {
    const [low, high] = [across(row.low), across(row.high)];
    pen.lines([low, middle, high, middle, low, middle - CAP_PX, low, middle + CAP_PX, high, middle - CAP_PX, high, middle + CAP_PX], { color: palette.ink, width: 1 });
  }
  if (row.std > 0) pen.lines([across(row.accuracy - row.std), middle, across(row.accuracy + row.std), middle], { color: palette.ink, width: 3.5 });
}

/** @param {number} n rows @returns {{width: number, height: number}} of the picture */
export function boardSize(n) {
  return { width: 860, height: TOP_PX + n * ROW_PX + 12 };
}

/**
 * @param {Pen} pen @param {string} title @param {readonly Line[]} lines @param {(line: Line) => string} name @param {string | null} ship
 * @param {Palette} palette
 */
export function drawBoard(pen, title, lines, name, ship, palette) {
  const { width } = boardSize(lines.length);
  pen.text(12, 16, title, { size: 13, color: palette.ink, bold: true });
  lines.forEach((line, i) => {
    const { row, difference } = line;
    const y = TOP_PX + i * ROW_PX;
    const isShipped = row.recipe === ship;
    pen.text(12, y + ROW_PX / 2, name(line), { size: 12, color: palette.ink, bold: isShipped });
    drawBar(pen, { x: NAME_PX, y, width: width - NAME_PX - TOLD_PX, height: ROW_PX }, line, isShipped, palette);
    const told = [share(row.accuracy), seconds(row.time_s), ...(difference === null ? [] : [`${points(difference)} points`])];
    pen.text(width - TOLD_PX + 10, y + ROW_PX / 2, told.join("   "), { size: 12, color: palette.ink });
  });
}
