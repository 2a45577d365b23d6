/** The image looked at: large, its edges, what speaks for its class, the scores, and its colours. */

import { drawBars, cut } from "./images_templates.js";
import { fitted, glyphsOf, mapOf, pixelsOf } from "./images_pixels.js";
import { largest } from "./images_sight.js";
import { decimal } from "./words.js";

/** @typedef {import("./images_sight.js").Sight} Sight */
/** @typedef {import("./images_pixels.js").Box} Box */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {{readonly width: number, readonly height: number}} Size */
/**
 * @typedef {object} Told what the server says about a test image
 * @property {number} row
 * @property {string | null} features what the classifier saw; null where there was nothing to tell
 * @property {number[][][]} hog votes of each cell and direction
 * @property {number} cell_px
 * @property {number[]} bars share of pixels in each box of colours
 * @property {{nearest: number[][], squares: [start_px: number, step_px: number, side_px: number], answers: number[]} | null} words
 * @property {number} top the answer
 * @property {number | null} against the true class of a wrong answer
 * @property {number} sum
 * @property {number} bias
 * @property {any} products
 */

const GAP_PX = 12;
const HEAD_PX = 16;
const BOLD = 1.1; // so much wider are the letters of heads
const MOST_SCORES = 10;
const NAME_PX = 88;
const FRAME = /** @type {const} */ ([255, 210, 77]); // of a word's places: seen on bright and on dark
const MOST_WORDS = 4; // for, and against

/** @param {Pen} pen @param {Size} size @param {Sight} sight @param {number} row @param {Told | null} told null before the server's answer @param {number} word to mark; -1 for the one that says most @param {Palette} palette */
export function drawLook(pen, { width, height }, sight, row, told, word, palette) {
  if (!sight.images) return;
  const side = (width - 2 * GAP_PX) / 3;
  const box = (/** @type {number} */ i) => ({ x: i * (side + GAP_PX), y: HEAD_PX, width: side, height: side });
  const place = fitted(sight.images.shape.slice(1), box(0));
  const head = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ words, /** @type {number} */ room) =>
    pen.text(x, y, cut(words, room / BOLD), { size: 11, color: palette.ink, bold: true });
  const label = sight.learned?.labels[row];
  head(0, 7, label === undefined ? `Image ${row + 1}` : `${row + 1}: ${sight.names[label]}`, side);
  pen.picture(pixelsOf(sight.images, row), place.x, place.y, place.width, place.height);
  if (!told || !sight.learned) return;
  if (told.words) markWord(pen, place, sight, told, word < 0 ? strongest(told.products) : word);
  head(box(1).x, 7, "Its edges (HoG)", side);
  const shape = [told.hog.length, told.hog[0].length, told.hog[0][0].length];
  pen.lines(glyphsOf(told.hog.flat(2), shape, box(1)).above, { color: palette.ink, width: 1.2 });
  head(box(2).x, 7, told.against === null ? `For ${sight.names[told.top]}` : `For ${sight.names[told.top]}, not ${sight.names[told.against]}`, side);
  drawProducts(pen, box(2), sight, told, palette);
  const below = HEAD_PX + side + GAP_PX;
  const [middle, room] = [width * 0.56, height - below];
  head(0, below + 6, "Scores", side);
  drawScores(pen, { x: 0, y: below + HEAD_PX, width: middle - 18, height: room - HEAD_PX }, sight, row, palette);
  head(middle, below + 6, sight.images.shape[3] === 1 ? "Its grey levels" : "Its colours", side);
  drawHistogram(pen, { x: middle, y: below + HEAD_PX, width: width - middle, height: room - HEAD_PX }, told.bars, sight.meta.boxes, palette);
}

/** @param {Sight} sight @param {number} row @param {Told | null} told @returns {string} */
export function lookInWords({ names, learned }, row, told) {
  if (!told || !learned) return "";
  const what = `Image ${row + 1}, ${names[learned.labels[row]]}`;
  const parts = `${decimal(told.sum - told.bias, 2)} from what is mapped at the right, ${decimal(told.bias, 2)} from the bias`;
  return told.against === null
    ? `${what}, is right. Its score is ${decimal(told.sum, 2)}: ${parts}.`
    : `${what}, is taken for ${names[told.top]}, which leads by ${decimal(told.sum, 2)}: ${parts}.`;
}

/** @param {Pen} pen @param {Box} box @param {Sight} sight @param {Told} told @param {Palette} palette */
function drawProducts(pen, box, { meta, words }, { products }, palette) {
  if (words) drawWordProducts(pen, box, words, products, palette);
  else if (meta.features === "color") drawBars(pen, box, products, meta.boxes, palette);
  else {
    const place = fitted([products.length, products[0].length], box);
    pen.picture(mapOf(products, palette), place.x, place.y, place.width, place.height);
    const { x, y, width, height } = place;
    pen.line([x, y, x + width, y, x + width, y + height, x, y + height], { color: palette.faint, width: 1 }, true);
  }
}

