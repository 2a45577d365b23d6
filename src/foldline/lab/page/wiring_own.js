/** Changing the graph by hand; whatever it was before, from then on it is the user's own. */

import { toast } from "./dom.js";
import { fieldOf } from "./fields.js";
import { toggled, withoutNode } from "./wiring_edges.js";

/** @typedef {import("./kinds.js").Edge} Edge */

const FEWEST = 2; // nodes

/** @param {import("./store.js").Store} store @param {() => import("./wiring_moment.js").WiringMoment | null} moment */
export function wiringEdits(store, moment) {
  const most = fieldOf(store, "wiring_nodes").high ?? 0;
  const set = (/** @type {readonly Edge[]} */ wiring_edges, /** @type {number} */ wiring_nodes) => {
    const wasOwn = store.get().wiring_graph === "own";
    store.change({ wiring_graph: "own", wiring_edges, wiring_nodes });
    if (!wasOwn) toast("The graph is your own now; the link holds its connections.");
  };
  const edit = (/** @type {(edges: readonly Edge[], n_nodes: number) => void} */ act) => {
    const { wiring_graph, wiring_edges, wiring_nodes } = store.get();
    const shown = moment()?.graph;
    if (wiring_graph === "own") act(wiring_edges, wiring_nodes);
    else if (shown) act(shown.edges, shown.n_nodes); // drawn by chance: the engine alone knows it
  };
  return {
    own: () => edit(set),
    /** @param {number} a @param {number} b joined, or parted if they are */
    toggle: (a, b) => edit((edges, n) => set(toggled(edges, a, b), n)),
    add: () => edit((edges, n) => (n < most ? set(edges, n + 1) : toast(`${most} nodes are as many as there is room for.`))),
    /** @param {number} node negative: the last one */
    remove: (node) => edit((edges, n) =>
      (n > FEWEST ? set(withoutNode(edges, node < 0 ? n - 1 : node), n - 1) : toast(`${FEWEST} nodes are the fewest. Add one first.`))),
  };
}
