/** The drawn graph, alive: a pointer or keys choose nodes, join and part them. */

import { find, sheet } from "./dom.js";
import { INPUT, OUTPUT, arrowAt, drawGraph, layOutGraph, nextNode, nodeAt } from "./wiring_graph.js";
import { decimal } from "./words.js";

/** @typedef {import("./wiring_moment.js").WiringMoment} WiringMoment */
/** @typedef {{toggle: (a: number, b: number) => void, add: () => void, remove: (node: number) => void}} Acts */

const HINT = "Drag from node to node to join or part them; click a connection to cut it. By keys: arrows choose a node, Enter takes it, then the other one and Enter. Each node shows the mean of its units: dark is above 0, violet below.";
const CLICK_PX = 5; // a pointer that moved no farther did not drag

/** @param {Acts} acts @param {() => void} changed */
export function wiringView(acts, changed) {
  const place = find("wiring-sheet", HTMLElement);
  const canvas = find("wiring-graph", HTMLCanvasElement);
  const told = find("wiring-told", HTMLElement);
  /** @type {import("./wiring_graph.js").Layout | null} */
  let layout = null;
  let chosen = -1; // by click or key
  let pointed = -1; // node under the pointer
  let arrow = -1; // connection under the pointer
  let from = -1; // where a connection is being drawn from
  /** @type {[number, number] | null} */
  let to = null;
  /** @type {[number, number] | null} */
  let pressed = null;

  const node = () => (pointed >= 0 ? pointed : chosen);
  const join = (/** @type {number} */ other) => {
    const start = from;
    [from, to] = [-1, null];
    chosen = other;
    if (start >= 0 && other >= 0 && start !== other) acts.toggle(start, other);
  };

  const point = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
    if (!layout) return;
    pointed = nodeAt(layout, offsetX, offsetY);
    arrow = pointed < 0 && !pressed ? arrowAt(layout, offsetX, offsetY) : -1;
    place.style.cursor = pointed >= 0 ? "grab" : arrow >= 0 ? "pointer" : "";
  };
  place.onpointerdown = (event) => {
    if (event.button !== 0) return;
    point(event);
    pressed = [event.offsetX, event.offsetY];
    if (pointed >= 0) [from, to] = [pointed, null];
    place.setPointerCapture(event.pointerId);
    changed();
  };
  place.onpointermove = (event) => {
    const isDragging = pressed !== null && from >= 0;
    point(event);
    if (isDragging) to = [event.offsetX, event.offsetY];
    changed();
  };
  place.onpointerup = (event) => {
    const start = pressed;
    pressed = null;
    point(event);
    const isClick = start !== null && Math.hypot(event.offsetX - start[0], event.offsetY - start[1]) <= CLICK_PX;
    if (isClick && layout && arrow >= 0) {
      const { from: a, to: b } = layout.arrows[arrow];
      arrow = -1;
      acts.toggle(a, b);
    } else if (isClick) [chosen, from, to] = [pointed, -1, null];
    else join(pointed);
    changed();
  };
  place.onpointercancel = () => {
    [pressed, from, to] = [null, -1, null];
    changed();
  };
  place.onpointerleave = () => {
    [pointed, arrow] = [-1, -1];
    changed();
  };
  place.onblur = () => {
    [from, to] = [-1, null]; // the chosen node stays, for the button that takes it out
    changed();
  };
  place.onkeydown = (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !layout) return;
    if (by) chosen = nextNode(layout, chosen, by[0], by[1]);
    else if (event.key === "Enter" && chosen >= 0 && from < 0) from = chosen;
    else if (event.key === "Enter" && from >= 0) join(chosen);
    else if (event.key === "Escape") [chosen, from] = [from, -1];
    else if ((event.key === "Delete" || event.key === "Backspace") && chosen >= 0) acts.remove(chosen);
    else if (event.key === "+") acts.add();
    else return;
    pointed = -1;
    if (from >= 0 && from !== chosen) to = [layout.nodes[chosen].x, layout.nodes[chosen].y];
    else to = null;
    event.preventDefault();
    changed();
  };

  return {
    node,
    chosen: () => chosen,
    /** @param {WiringMoment} moment @param {import("./colors.js").Palette} palette */
    draw(moment, palette) {
      const { n_nodes } = moment.graph;
      [chosen, pointed, from] = [chosen, pointed, from].map((one) => (one < n_nodes ? one : -1));
      const { pen, size } = sheet(canvas);
      layout = layOutGraph(moment.graph, size);
      if (arrow >= layout.arrows.length) arrow = -1;
      drawGraph(pen, layout, moment, palette, { node: node(), from, arrow, to });
      told.textContent = wordsOf(moment, layout);
    },
  };

  /** @param {WiringMoment} moment @param {import("./wiring_graph.js").Layout} layout */
  function wordsOf(moment, layout) {
    if (from >= 0 && !pressed) return `From node ${from}: choose the other node. Enter joins the two, or parts them if they are joined; Escape lets go.`;
    if (arrow >= 0) {
      const { from: a, to: b, weight } = layout.arrows[arrow];
      return `${a} feeds ${b} with weight ${decimal(weight, 2)}, learned, between 0 and 1. Click to cut it.`;
    }
    return node() >= 0 ? nodeInWords(node(), moment, layout) : HINT;
  }
}

/** @param {number} node @param {WiringMoment} moment @param {import("./wiring_graph.js").Layout} layout */
function nodeInWords(node, moment, { arrows }) {
  const named = (/** @type {number} */ other, /** @type {number | null} */ weight) =>
    `${other === INPUT ? "the input" : other === OUTPUT ? "the output" : other}${weight === null ? "" : ` (${decimal(weight, 2)})`}`;
  const fed = arrows.filter(({ to }) => to === node).map(({ from, weight }) => named(from, weight)).join(", ");
  const feeds = arrows.filter(({ from }) => from === node).map(({ to, weight }) => named(to, weight)).join(", ");
  const flat = moment.isFlat(node) ? " It gives the same for every point: nothing that reaches it is above 0." : "";
  return `Node ${node} is fed by ${fed} and feeds ${feeds}.${flat} Its answer lies over the plane of your wiring; Delete takes it out.`;
}