/** @param {Pen} pen @param {Box} box @param {import("./images_sight.js").Table} words @param {number[]} products @param {Palette} palette */
function drawWordProducts(pen, box, words, products, palette) {
  const tile = (box.width - 16) / MOST_WORDS;
  [1, -1].forEach((sign, line) => {
    const y = box.y + line * (tile + 26);
    pen.text(box.x, y + tile / 2, sign > 0 ? "+" : "−", { size: 14, color: palette.classes[line], bold: true });
    largest(products.map((product) => sign * product), MOST_WORDS).forEach((word, i) => {
      if (sign * products[word] <= 0) return;
      const x = box.x + 16 + i * tile;
      pen.picture(pixelsOf(words, word), x, y, tile - 3, tile - 3);
      pen.text(x + tile / 2, y + tile + 6, decimal(products[word], 1), { size: 9.5, color: palette.muted, anchor: "middle" });
    });
  });
}

/** @param {Pen} pen @param {Box} place of the image @param {Sight} sight @param {Told} told @param {number} word */
function markWord(pen, place, { images }, { words }, word) {
  if (!words || !images) return;
  const scale = place.width / images.shape[2];
  const [start, step, side] = words.squares.map((length) => length * scale);
  words.nearest.forEach((line, row) => line.forEach((nearest, col) => {
    if (nearest !== word) return;
    const [left, top] = [place.x + start + col * step, place.y + start + row * step];
    pen.line([left, top, left + side, top, left + side, top + side, left, top + side], { color: FRAME, width: 1.4 }, true);
  }));
}

/** @param {Pen} pen @param {Box} box @param {Sight} sight @param {number} row @param {Palette} palette */
function drawScores(pen, { x, y, width, height }, { names, learned }, row, palette) {
  if (!learned) return;
  const scores = Array.from(names, (_, k) => learned.scores[row * names.length + k]);
  const shown = names.length > MOST_SCORES ? largest(scores, MOST_SCORES) : names.map((_, k) => k);
  const [low, high] = [Math.min(...shown.map((k) => scores[k]), 0), Math.max(...shown.map((k) => scores[k]), 1e-9)];
  const [left, step] = [x + NAME_PX, height / shown.length];
  const across = (/** @type {number} */ score) => left + ((score - low) / (high - low)) * (width - NAME_PX - 34);
  shown.forEach((k, line) => {
    const isTrue = k === learned.labels[row], isTop = k === learned.answers[row];
    const [top, bottom] = [y + line * step + 1, y + (line + 1) * step - 1];
    const color = isTrue ? palette.classes[0] : isTop ? palette.classes[1] : palette.faint;
    pen.fill([[across(0), top, across(scores[k]), top, across(scores[k]), bottom, across(0), bottom]], color);
    const size = Math.min(11, step - 1);
    pen.text(left - 4, (top + bottom) / 2, cut(isTrue ? `✓ ${names[k]}` : names[k], NAME_PX), { size, color: palette.ink, anchor: "end", bold: isTrue || isTop });
    pen.text(Math.max(across(scores[k]), across(0)) + 3, (top + bottom) / 2, decimal(scores[k], 1), { size: size - 1, color: palette.muted });
  });
}

/** @param {Pen} pen @param {Box} box @param {readonly number[]} shares @param {readonly import("./colors.js").Rgb[]} colors @param {Palette} palette */
function drawHistogram(pen, { x, y, width, height }, shares, colors, palette) {
  const shown = shares.length > 24 ? largest(shares, 24) : shares.map((_, i) => i);
  const most = Math.max(...shares, 1e-9);
  const bottom = y + height - 12;
  shown.forEach((i, place) => {
    const [left, right] = [x + (place * width) / shown.length, x + ((place + 1) * width) / shown.length - 1.5];
    const top = bottom - (shares[i] / most) * (bottom - y - 12);
    const bar = [left, bottom, right, bottom, right, top, left, top];
    pen.fill([bar], colors[i]);
    pen.line(bar, { color: palette.muted, width: 0.6 }, true);
  });
  pen.text(x, bottom + 7, shares.length > 24 ? "most common first" : "dark to bright", { size: 10, color: palette.muted });
  pen.text(x + width, y + 4, `${Math.round(100 * most)} % of the pixels`, { size: 10, color: palette.muted, anchor: "end" });
}

/** @param {number[]} products */
function strongest(products) {
  return largest(products, 1)[0];
}
