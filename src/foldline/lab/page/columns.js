/** Which two columns of a table are x and y: two lists, and small pictures of every pair. */

import { MARKS } from "./colors.js";
import { letItClose, make, sheet } from "./dom.js";
import { follow, idOf } from "./fields.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./server.js").Table} Table */

const AXES = /** @type {const} */ (["Across (x)", "Up (y)"]);
const REACH = 3; // deviations that a small picture shows to each side
const DOT_PX = 1.8;

/** What changes with a table: another one may have fewer columns. */
export const FIRST_TWO = /** @type {const} */ ({ columns: [0, 1] });

/** @param {{readonly data: string}} state @returns {boolean} whether its points are two columns of a table */
export function isOfTable({ data }) {
  return data === "csv" || data === "images";
}

/** @param {{readonly data: string}} state @returns {boolean} whether its points are made, as many as are asked for */
export function isMade(state) {
  return state.data !== "points" && !isOfTable(state);
}

/**
 * @param {HTMLElement} place @param {Store} store @param {import("./server.js").Server} server @param {() => import("./colors.js").Palette} palette
 * @param {string} [on] the page, if not the playground
 * @returns {{show: (names: readonly string[]) => void, pairs: (table: Table) => void}} `show` for the columns of the newest picture, none of points that are of no table; `pairs` for what the server answers
 */
export function columnControls(place, store, server, palette, on) {
  /** @type {readonly string[]} */
  let names = [];
  const selects = AXES.map((_, axis) => {
    const select = make("select", { id: idOf(`column-${axis}`, on) });
    select.onchange = () => choose(axis, Number(select.value));
    return select;
  });
  const choose = (/** @type {number} */ axis, /** @type {number} */ column) => {
    const before = store.get().columns;
    const other = before[1 - axis] === column ? before[axis] : before[1 - axis]; // the same one twice: they change places
    store.change({ columns: axis ? [other, column] : [column, other] });
  };
  const pairs = make("div", { class: "pairs" });
  const menu = make("details", { class: "menu beside-head" }, make("summary", { title: "Small pictures of every pair of columns" }, "Pairs"), pairs);
  menu.ontoggle = () => menu.open && server.send({ do: "pairs" });
  letItClose(menu);

  const drawPairs = (/** @type {Table} */ { columns, rows, labels }) => {
    const n = rows[0].length;
    pairs.style.gridTemplateColumns = `repeat(${n}, minmax(0, 1fr))`;
    const [x, y] = store.get().columns;
    const cells = Array.from({ length: n * n }, (_, i) => [i % n, Math.floor(i / n)]);
    const canvases = cells.map(() => make("canvas"));
    pairs.replaceChildren(...cells.map(([across, up], i) => {
      if (across === up) return make("span", {}, columns[up]);
      const says = `${columns[up]} over ${columns[across]}`;
      const button = make("button", { type: "button", title: says, "aria-label": says, "aria-pressed": String(across === x && up === y) }, canvases[i]);
      button.onclick = () => {
        menu.open = false;
        store.change({ columns: [across, up] });
      };
      return button;
    }), ...(columns.length > n ? [make("p", {}, `The first ${n} of ${columns.length} columns; the lists have all.`)] : []));
    cells.forEach(([across, up], i) => across !== up && drawPair(canvases[i], rows.map((row) => [row[across], row[up]]), labels));
  };
  const drawPair = (/** @type {HTMLCanvasElement} */ canvas, /** @type {number[][]} */ points, /** @type {readonly number[]} */ labels) => {
    const { pen, size: { width, height } } = sheet(canvas);
    const { classes } = palette();
    points.forEach(([x, y], i) => {
      const color = classes[labels[i] % classes.length];
      pen.mark(MARKS[labels[i] % MARKS.length], (width * (x + REACH)) / (2 * REACH), (height * (REACH - y)) / (2 * REACH), DOT_PX, color, color, 0.1);
    });
  };

  const rows = AXES.map((label, axis) => make("div", { class: "field wide", title: "A column of the table" }, make("label", { for: selects[axis].id }, label), selects[axis]));
  place.append(menu, ...rows);
  const show = () => {
    const state = store.get();
    [menu, ...rows].forEach((one) => (one.hidden = !isOfTable(state) || names.length < 3));
    selects.forEach((select, axis) => (select.value = String(state.columns[axis])));
  };
  follow(store, show);
  return {
    pairs: drawPairs,
    show(next) {
      if (String(next) === String(names)) return;
      names = next;
      for (const select of selects) select.replaceChildren(...names.map((name, value) => make("option", { value }, name)));
      show();
    },
  };
}
