/** The ways of building: what each is called and looks like, and the table that switches them on and tells how near they come. */

import { find, make, sheet, tell } from "./dom.js";
import { follow } from "./fields.js";

/** @typedef {import("./bumps_moment.js").Way} Way */
/** @typedef {{readonly name: string, readonly title: string, readonly short: string, readonly color: number, readonly dash: readonly number[], readonly says: string}} Look `color` counts the classes' colours */

/** @type {readonly Look[]} in the order of the table */
export const LOOKS = [
  { name: "bumps", title: "Bumps", short: "bumps", color: 1, dash: [], says: "Four ReLUs each, side by side, as high as the function in their middle; where they meet they are 0" },
  { name: "overlapping", title: "Overlapping", short: "overlap", color: 3, dash: [], says: "Each bump rises while the one before it falls, so that no gap is left: two units a bump" },
  { name: "hats", title: "Hats", short: "hats", color: 5, dash: [7, 3], says: "Bumps without a flat top: lines from value to value at even places, one unit each" },
  { name: "free", title: "Best net", short: "best", color: 0, dash: [], says: "Folds wherever they help most: of so many units the nearest, for an error the fewest" },
  { name: "trained", title: "Trained net", short: "trained", color: 2, dash: [5, 3], says: "As many units as the best net, in training on 1,024 samples" },
  { name: "neighbour", title: "Nearest sample", short: "samples", color: 7, dash: [2, 2.5], says: "No net: the value of the nearest of so many samples (1-nearest-neighbour)" },
];

/** @param {import("./store.js").Store} store @param {() => import("./colors.js").Palette} palette */
export function waysTable(store, palette) {
  const rows = LOOKS.map(({ name, title, says }) => {
    const box = make("input", { type: "checkbox", id: `bumps-show-${name}`, "aria-label": `Show ${title}` });
    const canvas = make("canvas", { "aria-hidden": "true" });
    const front = make("button", { type: "button", title: `${says}. Choose: its error band is drawn, and its net is what is saved.` }, canvas, title);
    const [units, error] = [make("td", {}), make("td", {})];
    box.onchange = () => {
      const { bumps_shown } = store.get();
      store.change({ bumps_shown: LOOKS.map((look) => look.name).filter((one) => (one === name ? box.checked : bumps_shown.includes(one))) });
    };
    front.onclick = () => {
      const { bumps_shown } = store.get();
      store.change({ bumps_front: name, bumps_shown: LOOKS.map((look) => look.name).filter((one) => one === name || bumps_shown.includes(one)) });
    };
    const row = make("tr", {}, make("td", {}, box), make("th", { scope: "row" }, front), units, error);
    return { name, row, box, canvas, front, units, error };
  });
  find("bumps-ways", HTMLElement).append(...rows.map(({ row }) => row));
  follow(store, ({ bumps_shown, bumps_front }) => rows.forEach(({ name, box, front, row }) => {
    box.checked = bumps_shown.includes(name);
    front.setAttribute("aria-pressed", String(name === bumps_front));
    row.classList.toggle("is-off", !box.checked);
  }));
  return {
    draw: () => rows.forEach(({ canvas }, i) => {
      const { pen, size } = sheet(canvas);
      pen.lines([1, size.height / 2, size.width - 1, size.height / 2], { color: palette().classes[LOOKS[i].color], width: 2.5, dash: LOOKS[i].dash });
    }),
    /** @param {import("./bumps_moment.js").BumpsMoment} moment */
    show({ ways, meta }) {
      rows.forEach(({ name, units, error }) => {
        const way = ways.find((one) => one.name === name);
        const isShown = store.get().bumps_shown.includes(name);
        const isBeyond = meta.beyond.includes(name);
        units.textContent = way ? String(way.n_units) : isBeyond ? "> 300" : isShown && !meta.problem ? "…" : "–";
        error.textContent = way ? `${way.is_proved ? "≤" : "="} ${way.told}` : "";
        error.title = way ? (way.is_proved ? "Proved: no x of the range has a larger error" : "Measured, at 2,001 places or more") : "";
      });
      tell(find("bumps-proved", HTMLElement), sentence(meta, ways.some(({ name }) => name === "free")));
    },
  };
}

/** @param {Readonly<Record<string, any>>} meta @param {boolean} hasBest whether the best net is shown */
function sentence({ needed, eps, under_way }, hasBest) {
  if (under_way) return `Building and proving: ${LOOKS.find(({ name }) => name === under_way)?.title.toLowerCase()} …`;
  if (!needed || (eps === null && !hasBest)) return "";
  const near = eps === null ? "as near as the best net" : `within ${Number(eps.toPrecision(3))}`;
  return `No ReLU net of one hidden layer with fewer than ${needed} ${needed === 1 ? "unit" : "units"} is ${near}: proved.`;
}
