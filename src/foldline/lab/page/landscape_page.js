/** The landscape page: the loss around the playground's net, along a line and over a plane, and the net at a place of them. */

import { find, sheet } from "./dom.js";
import { gridBoundary, gridPixels } from "./grids.js";
import { landscapeControls } from "./landscape_controls.js";
import { drawLine, drawMap, lineScale } from "./landscape_drawing.js";
import { angleTo, lowestOf, placeOn } from "./landscape_math.js";
import { GREETING, LANDSCAPE_PRESETS } from "./landscape_presets.js";
import { mapInWords, netInWords, placeInWords, verdict } from "./landscape_words.js";
import { drawPlane, unscale } from "./plane.js";
import { presetChips } from "./preset_chips.js";
import { stateOf } from "./presets.js";
import { isSame, usualState } from "./state.js";
import { transport } from "./transport.js";

/** @typedef {import("./landscape_drawing.js").Landscape} Landscape */
/** @typedef {{x: number, y: number, loss: number, right: number, shape: readonly number[], scores: readonly number[]}} Look the net at a place */

const ASK_MS = 70; // from one look to the next
const TURN = 5; // degrees a key
const STEPS = 24; // by which keys move from the middle to the end
const SAVED = { line: { width: 640, height: 340 }, map: { width: 640, height: 640 }, net: { width: 480, height: 480 } };

/**
 * @param {import("./store.js").Store} store @param {import("./server.js").Server} server @param {() => import("./colors.js").Palette} palette
 * @returns {import("./pages.js").View}
 */
