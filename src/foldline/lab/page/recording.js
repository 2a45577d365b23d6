/** A recording: the playground's frames, replayed from this one file without any server. */

import { readPalette } from "./colors.js";
import { find, sheet } from "./dom.js";
import { decodeFrame } from "./frames.js";
import { gridPixels } from "./grids.js";
import { momentOf } from "./moment.js";
import { netView } from "./net_view.js";
import { numbersView } from "./numbers.js";
import { drawPlane, responsePixels } from "./plane.js";
import { showBoxes } from "./shows.js";
import { themeButton } from "./theme.js";

/** @typedef {{readonly link: string, readonly loss: string}} Run settings, and what their loss is */
/** @typedef {{readonly runs: readonly Run[], readonly frames: readonly {readonly run: number, readonly deflated: string}[]}} Recording */

const FRAME_MS = 60; // 200 frames are then twelve seconds
/** What does something else with a key that it is given. */
const TAKERS_OF_SPACE = "button, input[type=checkbox]";
const TAKERS_OF_ARROWS = "input, [tabindex]";

/** @param {Recording} recording */
function replay({ runs, frames }) {
  let palette = readPalette();
  let [wanted, isPlaying] = [0, false];
  /** @type {{moment: import("./moment.js").Moment, at: number} | null} */
  let shown = null;
  const slider = find("when", HTMLInputElement);
  const button = find("play", HTMLButtonElement);
  const shows = showBoxes(find("shows", HTMLElement), () => draw());
  const net = netView(() => draw());
  const drawNumbers = numbersView();

  const draw = () => {
    if (!shown) return;
    const { moment, at } = shown;
    const run = runs[frames[at].run];
    const { pen, size } = sheet(find("plane-canvas", HTMLCanvasElement));
    const over = net.response(moment);
    drawPlane(pen, moment.picture, size, palette, {
      ...shows(),
      unit: net.unit(),
      cell: -1,
      below: moment.grid && gridPixels(moment.grid, palette),
      over: over && responsePixels(over, Math.sqrt(over.length), palette),
    });
    net.draw(moment, palette);
    drawNumbers(moment, palette, run.loss);
    const { step } = moment.meta;
    find("when-told", HTMLOutputElement).value = `step ${step.toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", `step ${step}, picture ${at + 1} of ${frames.length}`);
    find("command", HTMLElement).textContent = `foldline lab${run.link && ` --link "${run.link}"`}`;
  };

  const show = async (/** @type {number} */ at) => {
    const next = (wanted = Math.min(Math.max(at, 0), frames.length - 1));
    slider.value = String(next);
    const moment = momentOf(decodeFrame(await inflated(frames[next].deflated)));
    if (next !== wanted) return; // another was asked for meanwhile
    shown = { moment, at: next };
    draw();
  };

  const play = (/** @type {boolean} */ next) => {
    isPlaying = next;
    button.textContent = isPlaying ? "❚❚ Pause" : "▶ Play";
    if (!isPlaying) return;
    if (wanted === frames.length - 1) show(0);
    goOn();
  };
  const goOn = () => setTimeout(async () => {
    if (!isPlaying) return;
    await show(wanted + 1);
    if (wanted === frames.length - 1) play(false);
    else goOn();
  }, FRAME_MS);

  slider.max = String(frames.length - 1);
  slider.oninput = () => {
    play(false);
    show(Number(slider.value));
  };
  button.onclick = () => play(!isPlaying);
  addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    const isTaken = target instanceof Element && target.closest(key === " " ? TAKERS_OF_SPACE : TAKERS_OF_ARROWS);
    if (isTaken || ctrlKey || metaKey || altKey) return;
    const place = { ArrowLeft: wanted - 1, ArrowRight: wanted + 1, Home: 0, End: frames.length - 1 }[key];
    if (key === " ") play(!isPlaying);
    else if (place !== undefined) {
      play(false);
      show(place);
    } else return;
    event.preventDefault();
  });
  for (const id of ["plane-canvas", "net-sheet"]) new ResizeObserver(draw).observe(find(id, HTMLElement));
  themeButton(() => {
    palette = readPalette();
    draw();
  });
  play(false);
  show(0);
}

/** @param {string} text base64 of a deflated frame @returns {Promise<ArrayBuffer>} */
function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}

const data = document.getElementById("data");
if (data) replay(JSON.parse(data.textContent ?? ""));
else find("banner", HTMLElement).hidden = false;
