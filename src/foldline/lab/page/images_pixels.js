/** Images of bytes, glyphs of directions and maps of products, made ready for a pen. */

import { mix } from "./colors.js";

/** @typedef {import("./images_sight.js").Table} Table */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {{readonly x: number, readonly y: number, readonly width: number, readonly height: number}} Box in pixels of the page */

const CRISP_PX = 96; // of the longer side at least, so that smoothing does not blur small images

/** @param {Table} images (n, height, width, channels) bytes @param {number} index @returns {ImageData} each pixel a square of some */
export function pixelsOf({ values, shape: [, height, width, n_channels] }, index) {
  const first = index * height * width * n_channels;
  return squares(height, width, (at) => {
    const level = first + at * n_channels;
    return n_channels === 1 ? [values[level], values[level], values[level]] : [values[level], values[level + 1], values[level + 2]];
  });
}

/** @param {readonly (readonly number[])[]} products rows of numbers @param {Palette} palette @returns {ImageData} blue above 0, orange below */
export function mapOf(products, palette) {
  const most = Math.max(...products.map((row) => Math.max(...row.map(Math.abs))), 1e-9);
  return squares(products.length, products[0].length, (at) => {
    const share = products[Math.floor(at / products[0].length)][at % products[0].length] / most;
    return mix(palette.paper, palette.classes[share > 0 ? 0 : 1], Math.abs(share) ** 0.7);
  });
}

/**
 * Lines along the edges of each cell, as long as its votes or weights are large.
 *
 * @param {ArrayLike<number>} cells row by row, all directions of a cell side by side @param {readonly number[]} shape (rows, cols, directions)
 * @param {Box} box @param {number} [least] share of the large ones below which nothing is drawn
 * @returns {{above: number[], below: number[]}} four numbers a piece, of what lies above 0 and below
 */
export function glyphsOf(cells, [n_rows, n_cols, n_bins], { x, y, width, height }, least = 0.08) {
  const sizes = Array.from(cells, Math.abs).sort((a, b) => a - b);
  const full = Math.max(sizes[Math.floor(0.98 * (sizes.length - 1))], 1e-9);
  const side = Math.min(width / n_cols, height / n_rows);
  const left = x + (width - n_cols * side) / 2, top = y + (height - n_rows * side) / 2;
  /** @type {{above: number[], below: number[]}} */
  const lines = { above: [], below: [] };
  for (let i = 0; i < cells.length; i++) {
    const share = Math.min(Math.abs(cells[i]) / full, 1);
    if (share < least) continue;
    const cell = Math.floor(i / n_bins);
    // An edge runs at right angles to the gradient, whose direction falls into the middle of its bin.
    const angle = (Math.PI * (i % n_bins + 0.5)) / n_bins + Math.PI / 2;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((part) => (part * share * side) / 2);
    const [cx, cy] = [left + (cell % n_cols + 0.5) * side, top + (Math.floor(cell / n_cols) + 0.5) * side];
    (cells[i] > 0 ? lines.above : lines.below).push(cx - dx, cy - dy, cx + dx, cy + dy);
  }
  return lines;
}

/** @param {readonly number[]} shape height and width of what is drawn @param {Box} box @returns {Box} the largest of that shape in the middle of it */
export function fitted([height, width], box) {
  const scale = Math.min(box.width / width, box.height / height);
  return { x: box.x + (box.width - width * scale) / 2, y: box.y + (box.height - height * scale) / 2, width: width * scale, height: height * scale };
}

/** @param {number} height @param {number} width @param {(at: number) => readonly number[]} color of each pixel */
function squares(height, width, color) {
  const times = Math.max(Math.ceil(CRISP_PX / Math.max(height, width)), 1);
  const pixels = new ImageData(width * times, height * times);
  const words = new Uint32Array(pixels.data.buffer);
  for (let at = 0; at < height * width; at++) {
    const [red, green, blue] = color(at);
    const word = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    const start = Math.floor(at / width) * times * width * times + (at % width) * times;
    for (let row = 0; row < times; row++) words.fill(word, start + row * width * times, start + row * width * times + times);
  }
  return pixels;
}
