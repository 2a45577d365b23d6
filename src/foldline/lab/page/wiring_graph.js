/** The drawn graph: input, nodes with small pictures of what they give, output, and arrows as thick as they weigh. */

import { responsePixels } from "./plane.js";

/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {import("./wiring_moment.js").Graph} Graph */
/** @typedef {{readonly x: number, readonly y: number, readonly side: number}} Box middle and side, in pixels */
/** @typedef {{readonly from: number, readonly to: number, readonly weight: number | null, readonly ends: readonly number[]}} Arrow from a node or INPUT, to a node or OUTPUT; no weight to the output; `ends` as Pen.curve takes them */
/** @typedef {{readonly nodes: readonly Box[], readonly input: Box, readonly output: Box, readonly arrows: readonly Arrow[]}} Layout */
/**
 * @typedef {object} Marked what stands out
 * @property {number} node that is chosen or pointed at; -1 for none
 * @property {number} from where a connection is being drawn from; -1 for none
 * @property {number} arrow pointed at; -1 for none
 * @property {readonly [number, number] | null} to where the connection being drawn ends
 */

export const INPUT = -1;
export const OUTPUT = -2;
const MARGIN_PX = 40; // at both sides, for the names of input and output
const LARGEST_PX = 48;
const ROW = 1.15; // units of y from one node of a column to the next
const MOST_ROW_PX = 74;
const HEAD_PX = 8;
const REACH_PX = 7; // around an arrow
const N_STEPS = 24; // along an arrow, to find the nearest

/** @param {Graph} graph @param {{width: number, height: number}} size @returns {Layout} */
export function layOutGraph(graph, { width, height }) {
  const { places, n_nodes } = graph;
  const xs = Array.from({ length: n_nodes }, (_, i) => places[2 * i]);
  const ys = Array.from({ length: n_nodes }, (_, i) => places[2 * i + 1]);
  const step = (width - 2 * MARGIN_PX) / (Math.max(...xs) + 1);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const row = Math.min((height - 8) / ((high - low) / ROW + 1), MOST_ROW_PX);
  const side = Math.min(LARGEST_PX, step * 0.62, row * 0.8);
  const boxAt = (/** @type {number} */ x, /** @type {number} */ y) => ({ x: MARGIN_PX + x * step, y: height / 2 - ((y - (low + high) / 2) / ROW) * row, side });
  const nodes = xs.map((x, i) => boxAt(x, ys[i]));
  const middle = (low + high) / 2;
  const end = { ...boxAt(0, middle), side: Math.min(side, 22) };
  const input = end;
  const output = { ...end, x: width - MARGIN_PX };
  const boxOf = (/** @type {number} */ node) => (node === INPUT ? input : node === OUTPUT ? output : nodes[node]);
  const arrow = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number | null} */ weight) =>
    ({ from, to, weight, ends: curveBetween(boxOf(from), boxOf(to), step, height / 2) });
  return {
    nodes, input, output,
    arrows: [
      ...graph.edges.map(([from, to], i) => arrow(from, to, graph.edge_weights[i])),
      ...Array.from(graph.inlets, (node, i) => arrow(INPUT, node, graph.inlet_weights[i])),
      ...Array.from(graph.outlets, (node) => arrow(node, OUTPUT, null)),
    ],
  };
}

/** @param {Layout} layout @param {number} x @param {number} y @returns {number} the node there, -1 for none */
export function nodeAt({ nodes }, x, y) {
  return nodes.findIndex((box) => Math.max(Math.abs(box.x - x), Math.abs(box.y - y)) <= box.side / 2 + 3);
}

/** @param {Layout} layout @param {number} x @param {number} y @returns {number} the arrow between two nodes that is nearest there, -1 for none */
export function arrowAt({ arrows }, x, y) {
  let [best, least] = [-1, REACH_PX];
  arrows.forEach(({ from, to, ends }, i) => {
    if (from < 0 || to < 0) return;
    for (let step = 0; step <= N_STEPS; step++) {
      const [px, py] = along(ends, step / N_STEPS);
      const distance = Math.hypot(px - x, py - y);
      if (distance < least) [best, least] = [i, distance];
    }
  });
  return best;
}

/** @param {Layout} layout @param {number} node @param {number} dx @param {number} dy @returns {number} the next node in a direction, the same where there is none */
export function nextNode({ nodes }, node, dx, dy) {
  if (node < 0) return 0;
  let [best, least] = [node, Infinity];
  nodes.forEach(({ x, y }, i) => {
    const ahead = (x - nodes[node].x) * dx + (y - nodes[node].y) * dy;
    const aside = Math.abs((x - nodes[node].x) * dy) + Math.abs((y - nodes[node].y) * dx);
    if (ahead > 1 && ahead + 2 * aside < least) [best, least] = [i, ahead + 2 * aside];
  });
  return best;
}

