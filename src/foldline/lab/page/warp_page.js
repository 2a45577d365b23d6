/** The space-warp page: a plane through linear maps alone, and through linear maps and ReLU. It needs no server. */

import { find, sheet } from "./dom.js";
import { follow } from "./fields.js";
import { unscale } from "./plane.js";
import { HANDLE_PX, drawHandles, drawWarp, handlesOf } from "./warp_drawing.js";
import { draggedTo, layersOf, warpGrid, warpPoint } from "./warp_math.js";
import { layerControls } from "./warp_layers.js";
import { presetChips } from "./preset_chips.js";
import { pageKeys } from "./transport.js";
import { OWN, WARP_PRESETS } from "./warp_presets.js";
import { pointInWords, stageInWords } from "./warp_words.js";

/** @typedef {import("./plane.js").Window} Window */

const HALF = 1.5; // of the square that is warped
const N_SQUARES = 12; // a side
const MARGIN = 1.12;
const LEAST_HALF = 1.9; // of the window, so that small maps look small
const SAVED = { width: 640, height: 640 };
const STAGE_MS = 1300;
/** @type {Window} */
const PLANE = [-HALF * 1.06, HALF * 1.06, -HALF * 1.06, HALF * 1.06];

/** @param {import("./store.js").Store} store @param {() => import("./colors.js").Palette} palette @returns {import("./pages.js").View} */
export function warpPage(store, palette) {
  let chosen = 0; // the layer that the time lies in
  let time = 2;
  let isMoving = false;
  /** @type {[number, number] | null} */
  let marked = null;
  /** @type {string | null} */
  let dragged = null;
  let half = LEAST_HALF;

  const linearCanvas = find("warp-linear", HTMLCanvasElement);
  const plane = find("warp-plane", HTMLElement);
  const when = find("warp-when", HTMLInputElement);
  const play = find("warp-play", HTMLButtonElement);
  const layers = () => layersOf(store.get().warp);
  const controls = layerControls(store, (layer) => {
    setTime(2 * layer + 2);
  });

  /** @type {{linear: import("./warp_math.js").Piece[], folded: import("./warp_math.js").Piece[]}} */
  let pieces = { linear: [], folded: [] };
  const rebuild = () => {
    const now = layers();
    pieces = {
      linear: warpGrid(now, { half: HALF, n: N_SQUARES, bends: false }),
      folded: warpGrid(now, { half: HALF, n: N_SQUARES, bends: true }),
    };
    // A scale that changed under a dragged handle would take the handle away from the pointer.
    if (!dragged) half = Math.max(LEAST_HALF, HALF, ...[...pieces.linear, ...pieces.folded].flatMap(({ corners }) => corners.flatMap((corner) => corner.map(Math.abs)))) * MARGIN;
    when.max = String(2 * now.length);
    setTime(Math.min(time, 2 * now.length));
  };

  const setTime = (/** @type {number} */ next) => {
    time = next;
    chosen = Math.max(Math.ceil(time / 2) - 1, 0);
    controls.show(chosen);
    when.value = String(time);
    const words = stageInWords(time, layers().length);
    find("warp-when-told", HTMLOutputElement).value = words;
    when.setAttribute("aria-valuetext", words);
    draw();
  };

  const draw = () => {
    if (store.get().page !== "warp") return;
    const now = layers();
    /** @type {Window} */
    const window = [-half, half, -half, half];
    for (const [id, bends, shown] of /** @type {const} */ ([["warp-linear", false, pieces.linear], ["warp-folded", true, pieces.folded]])) {
      const { pen, size } = sheet(find(id, HTMLCanvasElement));
      const point = marked && warpPoint(now, ...marked, bends);
      drawWarp(pen, size, { pieces: shown, time, layer: chosen, window, point }, palette());
      if (!bends && hasHandles()) drawHandles(pen, size, now[chosen], window, palette());
    }
    const { pen, size } = sheet(find("warp-plane-canvas", HTMLCanvasElement));
    drawWarp(pen, size, { pieces: pieces.folded, time: 0, layer: chosen, window: PLANE, point: marked }, palette());
    find("warp-told", HTMLElement).textContent = marked ? pointInWords(marked, warpPoint(now, ...marked, true)) : "Point here: the same point is marked in both pictures.";
  };
  // Handles stand where the layer's W x + b is what the left picture shows.
  const hasHandles = () => time >= 2 * chosen + 1;

  let ticking = 0; // the one tick that is to come
  const move = () => {
    let before_ms = performance.now();
    const tick = (/** @type {number} */ now_ms) => {
      const end = 2 * layers().length;
      setTime(Math.min(time + Math.max(now_ms - before_ms, 0) / STAGE_MS, end));
      before_ms = now_ms;
      if (time >= end) setMoving(false);
      else ticking = requestAnimationFrame(tick);
    };
    ticking = requestAnimationFrame(tick);
  };
  const setMoving = (/** @type {boolean} */ next) => {
    isMoving = next;
    play.textContent = isMoving ? "❚❚ Pause" : "▶ Play";
    cancelAnimationFrame(ticking);
    if (isMoving) move();
  };
  const startAgain = () => {
    setTime(0);
    setMoving(true);
  };
  play.onclick = () => {
    if (!isMoving && time >= 2 * layers().length) startAgain();
    else setMoving(!isMoving);
  };
  pageKeys(store, "warp", { " ": () => play.click(), r: startAgain });
  when.oninput = () => {
    setMoving(false);
    setTime(Number(when.value));
  };

  const toData = (/** @type {PointerEvent} */ { offsetX, offsetY }) =>
    unscale([-half, half, -half, half], { width: linearCanvas.clientWidth, height: linearCanvas.clientHeight })(offsetX, offsetY);
  const handleAt = (/** @type {PointerEvent} */ event) => {
    const [x, y] = toData(event);
    const reach = (2.2 * HANDLE_PX * 2 * half) / linearCanvas.clientWidth;
    return hasHandles() ? handlesOf(layers()[chosen]).find(({ at }) => Math.hypot(at[0] - x, at[1] - y) < reach) ?? null : null;
  };
  linearCanvas.onpointerdown = (event) => {
    dragged = handleAt(event)?.name ?? null;
    if (dragged) linearCanvas.setPointerCapture(event.pointerId);
  };
  linearCanvas.onpointermove = (event) => {
    linearCanvas.style.cursor = dragged ? "grabbing" : handleAt(event) ? "grab" : "";
    if (dragged) controls.set(chosen, draggedTo(layers()[chosen], dragged, ...toData(event)), true);
  };
  linearCanvas.onpointerup = linearCanvas.onpointercancel = () => {
    if (!dragged) return;
    dragged = null;
    store.change({});
    rebuild();
  };

  const mark = (/** @type {[number, number] | null} */ at) => {
    marked = at;
    draw();
  };
  plane.onpointermove = ({ offsetX, offsetY }) => mark(unscale(PLANE, { width: plane.clientWidth, height: plane.clientHeight })(offsetX, offsetY));
  plane.onpointerleave = () => mark(null);
  plane.onkeydown = (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Escape") mark(null);
    else if (by) {
      const inside = (/** @type {number} */ value) => Math.min(Math.max(value, -HALF), HALF);
      mark([inside((marked?.[0] ?? 0) + by[0] * 0.1), inside((marked?.[1] ?? 0) + by[1] * 0.1)]);
    } else return;
    event.preventDefault();
  };

  presetChips(store, { chips: find("warp-presets", HTMLElement), notice: find("warp-notice", HTMLElement) }, WARP_PRESETS, {
    patch: ({ set }) => set,
    isChosen: ({ set }, { warp }) => String(set.warp) === String(warp),
    otherwise: () => OWN,
    begin: () => {
      const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (!isStill) return startAgain();
      setTime(2 * layers().length);
      setMoving(false);
    },
  });
  setMoving(false);
  new ResizeObserver(draw).observe(linearCanvas);
  follow(store, rebuild);
  const saved = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ title, /** @type {keyof typeof pieces} */ which) => ({
    name, label, title, ...SAVED,
    draw: (/** @type {import("./pen.js").Pen} */ pen) => drawWarp(pen, SAVED, { pieces: pieces[which], time, layer: chosen, window: [-half, half, -half, half], point: null }, palette()),
  });
  return {
    redraw: draw,
    sheets: () => [saved("linear", "Without a bend", "The plane after linear maps alone", "linear"), saved("folded", "With ReLU", "The plane after linear maps and ReLU", "folded")],
  };
}
