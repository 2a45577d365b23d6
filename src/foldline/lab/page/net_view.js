/** The drawn net, alive: a pointer or the arrow keys choose a unit, and the plane shows what it does. */

import { find, sheet, tell } from "./dom.js";
import { featurePicture } from "./features.js";
import { drawNet, layOut, unitAt } from "./net.js";
import { unitInWords } from "./words.js";

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./net.js").Place} Place */

const USUAL_SIDE = 20; // of an input's picture, where there is no hidden unit to take it from
const HINT = "Solid lines are positive weights, dashed ones negative; the thicker, the stronger. Point at a unit to see what it does.";

/** @param {() => void} changed */
export function netView(changed) {
  const place = find("net-sheet", HTMLElement);
  const canvas = find("net", HTMLCanvasElement);
  const told = find("net-told", HTMLElement);
  /** @type {Place | null} */
  let chosen = null;
  /** @type {ReturnType<typeof layOut> | null} */
  let layout = null;
  /** @type {readonly number[]} */
  let widths = [];
  /** @type {(middles: readonly number[], room: number) => void} */
  let placeHeads = () => {};

  const choose = (/** @type {Place | null} */ next) => {
    if (String(next) === String(chosen)) return;
    chosen = next;
    changed();
  };
  place.onpointermove = ({ offsetX, offsetY }) => choose(layout && unitAt(layout, offsetX, offsetY));
  place.onpointerdown = place.onpointermove;
  place.onpointerleave = ({ pointerType }) => pointerType === "mouse" && choose(null);
  place.onblur = () => choose(null);
  place.onkeydown = (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Escape") choose(null);
    else if (by && layout) {
      const columns = layout.columns;
      const column = Math.min(Math.max((chosen?.[0] ?? 0) + by[0], 0), columns.length - 1);
      const index = Math.min(Math.max((chosen?.[1] ?? -by[1]) + by[1], 0), columns[column].length - 1);
      choose([column, index]);
    } else return;
    event.preventDefault();
  };

  /** @returns {number} the hidden unit chosen, counted through all layers; -1 for none */
  const unit = () => {
    if (!chosen || chosen[0] < 1 || chosen[0] > widths.length) return -1;
    return widths.slice(0, chosen[0] - 1).reduce((sum, width) => sum + width, chosen[1]);
  };

  return {
    unit,
    /** @param {Moment} moment @returns {ArrayLike<number> | null} what to lay over the plane */
    response(moment) {
      if (chosen && chosen[0] === 0) return netOf(moment).response(...chosen);
      return unit() < 0 ? null : moment.response(unit());
    },
    /** @param {(middles: readonly number[], room: number) => void} put told where the columns stand */
    placeHeads(put) {
      placeHeads = put;
    },
    /** @param {Moment} moment @param {import("./colors.js").Palette} palette */
    draw(moment, palette) {
      widths = moment.widths;
      const { pen, size } = sheet(canvas);
      layout = layOut(countsOf(moment), size);
      if (chosen && (chosen[0] >= layout.columns.length || chosen[1] >= layout.columns[chosen[0]].length)) chosen = null;
      placeHeads(layout.middles, layout.room);
      drawNet(pen, netOf(moment), layout, palette, chosen);
      tell(told, chosen ? unitInWords(moment, chosen) : HINT);
    },
  };
}

/** @param {Moment} moment @returns {number[]} of boxes in each column */
export function countsOf({ meta, widths }) {
  return [meta.inputs.length, ...widths, meta.n_classes];
}

/** @param {Moment} moment @returns {import("./net.js").Net} */
export function netOf({ meta, widths, layers, side, response }) {
  const starts = widths.map((_, layer) => widths.slice(0, layer).reduce((sum, width) => sum + width, 0));
  const pixels = side || USUAL_SIDE;
  return {
    weights: layers.map(({ W }) => W),
    side: pixels,
    response: (column, index) => (column === 0 ? featurePicture(meta.inputs[index], meta.window, pixels) : response(starts[column - 1] + index)),
  };
}