/**
 * @param {Pen} pen @param {Layout} layout @param {import("./wiring_moment.js").WiringMoment} moment
 * @param {Palette} palette @param {Marked} marked
 */
export function drawGraph(pen, layout, moment, palette, marked) {
  layout.arrows.forEach((arrow, i) => drawArrow(pen, arrow, palette, i === marked.arrow, marked.node));
  for (const [box, name] of /** @type {const} */ ([[layout.input, "input"], [layout.output, "output"]])) {
    pen.mark("square", box.x, box.y, box.side / 2, palette.ink, palette.paper);
    pen.text(box.x, box.y - box.side / 2 - 10, name, { size: 12, color: palette.ink, anchor: "middle", bold: true, halo: palette.paper });
  }
  const start = layout.nodes[marked.from];
  if (start && marked.to) pen.lines([start.x, start.y, ...marked.to], { color: palette.accent, width: 3, dash: [6, 4] });
  layout.nodes.forEach((box, node) => drawNode(pen, box, node, moment, palette, node === marked.node, node === marked.from));
}

/** @param {Pen} pen @param {Arrow} arrow @param {Palette} palette @param {boolean} isMarked @param {number} node whose arrows stand out */
function drawArrow(pen, { from, to, weight, ends }, palette, isMarked, node) {
  const touches = node >= 0 && (from === node || to === node);
  const share = weight ?? 0.3;
  const color = isMarked ? palette.accent : weight === null ? palette.muted : palette.ink;
  const opacity = isMarked || touches ? 1 : node >= 0 ? 0.22 : 0.25 + 0.55 * share;
  pen.curve(ends, { color, width: 0.5 + 4.5 * share ** 2 + (isMarked ? 1 : 0), dash: weight === null ? [4, 3] : [], opacity });
  const [x, y] = ends.slice(6);
  const angle = Math.atan2(y - ends[5], x - ends[4]);
  const half = 2.6 + 2.4 * share;
  const [ux, uy] = [Math.cos(angle), Math.sin(angle)];
  const tip = [x + HEAD_PX * ux, y + HEAD_PX * uy];
  pen.fill([[...tip, x - half * uy, y + half * ux, x + half * uy, y - half * ux]], color, opacity === 1 ? 0.999 : opacity);
}

/** @param {Pen} pen @param {Box} box @param {number} node @param {import("./wiring_moment.js").WiringMoment} moment @param {Palette} palette @param {boolean} isMarked @param {boolean} isStart */
function drawNode(pen, { x, y, side }, node, moment, palette, isMarked, isStart) {
  const [left, top] = [x - side / 2, y - side / 2];
  const frame = [left, top, left + side, top, left + side, top + side, left, top + side];
  const response = moment.response(node);
  pen.fill([frame], palette.raised);
  if (response && !moment.isFlat(node)) pen.picture(responsePixels(response, moment.side, palette), left, top, side, side);
  // What says nothing about a point is crossed out.
  if (moment.isFlat(node)) pen.lines([left, top, left + side, top + side, left, top + side, left + side, top], { color: palette.muted, width: 1 });
  pen.line(frame, { color: isMarked || isStart ? palette.accent : palette.muted, width: isStart ? 5 : isMarked ? 3 : 1.2 }, true);
  pen.text(left + 3, top + 8, String(node), { size: 11, color: palette.ink, bold: true, halo: palette.paper });
}

/** @param {Box} from @param {Box} to @param {number} step pixels from column to column @param {number} middle @returns {number[]} */
function curveBetween(from, to, step, middle) {
  const [x0, x1] = [from.x + from.side / 2, to.x - to.side / 2 - HEAD_PX];
  const pull = Math.max((x1 - x0) * 0.42, 6);
  const n_columns = (to.x - from.x) / step;
  // Long ones pass by the nodes between, away from the middle.
  const side = from.y + to.y >= 2 * middle ? 1 : -1;
  const bow = n_columns > 1.5 ? side * Math.min(18 * n_columns, 80) : 0;
  return [x0, from.y, x0 + pull, from.y + bow, x1 - pull, to.y + bow, x1, to.y];
}

/** @param {readonly number[]} ends @param {number} share @returns {[number, number]} a place on the curve */
function along([x0, y0, x1, y1, x2, y2, x3, y3], share) {
  const rest = 1 - share;
  const [a, b, c, d] = [rest ** 3, 3 * rest ** 2 * share, 3 * rest * share ** 2, share ** 3];
  return [a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3];
}
