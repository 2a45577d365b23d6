/** Presets of the page of wirings: a graph each, on the spiral, and what to notice. */

import { toggled } from "./wiring_edges.js";

/** @type {readonly import("./kinds.js").Edge[]} */
const ROW = Array.from({ length: 9 }, (_, node) => [node, node + 1]);
const usual = { lr: 0.01, wiring_nodes: 10 };

/** @type {readonly import("./presets.js").Preset[]} in the order in which they explain one another */
export const WIRING_PRESETS = [
  { title: "1 · A row", set: { ...usual, seed: 1, wiring_graph: "own", wiring_edges: ROW },
    notice: "Nodes in a row are an ordinary deep net, here ten narrow layers. With this seed it stays as good as guessing: nodes that are crossed out give the same for every point, and what comes after them learns nothing. Drag from 0 to 9 while it trains: a short cut brings it to life." },
  { title: "2 · Short cuts", set: { ...usual, seed: 1, wiring_graph: "own", wiring_edges: toggled(toggled(ROW, 0, 4), 4, 8) },
    notice: "The same row, weights and points, and two connections more: 0 to 4, and 4 to 8. Now it learns, since there is a way around the places where nothing gets through. Click on a short cut to cut it, and drag to join it again." },
  { title: "3 · By chance", set: { ...usual, wiring_graph: "er", wiring_p: 0.3 },
    notice: "Every pair of nodes is joined with probability 30 %. Nobody designed this, and it learns the spiral about as well as regular layers of as many weights: that is the finding of Xie and others (2019). Throw the dice of the graph seed: which graph it is matters little." },
  { title: "4 · Small world", set: { ...usual, wiring_graph: "ws" },
    notice: "A ring in which each node is joined to its four neighbours, and three quarters of the connections are turned to some other node. Set Turned to 0 %: the longest way now leads through all ten nodes, and it learns all the same, since each node feeds the next but one too." },
  { title: "5 · Hubs", set: { ...usual, wiring_graph: "ba" },
    notice: "Each new node is joined to two of those before it, rather to those that have many connections. Once it has learned, click the connection from 2 to 3: the boundary breaks at once, and training mends it. Do the same with 0 to 5: hardly anything hung on that one." },
  { title: "6 · Your own", set: { ...usual, wiring_nodes: 4, wiring_graph: "own" },
    notice: "Four nodes that nothing joins are one layer in four parts. Join them by dragging from one to another. What nothing feeds is fed by the input, and what feeds nothing goes to the output, which is their mean: so no node is ever cut off." },
];

export const OWN = "Both nets have about as many weights and learn the same points in the same order. Compare what they get right of the points held back, over several seeds.";
