/** The page of bumps: a function, nets near it with proofs, one in training, and a bump taken apart. */

import { boxOf, drawBumps, drawErrors } from "./bumps_drawing.js";
import { bumpsMomentOf, highest } from "./bumps_moment.js";
import { BUMPS_PRESETS, OWN, bumpsPatch } from "./bumps_presets.js";
import { saveBumpsScript } from "./bumps_script.js";
import { bumpsSettings } from "./bumps_settings.js";
import { bumpsTools } from "./bumps_tools.js";
import { drawUnits } from "./bumps_units.js";
import { LOOKS, waysTable } from "./bumps_ways.js";
import { scales } from "./bumps_axes.js";
import { find, sheet, tell } from "./dom.js";
import { presetChips } from "./preset_chips.js";
import { usualState } from "./state.js";
import { transport } from "./transport.js";
import { decimal } from "./words.js";

/** @typedef {import("./bumps_moment.js").BumpsMoment} BumpsMoment */
/** @typedef {import("./plane.js").Size} Size */

const SAVED = { picture: { width: 760, height: 460 }, errors: { width: 760, height: 240 }, units: { width: 480, height: 340 } };

/**
 * @param {import("./store.js").Store} store @param {import("./server.js").Server} server @param {() => import("./colors.js").Palette} palette
 * @returns {import("./pages.js").View}
 */
export function bumpsPage(store, server, palette) {
  /** @type {BumpsMoment | null} */
  let moment = null;
  let pointed = -1; // the bump that was pointed at; -1 for the highest

  const canvas = find("bumps-canvas", HTMLCanvasElement);
  const chosen = () => (!moment ? -1 : pointed >= 0 && pointed < moment.bumps.length ? pointed : highest(moment.bumps));
  const sizeOf = (/** @type {HTMLElement} */ { clientWidth: width, clientHeight: height }) => ({ width, height });
  const scalesNow = () => scales(moment?.window ?? [0, 1, 0, 1], boxOf(sizeOf(canvas), moment?.ways.length ?? 0));

  const settings = bumpsSettings(store);
  const table = waysTable(store, palette);
  const controls = transport(store, server, "bumps", {
    play: find("bumps-play", HTMLButtonElement), step: find("bumps-step", HTMLButtonElement), reset: find("bumps-reset", HTMLButtonElement),
  });

  /** @type {{[Name in keyof typeof SAVED]: (pen: import("./pen.js").Pen, size: Size) => void}} */
  const drawings = {
    picture: (pen, size) => moment && drawBumps(pen, size, moment, { front: store.get().bumps_front, bump: chosen(), cursor: null }, palette()),
    errors: (pen, size) => moment && drawErrors(pen, size, moment, store.get().bumps_front, palette()),
    units: (pen, size) => moment?.bumps.length && drawUnits(pen, size, moment.bumps[chosen()], palette()),
  };
  const draw = () => {
    table.draw();
    if (!moment || store.get().page !== "bumps") return;
    const large = sheet(canvas);
    drawBumps(large.pen, large.size, moment, { front: store.get().bumps_front, bump: chosen(), cursor: tools.cursor() }, palette());
    find("bumps-apart", HTMLElement).hidden = !moment.bumps.length;
    for (const name of /** @type {const} */ (["errors", "units"])) {
      const { pen, size } = sheet(find(`bumps-${name}`, HTMLCanvasElement));
      drawings[name](pen, size);
    }
    tell(find("bumps-told", HTMLElement), inWords());
  };

  const inWords = () => {
    const cursor = tools.cursor();
    if (cursor) return `The curve at x = ${decimal(cursor[0], 2)} is ${decimal(cursor[1], 2)} high: up and down change it, with shift in large steps.`;
    if (tools.isDrawing()) return "Draw over the picture; the function is then your own curve, from −1 to 1. Arrow keys do the same.";
    if (!moment?.bumps.length) return "Switch Bumps on to take one apart.";
    const [s1, , , s4, t] = moment.bumps[chosen()];
    return `Bump ${chosen() + 1} of ${moment.bumps.length}: from x = ${decimal(s1, 2)} to ${decimal(s4, 2)}, t = ${decimal(t, 2)} high, as the function is in its middle.`;
  };

  const tools = bumpsTools(store, {
    moment: () => moment,
    scales: scalesNow,
    choose(bump) {
      pointed = bump;
      draw();
    },
    chosen,
    redraw: () => draw(),
  });

  const usual = usualState(store.schema);
  presetChips(store, { chips: find("bumps-presets", HTMLElement), notice: find("bumps-notice", HTMLElement) }, BUMPS_PRESETS, {
    patch: (preset) => bumpsPatch(preset, usual),
    isChosen: (preset, now) => Object.entries(bumpsPatch(preset, usual)).every(([name, value]) => String(value) === String(now[/** @type {keyof typeof now} */ (name)])),
    otherwise: () => OWN,
    begin() {
      pointed = -1;
      tools.setTool(store.get().bumps_of === "curve" ? "draw" : "point");
      controls.play(store.get().bumps_shown.includes("trained"));
    },
  });
  store.listen(draw);
  new ResizeObserver(draw).observe(canvas);

  const saved = (/** @type {keyof typeof SAVED} */ name, /** @type {string} */ label, /** @type {string} */ title) =>
    ({ name: `bumps-${name}`, label, title, ...SAVED[name], draw: (/** @type {import("./pen.js").Pen} */ pen) => drawings[name](pen, SAVED[name]) });
  return {
    show(frame) {
      moment = bumpsMomentOf(frame);
      controls.show(moment.meta);
      settings.show(moment.meta.problem);
      table.show(moment);
      find("bumps-step-told", HTMLElement).textContent = `step ${moment.meta.step.toLocaleString("en")}`;
      draw();
    },
    redraw: draw,
    sheets: () => (!moment ? [] : [
      saved("picture", "Function and nets", `A function and ${moment.ways.length} ways to come near it`),
      saved("errors", "Errors", "How far each is off, and its bound"),
      ...(moment.bumps.length ? [saved("units", "One bump", "A bump, unit after unit")] : []),
    ]),
    tasks: () => [{ name: "numpy", label: "Net, NumPy script", says: `${LOOKS.find(({ name }) => name === store.get().bumps_front)?.title}: a short script that computes the same`, act: () => saveBumpsScript(moment, store) }],
    isPlaying: controls.isPlaying,
    settle: controls.settle,
  };
}
