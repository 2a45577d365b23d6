/** The page of wirings: a net wired as a graph learns beside a regular one of about as many weights. */

import { dataControls, inputControls, speedControl, trainingControls } from "./controls.js";
import { drawChart } from "./curves.js";
import { find, sheet } from "./dom.js";
import { presetChips } from "./preset_chips.js";
import { stateOf } from "./presets.js";
import { isSame, usualState } from "./state.js";
import { transport } from "./transport.js";
import { N_COLUMNS, drawNetPlane, lossOf, rightOf } from "./wiring_pictures.js";
import { wiringControls } from "./wiring_controls.js";
import { wiringMomentOf } from "./wiring_moment.js";
import { wiringEdits } from "./wiring_own.js";
import { OWN, WIRING_PRESETS } from "./wiring_presets.js";
import { wiringSheets } from "./wiring_sheets.js";
import { wiringView } from "./wiring_view.js";
import { netsInWords } from "./wiring_words.js";

/** @typedef {import("./wiring_moment.js").WiringMoment} WiringMoment */

const SLOW_MS = 60; // graph and curves are drawn this often while the planes follow every frame
const COMPILING_MS = 300; // after which it is told

/**
 * @param {import("./store.js").Store} store @param {import("./server.js").Server} server @param {() => import("./colors.js").Palette} palette
 * @returns {import("./pages.js").View}
 */
export function wiringPage(store, server, palette) {
  /** @type {WiringMoment | null} */
  let moment = null;
  let drawnAt_ms = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let drawingLater;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let tellingWork;

  const controls = transport(store, server, "wiring", {
    play: find("wiring-play", HTMLButtonElement), step: find("wiring-step", HTMLButtonElement), reset: find("wiring-reset", HTMLButtonElement),
  });

  const edits = wiringEdits(store, () => moment);
  const view = wiringView(edits, () => drawNow());
  const usual = usualState(store.schema);
  presetChips(store, { chips: find("wiring-presets", HTMLElement), notice: find("wiring-notice", HTMLElement) }, WIRING_PRESETS, {
    patch: (preset, state) => stateOf(preset, usual, state),
    // The speed belongs to none, and the sentence stays while its reader cuts and joins.
    isChosen: (preset, state) => isSame(stateOf(preset, usual, state), { ...state, steps: stateOf(preset, usual, state).steps }),
    otherwise: (before, state) => (before && { ...usual, ...before.set }.data === state.data ? before.notice : OWN),
    begin: () => {
      server.send({ do: "reset" });
      controls.play(true);
    },
  });
  const data = dataControls(find("wiring-data-fields", HTMLElement), store, server, palette, "wiring");
  const drawInputs = inputControls(find("wiring-input-fields", HTMLElement), store, palette);
  trainingControls(find("wiring-training-fields", HTMLElement), store, { withActivation: false, on: "wiring" });
  speedControl(find("wiring-speed-field", HTMLElement), store, "wiring");
  wiringControls(find("wiring-fields", HTMLElement), store, { ...edits, remove: () => edits.remove(view.chosen()) });

  // What is not seen is drawn when it is seen again, as its canvases then change their size.
  const isSeen = () => store.get().page === "wiring";
  const drawPlanes = () => {
    if (!moment || !isSeen()) return;
    for (const [id, net] of /** @type {const} */ ([["wiring-plane", "wired"], ["wiring-regular-plane", "regular"]])) {
      const { pen, size } = sheet(find(id, HTMLCanvasElement));
      drawNetPlane(pen, size, moment, net, palette(), net === "wired" ? view.node() : -1);
    }
  };
  const drawRest = () => {
    if (!moment || !isSeen()) return;
    drawnAt_ms = performance.now();
    view.draw(moment, palette());
    for (const [id, chart] of /** @type {const} */ ([["wiring-loss", lossOf(moment)], ["wiring-right", rightOf(moment)]])) {
      const { pen, size } = sheet(find(id, HTMLCanvasElement));
      drawChart(pen, size, chart, moment.curve, N_COLUMNS, moment.meta.step, palette());
    }
    for (const [id, told] of Object.entries(netsInWords(moment))) find(`wiring-${id}`, HTMLElement).textContent = told;
  };
  const drawNow = () => {
    drawPlanes();
    drawRest();
  };
  new ResizeObserver(drawNow).observe(find("wiring-plane", HTMLCanvasElement));
  new ResizeObserver(drawNow).observe(find("wiring-sheet", HTMLElement));
  store.listen(({ window }, before) => window !== before.window && drawInputs());

  const note = find("wiring-note", HTMLElement);
  const showNote = () => {
    const { work, note: diverged } = moment?.meta ?? {};
    note.hidden = !work && !diverged;
    note.textContent = diverged ?? (work ? `Compiling the nets: ${work.done} of ${work.of} parts are done.` : "");
  };
  const tell = (/** @type {Readonly<Record<string, any>>} */ { work, note: diverged }) => {
    if (!work || diverged || !note.hidden) {
      clearTimeout(tellingWork);
      tellingWork = undefined;
      showNote();
    } else tellingWork ??= setTimeout(showNote, COMPILING_MS);
  };

  return {
    /** @param {import("./frames.js").Frame} frame */
    show(frame) {
      moment = wiringMomentOf(frame);
      controls.show(moment.meta);
      tell(moment.meta);
      data.show(moment.meta);
      drawPlanes();
      clearTimeout(drawingLater);
      if (performance.now() - drawnAt_ms > SLOW_MS) drawRest();
      else drawingLater = setTimeout(drawRest, SLOW_MS);
    },
    pairs: data.pairs,
    redraw() {
      drawInputs();
      drawNow();
    },
    sheets: () => (moment ? wiringSheets(moment, palette()) : []),
    isPlaying: controls.isPlaying,
    settle: controls.settle,
  };
}
