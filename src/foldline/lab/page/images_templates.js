/** What the classifier looks for, class by class or unit by unit: pictures, glyphs, colours or words. */

import { fitted, glyphsOf, pixelsOf } from "./images_pixels.js";
import { largest } from "./images_sight.js";

/** @typedef {import("./images_sight.js").Sight} Sight */
/** @typedef {import("./images_sight.js").Learned} Learned */
/** @typedef {import("./images_pixels.js").Box} Box */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {{readonly width: number, readonly height: number}} Size */

const CAPTION_PX = 15;
const GAP_PX = 6;
const LEAST_WEIGHT = 0.35; // of the large ones: smaller weights of a template are mostly noise
const BARS = 16; // at most, the largest of those for and those against
const WORDS_A_ROW = 8;
const ROWS_OF_WORDS = 12;
const N_COLS = 10; // of the sheet of words

/** @param {Pen} pen @param {Size} size @param {Sight} sight @param {number} word of the codebook that is pointed at; -1 for none @param {Palette} palette */
export function drawTemplates(pen, size, sight, word, palette) {
  const { learned } = sight;
  if (!learned) return;
  if (sight.words) drawWords(pen, size, sight, learned, word, palette);
  else tiles(learned.templates.shape[0], size).forEach((box, t) => {
    const inner = { ...box, y: box.y + CAPTION_PX, height: box.height - CAPTION_PX };
    pen.text(box.x + box.width / 2, box.y + CAPTION_PX / 2, cut(captionOf(sight, learned, t), box.width), { size: 11, color: palette.ink, anchor: "middle" });
    drawTile(pen, inner, sight, learned, t, palette);
  });
}

/** @param {Sight} sight @returns {string} */
export function templatesTitle({ meta, names, learned }) {
  const n = learned?.templates.shape[0] ?? 0;
  const all = meta.n_units || names.length;
  const whose = `each ${meta.n_units ? "hidden unit" : "class"}${learned && n < all ? ` (the first ${n} of ${all})` : ""}`;
  switch (meta.features) {
    case "hog": return `Edges that speak for ${whose}; violet ones speak against it`;
    case "color": return `${meta.boxes.length > 8 ? "Colours" : "Grey levels"} that speak for ${whose} (up) or against it (down)`;
    case "words": return `The codebook, and the words that speak for ${whose}`;
    default: return `Weights of ${whose}: bright speaks for it, dark against it`;
  }
}

/** @param {Sight} sight @param {Learned} learned @param {number} t @returns {string} a unit's has the class that it speaks for most */
export function captionOf({ names }, { next }, t) {
  if (!next.values.length) return names[t];
  const weights = names.map((_, k) => next.values[k * next.shape[1] + t]);
  return `+ ${names[largest(weights, 1)[0]]}`;
}

/** @param {Size} size @param {number} x @param {number} y @returns {number} the word of the sheet there, -1 for none */
export function wordAt({ height }, x, y) {
  const side = height / N_COLS;
  return x < N_COLS * side && y < height && x >= 0 && y >= 0 ? Math.floor(y / side) * N_COLS + Math.floor(x / side) : -1;
}

/** @param {Pen} pen @param {Box} box @param {Sight} sight @param {Learned} learned @param {number} t @param {Palette} palette */
function drawTile(pen, box, { meta }, { templates }, t, palette) {
  const shape = templates.shape.slice(1);
  const n = shape.reduce((a, b) => a * b, 1);
  if (meta.features === "raw") {
    const place = fitted(shape, box);
    pen.picture(pixelsOf(templates, t), place.x, place.y, place.width, place.height);
  } else if (meta.features === "hog") {
    const lines = glyphsOf(Array.prototype.slice.call(templates.values, t * n, (t + 1) * n), shape, box, LEAST_WEIGHT);
    pen.lines(lines.below, { color: palette.below, width: 1, opacity: 0.45 });
    pen.lines(lines.above, { color: palette.ink, width: 1.4 });
  } else drawBars(pen, box, Array.prototype.slice.call(templates.values, t * n, (t + 1) * n), meta.boxes, palette);
}

