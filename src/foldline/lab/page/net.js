/** The net as a drawing: inputs, layers of units with small pictures of their responses, weights as lines. */

import { responsePixels } from "./plane.js";

/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {{readonly x: number, readonly y: number, readonly side: number}} Box middle and side, in pixels */
/** @typedef {{readonly values: ArrayLike<number>, readonly shape: readonly [n_out: number, n_in: number]}} Matrix */
/** @typedef {readonly [column: number, index: number]} Place column 0 is the inputs, the last one the classes */
/**
 * @typedef {object} Net
 * @property {readonly Matrix[]} weights one a layer, the last one to the classes
 * @property {(column: number, index: number) => ArrayLike<number> | null} response of an input or a hidden unit, rows from the top
 * @property {number} side of a response's picture
 */

const GAP = 3;
const LARGEST_PX = 46;
const MOST_LINES = 700; // between two columns; the strongest are drawn
const FRAME_PX = 2;

/**
 * Where everything stands. A wide layer takes several rows and columns of smaller boxes.
 *
 * @param {readonly number[]} counts of inputs, of each hidden layer and of classes
 * @param {{width: number, height: number}} size
 * @returns {{columns: readonly (readonly Box[])[], middles: readonly number[], room: number}}
 */
export function layOut(counts, { width, height }) {
  const room = width / counts.length;
  const middles = counts.map((_, column) => room * (column + 0.5));
  const columns = counts.map((count, column) => {
    const { across, side } = grid(count, Math.min(room * 0.62, 190), height - 2 * GAP);
    const down = Math.ceil(count / across);
    return Array.from({ length: count }, (_, i) => ({
      x: middles[column] + ((i % across) - (across - 1) / 2) * (side + GAP),
      y: height / 2 + (Math.floor(i / across) - (down - 1) / 2) * (side + GAP),
      side,
    }));
  });
  return { columns, middles, room };
}

/** @param {number} count @param {number} width @param {number} height @returns {{across: number, side: number}} */
function grid(count, width, height) {
  let best = { across: 1, side: 0 };
  for (let across = 1; across <= count; across++) {
    const side = Math.min(width / across, height / Math.ceil(count / across), LARGEST_PX + GAP) - GAP;
    // One column is read most easily: a second must make the boxes clearly larger.
    if (side > best.side * 1.25) best = { across, side };
  }
  return { across: best.across, side: Math.max(best.side, 2) };
}

/** @param {ReturnType<typeof layOut>} layout @param {number} x @param {number} y @returns {Place | null} */
export function unitAt({ columns }, x, y) {
  for (const [column, boxes] of columns.entries()) {
    const index = boxes.findIndex((box) => Math.max(Math.abs(box.x - x), Math.abs(box.y - y)) <= (box.side + GAP) / 2);
    if (index >= 0) return [column, index];
  }
  return null;
}

/**
 * @param {Pen} pen @param {Net} net @param {ReturnType<typeof layOut>} layout
 * @param {Palette} palette @param {Place | null} chosen its weights stand out, all others step back
 */
export function drawNet(pen, net, layout, palette, chosen) {
  net.weights.forEach((matrix, column) => drawWeights(pen, matrix, layout.columns[column], layout.columns[column + 1], palette, column, chosen));
  layout.columns.forEach((boxes, column) => boxes.forEach((box, index) => {
    const isChosen = chosen !== null && chosen[0] === column && chosen[1] === index;
    if (column === layout.columns.length - 1) drawClass(pen, box, index, palette, isChosen);
    else drawBox(pen, box, net.response(column, index), net.side, palette, isChosen);
  }));
}

/**
 * @param {Pen} pen @param {Matrix} matrix @param {readonly Box[]} from @param {readonly Box[]} to
 * @param {Palette} palette @param {number} column of `from` @param {Place | null} chosen
 */
function drawWeights(pen, { values, shape: [n_out, n_in] }, from, to, palette, column, chosen) {
  if (n_in !== from.length || n_out !== to.length) return; // a frame of the net before
  const sizes = Float32Array.from({ length: n_in * n_out }, (_, i) => Math.abs(values[i]));
  const order = sizes.length > MOST_LINES ? Float32Array.from(sizes).sort() : null;
  const least = order ? order[order.length - MOST_LINES] : 0;
  const largest = sizes.reduce((a, b) => Math.max(a, b), 1e-6);
  for (let o = 0; o < n_out; o++) {
    for (let i = 0; i < n_in; i++) {
      const size = sizes[o * n_in + i];
      const touches = chosen !== null && ((chosen[0] === column && chosen[1] === i) || (chosen[0] === column + 1 && chosen[1] === o));
      if (size < least && !touches) continue;
      const share = size / largest;
      const isBelow = values[o * n_in + i] < 0;
      const [a, b] = [from[i], to[o]];
      const [start, end] = [a.x + a.side / 2, b.x - b.side / 2];
      const bend = (b.x - a.x) * 0.45;
      const rest = chosen !== null ? 0.07 : 0.12 + 0.6 * share;
      pen.curve([start, a.y, start + bend, a.y, end - bend, b.y, end, b.y], {
        color: isBelow ? palette.below : palette.ink,
        width: touches ? 0.8 + 4 * share : 0.3 + 2.6 * share,
        dash: isBelow ? [5, 3] : [], // the sign is told by the line as well as by its colour
        opacity: touches ? 0.95 : rest,
      });
    }
  }
}

/**
 * @param {Pen} pen @param {Box} box @param {ArrayLike<number> | null} response @param {number} side
 * @param {Palette} palette @param {boolean} isChosen
 */
function drawBox(pen, { x, y, side: px }, response, side, palette, isChosen) {
  const [left, top] = [x - px / 2, y - px / 2];
  const frame = [left, top, left + px, top, left + px, top + px, left, top + px];
  pen.fill([frame], palette.raised);
  if (response) pen.picture(responsePixels(response, side, palette), left, top, px, px);
  pen.line(frame, { color: isChosen ? palette.accent : palette.muted, width: isChosen ? FRAME_PX + 1 : px > 12 ? 1 : 0.5 }, true);
}

/** @param {Pen} pen @param {Box} box @param {number} index @param {Palette} palette @param {boolean} isChosen */
function drawClass(pen, { x, y, side }, index, palette, isChosen) {
  const radius = Math.min(side / 2, 15);
  pen.mark("disc", x, y, radius, palette.classes[index % palette.classes.length], isChosen ? palette.accent : palette.paper, isChosen ? FRAME_PX : 1);
  pen.text(x, y + 0.5, String(index), { size: Math.max(Math.round(radius), 8), color: palette.paper, anchor: "middle", bold: true });
}
