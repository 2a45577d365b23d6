import assert from "node:assert/strict";
import { test } from "node:test";

import { areJoined, toggled, withoutNode } from "../../../src/foldline/lab/page/wiring_edges.js";
import { arrowAt, layOutGraph, nextNode, nodeAt } from "../../../src/foldline/lab/page/wiring_graph.js";

const EDGES = [[0, 1], [0, 3], [1, 3]];
// 0 at the left, 1 above 2 in the middle, 3 at the right
const GRAPH = {
  n_nodes: 4, places: [1, 0, 2, 0.575, 2, -0.575, 3, 0],
  edges: EDGES, edge_weights: [0.5, 0.5, 0.9], inlets: [0, 2], inlet_weights: [0.5, 0.5], outlets: [2, 3],
};
const SIZE = { width: 480, height: 200 };

test("an edge is joined and parted in either direction, and the others stay in order", () => {
  assert.deepEqual(toggled(EDGES, 2, 0), [[0, 1], [0, 2], [0, 3], [1, 3]]);
  assert.deepEqual(toggled(EDGES, 3, 0), [[0, 1], [1, 3]]);
  assert.deepEqual(toggled(toggled(EDGES, 2, 0), 0, 2), EDGES);
  assert.deepEqual([areJoined(EDGES, 3, 1), areJoined(EDGES, 2, 1)], [true, false]);
});

test("a node taken out takes its edges along, and those after it have a number less", () => {
  assert.deepEqual(withoutNode(EDGES, 1), [[0, 2]]);
  assert.deepEqual(withoutNode(EDGES, 2), [[0, 1], [0, 2], [1, 2]]);
});

test("nodes stand in the column of their depth, and the input left of all", () => {
  const { nodes, input, output } = layOutGraph(GRAPH, SIZE);
  assert.deepEqual(nodes.map(({ x }) => x), [140, 240, 240, 340]);
  assert.deepEqual([input.x, output.x], [40, 440]);
  assert.deepEqual(nodes.map(({ y }) => Math.sign(100 - y)), [0, 1, -1, 0]);
});

test("what is pointed at is found: a node, else an edge between nodes", () => {
  const layout = layOutGraph(GRAPH, SIZE);
  const [first, second] = layout.nodes;
  assert.equal(nodeAt(layout, second.x + 4, second.y - 4), 1);
  assert.equal(nodeAt(layout, 5, 5), -1);
  assert.equal(arrowAt(layout, (first.x + second.x) / 2, (first.y + second.y) / 2), 0);
  assert.equal(arrowAt(layout, (layout.input.x + first.x) / 2, first.y), -1); // the input's cannot be cut
});

test("arrows go to the next node in their direction, and stay where there is none", () => {
  const layout = layOutGraph(GRAPH, SIZE);
  assert.equal(nextNode(layout, -1, 1, 0), 0);
  assert.equal(nextNode(layout, 1, 0, 1), 2);
  assert.equal(nextNode(layout, 1, 1, 0), 3);
  assert.equal(nextNode(layout, 0, -1, 0), 0);
});