/** @param {Pen} pen @param {Box} box @param {readonly number[]} weights @param {readonly import("./colors.js").Rgb[]} colors @param {Palette} palette */
export function drawBars(pen, { x, y, width, height }, weights, colors, palette) {
  const order = largest(weights, weights.length);
  const shown = order.length > BARS ? [...order.slice(0, BARS / 2), ...order.slice(-BARS / 2)] : weights.map((_, i) => i);
  const most = Math.max(...weights.map(Math.abs), 1e-9);
  const [step, middle] = [width / shown.length, y + height / 2];
  pen.fill([[x, y, x + width, y, x + width, y + height, x, y + height]], palette.raised);
  shown.forEach((i, place) => {
    const end = middle - (weights[i] / most) * (height / 2 - 3);
    const left = x + place * step + 0.8, right = x + (place + 1) * step - 0.8;
    pen.fill([[left, middle, right, middle, right, end, left, end]], colors[i]);
    pen.line([left, middle, right, middle, right, end, left, end], { color: palette.muted, width: 0.5 }, true);
  });
  pen.lines([x, middle, x + width, middle], { color: palette.ink, width: 1 });
}

/** @param {Pen} pen @param {Size} size @param {Sight} sight @param {Learned} learned @param {number} chosen @param {Palette} palette */
function drawWords(pen, { width, height }, sight, learned, chosen, palette) {
  const words = /** @type {import("./images_sight.js").Table} */ (sight.words);
  const side = height / N_COLS;
  for (let word = 0; word < words.shape[0]; word++) {
    const [x, y] = [(word % N_COLS) * side, Math.floor(word / N_COLS) * side];
    pen.picture(pixelsOf(words, word), x, y, side - 1.5, side - 1.5);
    if (word === chosen) pen.line([x, y, x + side - 1.5, y, x + side - 1.5, y + side - 1.5, x, y + side - 1.5], { color: palette.accent, width: 2.5 }, true);
  }
  const { values, shape: [n, n_words] } = learned.templates;
  const rows = Math.min(n, ROWS_OF_WORDS);
  const [left, step] = [height + 14, height / rows];
  const tile = Math.min(step - 2, (width - left - 96) / WORDS_A_ROW);
  for (let t = 0; t < rows; t++) {
    const votes = Array.prototype.slice.call(values, t * n_words, (t + 1) * n_words);
    const best = largest(votes, WORDS_A_ROW);
    pen.text(left, (t + 0.5) * step, cut(captionOf(sight, learned, t), 92), { size: 11, color: palette.ink });
    best.forEach((word, i) => {
      if (votes[word] > 0) pen.picture(pixelsOf(words, word), left + 96 + i * tile, t * step + (step - tile) / 2, tile - 1.5, tile - 1.5);
    });
  }
}

/** @param {number} n @param {Size} size @returns {Box[]} as large as there is room for, row by row */
function tiles(n, { width, height }) {
  let best = { cols: 1, side: 0 };
  for (let cols = 1; cols <= n; cols++) {
    const side = Math.min(width / cols - GAP_PX, height / Math.ceil(n / cols) - CAPTION_PX);
    if (side > best.side) best = { cols, side };
  }
  const [across, down] = [width / best.cols, height / Math.ceil(n / best.cols)];
  return Array.from({ length: n }, (_, t) => ({ x: (t % best.cols) * across, y: Math.floor(t / best.cols) * down, width: across - GAP_PX, height: down - 2 }));
}

/** @param {string} words @param {number} width in pixels @returns {string} as much of it as there is room for */
export function cut(words, width) {
  const most = Math.max(Math.floor(width / 6.4), 2);
  return words.length > most ? `${words.slice(0, most - 1)}…` : words;
}
