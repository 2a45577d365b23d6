/** What the pointer and the keyboard do on the large picture: point at a bump, or draw the curve. */

import { find, radios } from "./dom.js";
import { heightsFrom, withHeight, withStroke } from "./bumps_curve.js";
import { bumpAt } from "./bumps_moment.js";
import { fieldOf } from "./fields.js";

/** @typedef {import("./bumps_moment.js").BumpsMoment} BumpsMoment */
/**
 * @typedef {object} Acts
 * @property {() => BumpsMoment | null} moment
 * @property {() => import("./bumps_axes.js").Scales} scales of the picture as it is drawn
 * @property {(bump: number) => void} choose the bump that is taken apart
 * @property {() => number} chosen
 * @property {() => void} redraw
 */

/** @param {import("./store.js").Store} store @param {Acts} acts */
export function bumpsTools(store, { moment, scales, choose, chosen, redraw }) {
  const plane = find("bumps-plane", HTMLElement);
  const { most: n_places = 2, high: reach = 100 } = fieldOf(store, "bumps_curve");
  /** @type {"point" | "draw"} */
  let tool = "point";
  /** @type {number | null} */
  let place = null; // of the curve, at the keyboard
  /** @type {readonly [number, number] | null} */
  let stroke = null; // where the pointer was: a share of the way, and a height
  const showTool = radios(find("bumps-tools", HTMLElement), [
    { value: "point", content: "Point", label: "Point at a bump to take it apart; arrow keys go from bump to bump" },
    { value: "draw", content: "Draw", label: "Draw the function with the pointer; arrow keys move along it and up and down" },
  ], (value) => setTool(/** @type {"point" | "draw"} */ (value)));
  const setTool = (/** @type {"point" | "draw"} */ next) => {
    tool = next;
    place = null;
    showTool(tool);
    plane.dataset.tool = tool;
    redraw();
  };

  const curve = () => {
    const { bumps_of, bumps_curve } = store.get();
    const shown = moment();
    return bumps_of === "curve" || !shown?.x.length ? bumps_curve : heightsFrom(shown.x, shown.f, n_places, reach);
  };
  const change = (/** @type {readonly number[]} */ heights) => store.change({ bumps_of: "curve", bumps_curve: heights }, { isPassing: true });
  const toCurve = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
    const { box, y } = scales();
    const [zero, one] = [y(0), y(1)];
    return /** @type {const} */ ([Math.min(Math.max((offsetX - box.left) / (box.right - box.left), 0), 1), (zero - offsetY) / (zero - one)]);
  };

  plane.onpointerdown = (event) => {
    if (event.button !== 0 || tool !== "draw") return;
    plane.setPointerCapture(event.pointerId);
    stroke = toCurve(event);
    change(withStroke(curve(), stroke, stroke, reach));
  };
  plane.onpointermove = (event) => {
    if (tool === "draw") {
      if (!stroke) return;
      const next = toCurve(event);
      change(withStroke(curve(), stroke, next, reach));
      stroke = next;
      return;
    }
    const shown = moment();
    const { box } = scales();
    if (!shown) return;
    const [low, high] = shown.window;
    const bump = bumpAt(shown.bumps, low + ((event.offsetX - box.left) / (box.right - box.left)) * (high - low));
    if (bump >= 0) choose(bump);
  };
  plane.onpointerup = plane.onpointercancel = () => {
    if (stroke) store.change({});
    stroke = null;
  };
  plane.onblur = () => {
    place = null;
    redraw();
  };
  plane.onkeydown = (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (event.key === "Escape") place = null;
    else if (!dx && !dy) return;
    else if (tool === "point") {
      const n = moment()?.bumps.length ?? 0;
      if (n) choose((chosen() + dx + n) % n);
    } else {
      place = Math.min(Math.max((place ?? Math.floor(n_places / 2)) + dx, 0), n_places - 1);
      if (dy) {
        change(withHeight(curve(), place, dy * (event.shiftKey ? 20 : 5), reach));
        store.change({}); // each press is one step back
      }
    }
    event.preventDefault();
    redraw();
  };
  setTool("point");
  return {
    setTool,
    isDrawing: () => tool === "draw",
    /** @returns {[number, number] | null} where the keyboard stands on the curve */
    cursor() {
      const shown = moment();
      if (place === null || !shown) return null;
      const [low, high] = shown.window;
      return [low + (place / (n_places - 1)) * (high - low), curve()[place] / 100];
    },
  };
}
