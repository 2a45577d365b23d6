/** The playground: one frame after the other, drawn into the plane, the net and the curves. */

import { architectureControls } from "./architecture.js";
import { dataControls, inputControls, speedControl, trainingControls } from "./controls.js";
import { find, sheet } from "./dom.js";
import { drawPlane, responsePixels } from "./plane.js";
import { gridPixels } from "./grids.js";
import { momentOf } from "./moment.js";
import { saveScript } from "./export.js";
import { sheetsOf } from "./sheets.js";
import { editing } from "./editing.js";
import { netView } from "./net_view.js";
import { planeTools } from "./tools.js";
import { progressView } from "./progress.js";
import { regionView } from "./region.js";
import { showBoxes } from "./shows.js";
import { presetChips } from "./preset_chips.js";
import { GREETING, PRESETS, stateOf } from "./presets.js";
import { isSame, usualState } from "./state.js";
import { transport } from "./transport.js";
import { zoomControls } from "./zoom.js";

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./frames.js").Frame} Frame */

// The plane follows every frame; net and curves are drawn in turn with every second one, if that is not too often or too seldom.
const [SOONEST_MS, LATEST_MS] = [30, 500];

/**
 * @param {import("./store.js").Store} store @param {Server} server @param {() => import("./colors.js").Palette} palette
 * @returns {import("./pages.js").View}
 */
export function playground(store, server, palette) {
  /** @type {Moment | null} */
  let moment = null;
  let shownAt_ms = 0;
  let drawnAt_ms = 0; // the net or the curves
  let turn = 0; // of the net or the curves
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let drawingLater;

  const canvas = find("plane-canvas", HTMLCanvasElement);
  const edits = editing(store, () => moment);
  const region = regionView(find("map", HTMLElement), server);
  const shows = showBoxes(find("shows", HTMLElement), () => drawNow());
  const net = netView(() => drawNow());
  const progress = progressView(store, server);
  const controls = transport(store, server, "playground", {
    play: find("play", HTMLButtonElement), step: find("step", HTMLButtonElement), reset: find("reset", HTMLButtonElement),
  });
  const usual = usualState(store.schema);
  presetChips(store, { chips: find("presets", HTMLElement), notice: find("notice", HTMLElement) }, PRESETS, {
    patch: (preset, now) => stateOf(preset, usual, now),
    // Speed and window belong to none, and the sentence stays while its reader tries other settings on the same points.
    isChosen: (preset, now) => isSame(stateOf(preset, usual, now), { ...now, steps: stateOf(preset, usual, now).steps, window: usual.window }),
    otherwise: (before, now) => (before && { ...usual, ...before.set }.data === now.data ? before.notice : GREETING),
    begin: () => controls.play(true),
  });
  const data = dataControls(find("data-fields", HTMLElement), store, server, palette);
  const drawInputs = inputControls(find("input-fields", HTMLElement), store, palette);
  trainingControls(find("training-fields", HTMLElement), store);
  speedControl(find("speed-field", HTMLElement), store);
  net.placeHeads(architectureControls(find("architecture", HTMLElement), store));
  const plane = find("plane", HTMLElement);
  const zoom = zoomControls({ plane, buttons: find("zoom", HTMLElement) }, store, () => moment?.picture.points ?? []);
  const tools = planeTools(
    { plane, tools: find("tools", HTMLElement), swatches: find("swatches", HTMLElement) },
    store, palette,
    { ...edits, point: (at) => { region.point(at); drawPicture(); }, pin: (at) => { region.pin(at); drawPicture(); } },
    zoom,
  );

  const drawPicture = () => {
    if (!moment) return;
    const { pen, size } = sheet(canvas);
    const over = net.response(moment);
    drawPlane(pen, moment.picture, size, palette(), {
      ...shows(),
      unit: net.unit(),
      cell: over ? -1 : region.cell(moment),
      below: moment.grid && gridPixels(moment.grid, palette()),
      over: over && responsePixels(over, Math.sqrt(over.length), palette()),
    });
    const cross = tools.cross();
    if (cross) pen.lines([cross[0] - 9, cross[1], cross[0] + 9, cross[1], cross[0], cross[1] - 9, cross[0], cross[1] + 9], { color: palette().accent, width: 2.5 });
  };

  const drawNext = () => {
    if (!moment) return;
    drawnAt_ms = performance.now();
    (turn++ % 2 ? progress : net).draw(moment, palette());
  };
  const drawRest = () => {
    drawNext();
    drawNext();
  };

  const drawNow = () => {
    drawPicture();
    drawRest();
  };

  new ResizeObserver(drawNow).observe(canvas);
  new ResizeObserver(drawNow).observe(find("net-sheet", HTMLElement));
  store.listen(({ window }, before) => window !== before.window && drawInputs());

  return {
    /** @param {Frame} frame */
    show(frame) {
      moment = momentOf(frame);
      controls.show(moment.meta);
      tools.show(moment.picture.n_classes);
      data.show(moment.meta);
      if (store.get().page !== "playground") return; // drawn when it is seen again, as its canvases then change their size
      region.refresh(moment);
      drawPicture();
      clearTimeout(drawingLater);
      const now_ms = performance.now();
      const wait_ms = Math.min(Math.max(2 * (now_ms - shownAt_ms), SOONEST_MS), LATEST_MS);
      shownAt_ms = now_ms;
      if (now_ms - drawnAt_ms > wait_ms) drawNext();
      drawingLater = setTimeout(drawRest, moment.meta.playing ? 2 * wait_ms : SOONEST_MS);
    },
    look: region.show,
    pairs: data.pairs,
    redraw() {
      drawInputs();
      tools.draw();
      drawNow();
    },
    sheets: () => (moment ? sheetsOf(moment, palette(), shows()) : []),
    tasks: () => [
      { name: "numpy", label: "Net, NumPy script", says: "A short script that gives the same scores", act: () => saveScript(moment, store) },
      { name: "model", label: "Net, as a model file", says: "foldline.load makes a classifier of it", act: () => server.send({ do: "save" }) },
    ],
    isPlaying: controls.isPlaying,
    settle: controls.settle,
  };
}
