/** What a pointer or the keyboard does on the plane: point at a region, add points, brush, erase, move the window. */

import { MARKS } from "./colors.js";
import { make, radios, sheet } from "./dom.js";
import { follow } from "./fields.js";
import { unscale } from "./plane.js";

/** @typedef {"point" | "add" | "brush" | "erase" | "move"} Tool */
/**
 * @typedef {object} Acts all in the data's units
 * @property {(at: [number, number] | null) => void} point null when the pointer leaves
 * @property {(x: number, y: number, label: number, isPassing: boolean) => void} add
 * @property {(x: number, y: number, reach: number) => void} erase all points nearer than `reach`
 * @property {(at: [number, number]) => void} pin
 */

const BRUSH_STEP_PX = 14; // between two points of one stroke
const BRUSH_SPREAD_PX = 11;
const ERASE_REACH_PX = 12;
const CROSS_STEPS = 40; // of the cross moved by arrows, over the window

/** @type {readonly {value: Tool, content: string, label: string}[]} */
const TOOLS = [
  { value: "point", content: "Inspect", label: "Hover shows the straight map of a region; a click keeps it" },
  { value: "add", content: "Add", label: "A click adds a point of the chosen class; shift- or alt-click erases" },
  { value: "brush", content: "Brush", label: "A stroke adds many points; with shift or alt it erases" },
  { value: "erase", content: "Erase", label: "A click or a stroke erases points" },
  { value: "move", content: "Move", label: "A drag moves the window, and so do the arrow keys; the wheel or two fingers zoom with every tool" },
];

/**
 * @param {{plane: HTMLElement, tools: HTMLElement, swatches: HTMLElement}} places
 * @param {import("./store.js").Store} store @param {() => import("./colors.js").Palette} palette
 * @param {Acts} acts @param {ReturnType<typeof import("./zoom.js").zoomControls>} zoom
 * @returns {{cross: () => [number, number] | null, draw: () => void, show: (n_classes: number) => void}} `show` for those of the newest picture
 */
export function planeTools({ plane, tools, swatches }, store, palette, acts, zoom) {
  /** @type {Tool} */
  let tool = "point";
  let label = 0;
  /** @type {[number, number] | null} */
  let cross = null;
  /** @type {[number, number] | null} */
  let stroke = null;
  let isTouched = false; // by a first finger that has done nothing yet: a second one may come, and then they zoom

  const size = () => ({ width: plane.clientWidth, height: plane.clientHeight });
  const toData = (/** @type {number} */ px, /** @type {number} */ py) => unscale(store.get().window, size())(px, py);
  const reach = () => (ERASE_REACH_PX / size().width) * (store.get().window[1] - store.get().window[0]);
  const showTool = radios(tools, TOOLS, (value) => chooseTool(/** @type {Tool} */ (value)));
  let n_shown = 0; // classes of the picture; a file may have more than the setting
  let n_swatches = 0;
  /** @type {(value: string) => void} */
  let showLabel = () => {};

  const isDrawing = () => tool === "add" || tool === "brush";
  const chooseTool = (/** @type {Tool} */ value) => {
    tool = value;
    showTool(tool);
    swatches.hidden = !isDrawing();
    draw();
  };
  const chooseLabel = (/** @type {number} */ value) => showLabel(String((label = Math.min(value, n_swatches - 1))));

  const draw = () => swatches.querySelectorAll("canvas").forEach((canvas, k) => {
    sheet(canvas).pen.mark(MARKS[k], 12, 12, 6, palette().classes[k], palette().paper);
  });

  const act = (/** @type {number} */ px, /** @type {number} */ py, /** @type {boolean} */ erases, /** @type {boolean} */ isPassing) => {
    if (erases) acts.erase(...toData(px, py), reach());
    else if (tool === "add") acts.add(...toData(px, py), label, isPassing);
    else if (tool === "brush") {
      const [dx, dy] = [0, 0].map(() => (Math.random() + Math.random() - 1) * BRUSH_SPREAD_PX);
      acts.add(...toData(px + dx, py + dy), label, isPassing);
    } else acts.pin(toData(px, py));
  };
  const isErasing = (/** @type {MouseEvent | KeyboardEvent} */ event) => tool === "erase" || (isDrawing() && (event.shiftKey || event.altKey));

  const begin = (/** @type {PointerEvent} */ event) => {
    isTouched = false;
    act(event.offsetX, event.offsetY, isErasing(event), tool === "brush" || isErasing(event));
  };
  plane.onpointerdown = (event) => {
    if (event.button > 1) return;
    plane.setPointerCapture(event.pointerId);
    if (zoom.down(event, tool === "move")) {
      lift();
      acts.point(null);
      return;
    }
    stroke = [event.offsetX, event.offsetY];
    if (event.pointerType === "touch") isTouched = true;
    else begin(event);
  };
  plane.onpointermove = (event) => {
    if (zoom.drag(event)) return;
    acts.point(toData(event.offsetX, event.offsetY));
    const isStroke = tool === "brush" || isErasing(event);
    if (!stroke || !isStroke || Math.hypot(event.offsetX - stroke[0], event.offsetY - stroke[1]) < BRUSH_STEP_PX) return;
    stroke = [event.offsetX, event.offsetY];
    isTouched = false;
    act(event.offsetX, event.offsetY, isErasing(event), true);
  };
  const lift = () => {
    if (stroke && !isTouched) store.change({});
    stroke = null;
    isTouched = false;
  };
  plane.onpointerup = plane.onpointercancel = (event) => {
    if (isTouched && event.type === "pointerup") begin(event);
    lift();
    zoom.up(event);
  };
  plane.onpointerleave = () => acts.point(null);
  plane.onblur = () => {
    cross = null;
    acts.point(null);
  };
  plane.onkeydown = (event) => {
    if (zoom.key(event, cross, { isMoving: tool === "move", isDrawing: isDrawing() })) acts.point(cross && toData(...cross));
    else if (!pressed(event)) return;
    event.preventDefault();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const { width, height } = size();
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (dx || dy) {
      const [x, y] = cross ?? [width / 2, height / 2];
      const speed = event.shiftKey ? 4 : 1;
      cross = [clamp(x + (dx * speed * width) / CROSS_STEPS, width), clamp(y + (dy * speed * height) / CROSS_STEPS, height)];
      acts.point(toData(...cross));
    } else if (cross && ["Enter", "Delete", "Backspace"].includes(event.key)) {
      act(...cross, event.key !== "Enter" || tool === "erase", false);
      store.change({}); // what was erased is no stroke that goes on
    } else if (/^[0-7]$/.test(event.key)) chooseLabel(Number(event.key));
    else if (event.key === "Escape") {
      cross = null;
      acts.point(null);
    } else return false;
    return true;
  };

  const showSwatches = () => {
    const n_classes = Math.max(store.get().classes, n_shown);
    if (n_classes === n_swatches) return;
    n_swatches = n_classes;
    showLabel = radios(swatches, Array.from({ length: n_classes }, (_, k) => ({
      value: String(k), content: make("canvas", {}), label: `Class ${k} (key ${k})`,
    })), (value) => chooseLabel(Number(value)));
    chooseLabel(label);
    draw();
  };
  follow(store, showSwatches);
  chooseTool("point");
  return {
    cross: () => cross,
    draw,
    show(n_classes) {
      n_shown = n_classes;
      showSwatches();
    },
  };
}

/** @param {number} value @param {number} most */
function clamp(value, most) {
  return Math.min(Math.max(value, 1), most - 1);
}
