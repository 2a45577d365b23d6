/** The settings of the graph. */

import { seedRow } from "./controls.js";
import { find } from "./dom.js";
import { choiceRow, evenly, follow, sliderRow } from "./fields.js";

/** @typedef {import("./store.js").Store} Store */

const GRAPH_WORDS = { er: "Erdős-Rényi (chance)", ba: "Barabási-Albert (hubs)", ws: "Watts-Strogatz (ring)", chain: "A row", own: "My own" };
const FEWEST_DRAWN = 7; // nodes of a graph that is drawn by chance: one more than the most neighbours
const share = (/** @type {number} */ part) => `${Math.round(100 * part)} %`;

/**
 * @param {HTMLElement} place @param {Store} store
 * @param {{own: () => void, add: () => void, remove: () => void}} acts take the shown graph for one's own; add a node; take one out
 */
export function wiringControls(place, store, acts) {
  const { wiring_nodes: most } = Object.fromEntries(store.schema.fields.map(({ name, high }) => [name, high ?? 0]));
  const kind = choiceRow(store, { name: "wiring_graph", label: "Graph", words: GRAPH_WORDS });
  const select = /** @type {HTMLSelectElement} */ (kind.querySelector("select"));
  select.onchange = () => {
    if (select.value === "own") acts.own();
    else store.change({ wiring_graph: select.value, wiring_nodes: Math.max(store.get().wiring_nodes, FEWEST_DRAWN) });
  };
  const [add, remove] = [find("wiring-add", HTMLButtonElement), find("wiring-remove", HTMLButtonElement)];
  add.onclick = acts.add;
  remove.onclick = acts.remove;
  const of = {
    er: sliderRow(store, { name: "wiring_p", label: "Joined", stops: evenly(0.05, 1, 0.05), format: share }),
    ws: sliderRow(store, { name: "wiring_turned", label: "Turned", stops: evenly(0, 1, 0.05), format: share }),
    ba: sliderRow(store, { name: "wiring_m", label: "Edges each", stops: evenly(1, 5, 1), format: String }),
  };
  const near = sliderRow(store, { name: "wiring_k", label: "Neighbours", stops: [2, 4, 6], format: String });
  const seed = seedRow(store, { name: "wiring_seed", label: "Graph seed", another: "Another graph seed", says: "another graph of this kind" });
  place.append(
    kind,
    sliderRow(store, { name: "wiring_nodes", label: "Nodes", stops: evenly(FEWEST_DRAWN, most, 1), format: String, applies: ({ wiring_graph }) => wiring_graph !== "own" }),
    sliderRow(store, { name: "wiring_width", label: "Width", stops: evenly(1, 8, 1), format: (n) => (n === 1 ? "1 unit" : `${n} units`) }),
    seed, near, ...Object.values(of),
  );
  follow(store, ({ wiring_graph, wiring_nodes }) => {
    Object.entries(of).forEach(([name, row]) => (row.hidden = name !== wiring_graph));
    near.hidden = wiring_graph !== "ws";
    seed.hidden = wiring_graph === "own" || wiring_graph === "chain";
    add.disabled = wiring_nodes >= most;
    remove.disabled = wiring_nodes <= 2;
  });
}