export function landscapePage(store, server, palette) {
  /** @type {Landscape | null} */
  let landscape = null;
  /** @type {import("./frames.js").Frame | null} */
  let newest = null;
  /** @type {Look | null} */
  let look = null;
  /** @type {readonly [number, number] | null} what the pointer is at, in steps */
  let pointed = null;
  /** @type {number | null} where on the line that is */
  let pointedStep = null;
  let askedAt_ms = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let askingLater;

  const line = find("landscape-line", HTMLElement);
  const map = find("landscape-map", HTMLElement);
  const controls = transport(store, server, "landscape", {
    play: find("landscape-play", HTMLButtonElement), step: find("landscape-step", HTMLButtonElement), reset: find("landscape-reset", HTMLButtonElement),
  });
  const usual = usualState(store.schema);
  // The sentence stays while its reader looks around.
  const looking = (/** @type {import("./state.js").State} */ { steps, landscape_angle, landscape_at, landscape_seed, landscape_range, landscape_shows }) =>
    ({ steps, landscape_angle, landscape_at, landscape_seed, landscape_range, landscape_shows });
  presetChips(store, { chips: find("landscape-presets", HTMLElement), notice: find("landscape-notice", HTMLElement) }, LANDSCAPE_PRESETS, {
    patch: (preset, now) => stateOf(preset, usual, now),
    isChosen: (preset, now) => isSame({ ...stateOf(preset, usual, now), ...looking(now) }, now),
    otherwise: (before, now) => (before && { ...usual, ...before.set }.data === now.data ? before.notice : GREETING),
    begin: ({ isStill }) => {
      controls.play(!isStill);
      if (isStill) server.send({ do: "reset" }); // a net that has been trained is another one
    },
  });
  landscapeControls(store);

  const place = () => pointed ?? placeOn(store.get().landscape_angle, store.get().landscape_at);
  const ask = () => {
    clearTimeout(askingLater);
    if (store.get().page !== "landscape" || !landscape?.line.length) return;
    const wait_ms = askedAt_ms + ASK_MS - performance.now();
    if (wait_ms > 0) askingLater = setTimeout(ask, wait_ms);
    else {
      askedAt_ms = performance.now();
      server.send({ do: "look", x: place()[0], y: place()[1] });
    }
  };

  const seen = () => ({ at: pointedStep ?? store.get().landscape_at, shows: store.get().landscape_shows, pointed: pointedStep === null ? pointed : null });
  const drawNet = (/** @type {import("./pen.js").Pen} */ pen, /** @type {{width: number, height: number}} */ size) => {
    if (!look || !newest) return;
    const grid = { values: look.scores, shape: look.shape };
    const { meta: { window, n_classes }, arrays: { points, labels, is_test } } = newest;
    const picture = {
      window, n_classes, widths: [], corners: [], starts: [0], classes: [], confidence: [], folds: [], fold_units: [],
      boundary: gridBoundary(grid, window), points: points.values, labels: labels.values, is_test: is_test.values,
    };
    drawPlane(pen, picture, size, palette(), { regions: true, folds: false, boundary: true, points: true, test: false, cell: -1, unit: -1, below: gridPixels(grid, palette()), over: null });
  };
  const draw = () => {
    if (!landscape || store.get().page !== "landscape") return;
    const shown = { ...landscape, angle: store.get().landscape_angle };
    const ofLine = sheet(find("landscape-line-canvas", HTMLCanvasElement));
    drawLine(ofLine.pen, ofLine.size, landscape, seen(), palette());
    const ofMap = sheet(find("landscape-map-canvas", HTMLCanvasElement));
    drawMap(ofMap.pen, ofMap.size, shown, seen(), palette());
    const ofNet = sheet(find("landscape-net-canvas", HTMLCanvasElement));
    drawNet(ofNet.pen, ofNet.size);
  };
  const tell = () => {
    const { landscape_at, landscape_range } = store.get();
    find("landscape-there-name", HTMLElement).textContent = placeInWords(place(), pointed ? pointedStep : landscape_at);
    find("landscape-there-told", HTMLElement).textContent = netInWords(look);
    line.setAttribute("aria-valuemin", String(-landscape_range));
    line.setAttribute("aria-valuemax", String(landscape_range));
    line.setAttribute("aria-valuenow", String(landscape_at));
    line.setAttribute("aria-valuetext", `step ${landscape_at}. ${netInWords(look)}`);
  };
  const point = (/** @type {readonly [number, number] | null} */ at, /** @type {number | null} */ step = null) => {
    pointed = at;
    pointedStep = step;
    ask();
    tell();
    draw();
  };

  const inRange = (/** @type {number} */ step) => Math.min(Math.max(Number(step.toFixed(3)), -store.get().landscape_range), store.get().landscape_range);
  const go = (/** @type {number} */ step, isPassing = false) => store.change({ landscape_at: inRange(step) }, { isPassing });
  const toStep = (/** @type {PointerEvent} */ { offsetX }) => (landscape?.line.length ? inRange(lineScale(landscape.line, { width: line.clientWidth, height: line.clientHeight }).toStep(offsetX)) : 0);
  const toPlace = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
    const reach = store.get().landscape_range;
    return unscale([-reach, reach, -reach, reach], { width: map.clientWidth, height: map.clientHeight })(offsetX, offsetY);
  };
  /** Turns the line through the pointer, and takes the net there. @param {PointerEvent} event */
  const turn = (event) => {
    const [x, y] = toPlace(event);
    const distance = Math.hypot(x, y);
    if (distance > store.get().landscape_range / STEPS) store.change({ landscape_angle: angleTo(x, y), landscape_at: inRange(distance) }, { isPassing: true });
    else go(0, true);
  };
  let isDragging = false;
  for (const [element, drag, hover] of /** @type {const} */ ([
    [line, (/** @type {PointerEvent} */ event) => go(toStep(event), true), (/** @type {PointerEvent} */ event) => point(placeOn(store.get().landscape_angle, toStep(event)), toStep(event))],
    [map, turn, (/** @type {PointerEvent} */ event) => point(toPlace(event))],
  ])) {
    element.onpointerdown = (event) => {
      if (event.button !== 0) return;
      isDragging = true;
      element.setPointerCapture(event.pointerId);
      point(null);
      drag(event);
    };
    element.onpointermove = (event) => (isDragging ? drag(event) : hover(event));
    element.onpointerup = element.onpointercancel = () => {
      if (isDragging) store.change({});
      isDragging = false;
    };
    element.onpointerleave = () => !isDragging && point(null);
  }
  line.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (event.key === "Home") go(0);
    else if (by) go(store.get().landscape_at + (by * store.get().landscape_range) / STEPS);
    else return;
    event.preventDefault();
  };
  map.onkeydown = (event) => {
    const { landscape_angle, landscape_at, landscape_range } = store.get();
    const angle = { ArrowLeft: TURN, ArrowRight: -TURN }[event.key];
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (angle) store.change({ landscape_angle: (landscape_angle + angle + 360) % 360 });
    else if (by) go(landscape_at + (by * landscape_range) / STEPS);
    else return;
    event.preventDefault();
  };

  new ResizeObserver(draw).observe(map);
  store.listen(() => {
    ask();
    tell();
    draw();
  });

  const saved = (/** @type {keyof typeof SAVED} */ name, /** @type {string} */ label, /** @type {string} */ title, /** @type {(pen: import("./pen.js").Pen, size: {width: number, height: number}) => void} */ drawn) =>
    ({ name: `landscape-${name}`, label, title, ...SAVED[name], draw: (/** @type {import("./pen.js").Pen} */ pen) => drawn(pen, SAVED[name]) });
  return {
    show(frame) {
      newest = frame;
      landscape = landscapeOf(frame);
      controls.show(frame.meta);
      if (store.get().page !== "landscape") return;
      const [head, rest] = verdict(frame.meta, landscape.line_minima.length);
      const told = find("landscape-verdict", HTMLElement);
      told.setAttribute("aria-live", frame.meta.playing ? "off" : "polite"); // read aloud sixty times a second it would be noise
      const bold = document.createElement("b");
      bold.textContent = head;
      told.replaceChildren(bold, ` ${rest}`);
      find("landscape-map-told", HTMLElement).textContent = mapInWords(frame.meta, landscape.range);
      const note = find("landscape-note", HTMLElement);
      note.hidden = !frame.meta.note;
      note.textContent = frame.meta.note ?? "";
      ask();
      draw();
    },
    look(answer) {
      look = /** @type {any} */ (answer);
      tell();
      draw();
    },
    redraw: draw,
    sheets: () => {
      const now = landscape;
      return now
        ? [
          saved("line", "Loss along the line", "The loss along a line of weights", (pen, size) => drawLine(pen, size, now, seen(), palette())),
          saved("map", "Map of the loss", "The loss over a plane of weights", (pen, size) => drawMap(pen, size, now, seen(), palette())),
          saved("net", "The net there", placeInWords(place(), pointed ? pointedStep : store.get().landscape_at), drawNet),
        ]
        : [];
    },
    isPlaying: controls.isPlaying,
    settle: controls.settle,
  };
}

/** @param {import("./frames.js").Frame} frame @returns {Landscape} */
function landscapeOf({ meta, arrays }) {
  return {
    line: arrays.line.values,
    angle: meta.line?.angle ?? 0,
    line_minima: arrays.line_minima.values,
    violation: meta.convexity?.violation ?? null,
    map: arrays.map,
    range: meta.map?.range ?? 0,
    // A slanting valley has several on a grid, though a convex loss has no second one.
    map_minima: meta.structure?.is_convex ? lowestOf(arrays.map_minima.values, arrays.map) : arrays.map_minima.values,
    path: arrays.path.values,
    target: ["start", "reordered"].includes(meta.kind) ? meta.kind : null,
  };
}
