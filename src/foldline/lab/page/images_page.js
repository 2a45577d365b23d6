/** The images page: templates forming, who is taken for whom, and any test image opened up. */

import { drawChart } from "./curves.js";
import { find, make, radios, sheet } from "./dom.js";
import { follow } from "./fields.js";
import { imagesControls } from "./images_controls.js";
import { imagesGrid } from "./images_grid.js";
import { drawLook, lookInWords } from "./images_look.js";
import { mostConfused } from "./images_matrix.js";
import { matrixView } from "./images_matrix_view.js";
import { IMAGES_GREETING, IMAGES_PRESETS, imagesPatch, isImagesPreset } from "./images_presets.js";
import { rowsShown, sightOf } from "./images_sight.js";
import { imagesSheets } from "./images_sheets.js";
import { drawTemplates, templatesTitle, wordAt } from "./images_templates.js";
import { presetChips } from "./preset_chips.js";
import { ACCURACY, LOSS, N_COLUMNS } from "./numbers.js";
import { usualState } from "./state.js";
import { transport } from "./transport.js";
import { count, decimal, percent } from "./words.js";

/** @typedef {import("./images_look.js").Told} Told */
/** @typedef {import("./images_matrix.js").Cell} Cell */

const SLOW_MS = 60; // all is drawn this often at most
const ASK_MS = 120; // and an image asked about
const REORDER_MS = 1500; // mistakes would jump about under a reader's eyes
/** @type {readonly {label: string, unit: string, says: string, value: (meta: any) => string}[]} */
const FACTS = [
  { label: "Test right", unit: "%", says: "Share of the test images that it gets right; it never learns from them", value: ({ accuracy }) => percent(accuracy.test) },
  { label: "Train right", unit: "%", says: "Share of up to 1,000 of the images it learns from that it gets right", value: ({ accuracy }) => percent(accuracy.train) },
  { label: "Step", unit: "", says: "Training steps so far", value: ({ step }) => step.toLocaleString("en") },
  { label: "Speed", unit: "images/s", says: "Training images seen in a second", value: ({ rate }) => (rate === null ? "–" : count(rate)) },
];

/**
 * @param {import("./store.js").Store} store @param {import("./server.js").Server} server @param {() => import("./colors.js").Palette} palette
 * @returns {import("./pages.js").View}
 */
export function imagesPage(store, server, palette) {
  /** @type {import("./images_sight.js").Sight | null} */
  let sight = null;
  /** @type {number | null} the image that a reader passes */
  let passed = null;
  /** @type {Told | null} */
  let told = null;
  let word = -1;
  let [drawnAt_ms, askedAt_ms, orderedAt_ms] = [0, 0, 0];
  let orderedBy = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let drawingLater;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let askingLater;

  const usual = usualState(store.schema);
  const templates = find("images-templates", HTMLCanvasElement);
  /** @type {readonly number[]} all that are chosen, in their order */
  let rows = [];
  /** @returns {number} the image looked at: of some mistakes or of a cell the first, unless one of them is kept */
  const row = () => {
    const { images_row, images_show, images_cell } = store.get();
    const isAny = images_show === "mixed" && !images_cell.length;
    const kept = isAny || rows.includes(images_row) ? images_row : rows[0] ?? images_row;
    return Math.min(passed ?? kept, Math.max((sight?.n ?? 0) - 1, 0));
  };
  const controls = transport(store, server, "images", {
    play: find("images-play", HTMLButtonElement), step: find("images-step", HTMLButtonElement), reset: find("images-reset", HTMLButtonElement),
  });
  presetChips(store, { chips: find("images-presets", HTMLElement), notice: find("images-notice", HTMLElement) }, IMAGES_PRESETS, {
    patch: (preset) => imagesPatch(preset, usual),
    isChosen: (preset, now) => isImagesPreset(preset, usual, now),
    otherwise: () => IMAGES_GREETING,
    begin: () => controls.play(true),
  });
  imagesControls(store, {
    set: find("images-set-fields", HTMLElement), classifier: find("images-classifier-fields", HTMLElement),
    training: find("images-training-fields", HTMLElement), speed: find("images-speed-field", HTMLElement),
  });
  const showChoice = radios(find("images-show", HTMLElement), [
    { value: "mixed", content: "Some of each class", label: "Test images, one of each class in turn" },
    { value: "mistakes", content: "Mistakes", label: "Test images with a wrong answer, the most mistaken first" },
    { value: "cell", content: "One cell", label: "Test images of one cell of the matrix; at first of the one with the most mistakes" },
  ], (value) => {
    if (value !== "cell") store.change({ images_show: value, images_cell: [] });
    else if (sight?.learned) choose(mostConfused(sight.learned.confusion, sight.names.length));
  });
  const grid = imagesGrid({
    point(next) {
      if (next === passed) return drawGrid();
      passed = next;
      ask();
      drawGrid();
    },
    keep: (images_row) => store.change({ images_row }),
  });

  const ask = () => {
    clearTimeout(askingLater);
    if (!sight?.learned || store.get().page !== "images") return;
    const wait_ms = askedAt_ms + ASK_MS - performance.now();
    if (wait_ms > 0) askingLater = setTimeout(ask, wait_ms);
    else {
      askedAt_ms = performance.now();
      server.send({ do: "look", x: row(), y: 0 });
    }
  };

  /** @returns {Told | null} what the server said, if it is of what is shown */
  const toldNow = () => (told && sight && told.row === row() && told.features === sight.meta.features ? told : null);

  const choose = (/** @type {Cell | null} */ next) => store.change({ images_cell: next ?? [] });
  const chosenCell = () => (store.get().images_cell.every((k) => k < (sight?.names.length ?? 0)) ? store.get().images_cell : []);
  const matrix = matrixView({ count: () => sight?.names.length ?? 0, chosen: chosenCell, choose, changed: () => drawSide() });
  templates.onpointermove = ({ offsetX, offsetY }) => {
    const next = sight?.words ? wordAt({ width: templates.clientWidth, height: templates.clientHeight }, offsetX, offsetY) : -1;
    if (next === word) return;
    word = next;
    draw();
  };
  templates.onpointerleave = () => {
    word = -1;
    draw();
  };

  const order = () => {
    if (!sight) return;
    const state = { ...store.get(), images_cell: chosenCell() };
    const by = JSON.stringify([state.images_show, state.images_cell, sight.meta.images, sight.n, !sight.learned]);
    const now_ms = performance.now();
    if (by === orderedBy && sight.meta.playing && (grid.isHeld() || now_ms < orderedAt_ms + REORDER_MS)) return;
    if (by === orderedBy && grid.isHeld()) return;
    [orderedBy, orderedAt_ms] = [by, now_ms];
    rows = rowsShown(sight, state);
    grid.show(rows);
    find("images-counted", HTMLElement).textContent = rowsInWords(sight, state, rows.length);
    if (told?.row !== row()) ask();
  };

  const drawGrid = () => {
    if (!sight) return;
    order();
    grid.draw(sight, store.get().images_row, palette());
  };

  const drawSide = () => {
    if (!sight) return;
    matrix.draw(sight, palette());
    const { pen, size } = sheet(find("images-look", HTMLCanvasElement));
    const words = toldNow();
    drawLook(pen, size, sight, row(), words, word, palette());
    // Until the server has answered, the words are of the image before.
    if (words || !sight.learned) find("images-looked", HTMLElement).textContent = lookInWords(sight, row(), words);
  };

  const draw = () => {
    if (!sight) return;
    const { meta, learned } = sight;
    drawnAt_ms = performance.now();
    find("images-templates-title", HTMLElement).textContent = templatesTitle(sight);
    const { pen, size } = sheet(templates);
    drawTemplates(pen, size, sight, word, palette());
    for (const [id, chart] of /** @type {const} */ ([["images-loss-chart", LOSS], ["images-right-chart", ACCURACY]])) {
      const canvas = find(id, HTMLCanvasElement);
      const { pen, size } = sheet(canvas);
      drawChart(pen, size, chart, learned?.curve ?? [], N_COLUMNS, meta.step, palette());
    }
    find("images-right-chart", HTMLCanvasElement).setAttribute("aria-label", `Right: train ${percent(meta.accuracy.train)} %, test ${percent(meta.accuracy.test)} %, at step ${meta.step}.`);
    find("images-loss-chart", HTMLCanvasElement).setAttribute("aria-label", `Loss: train ${decimal(meta.loss.train)}, test ${decimal(meta.loss.test)}, at step ${meta.step}.`);
    FACTS.forEach(({ value }, i) => (values[i].textContent = value(meta)));
    units[2].textContent = `epoch ${meta.epoch.toFixed(1)}`;
    find("images-told", HTMLElement).textContent = meta.told ?? "";
    const note = find("images-note", HTMLElement);
    note.hidden = !(meta.note || meta.working);
    note.textContent = meta.note ?? (meta.working && workInWords(meta.working)) ?? "";
    // Read aloud at every picture it would be noise.
    find("images-looked", HTMLElement).setAttribute("aria-live", meta.playing ? "off" : "polite");
    drawGrid();
    drawSide();
  };

  const values = FACTS.map(() => make("span", { class: "value" }));
  const units = FACTS.map(({ unit }) => make("span", {}, unit));
  find("images-facts", HTMLElement).append(...FACTS.map(({ label, says }, i) =>
    make("div", { title: says }, make("dt", {}, label), make("dd", {}, values[i], " ", units[i]))));
  new ResizeObserver(draw).observe(templates);
  new ResizeObserver(draw).observe(find("images-matrix", HTMLElement));
  follow(store, ({ images_show, images_cell }) => {
    showChoice(images_cell.length ? "cell" : images_show);
    draw();
    ask();
  });

  return {
    show(frame) {
      const before = sight;
      sight = sightOf(frame);
      if (before?.meta.images !== sight.meta.images || !sight.learned) told = null;
      controls.show(sight.meta);
      if (store.get().page !== "images") return;
      ask();
      clearTimeout(drawingLater);
      if (performance.now() - drawnAt_ms > SLOW_MS) draw();
      else drawingLater = setTimeout(draw, SLOW_MS);
    },
    look(look) {
      told = /** @type {any} */ (look);
      drawSide();
    },
    redraw: draw,
    sheets: () => (sight?.learned ? imagesSheets(sight, { row: row(), told: toldNow(), word, chosen: chosenCell() }, palette()) : []),
    isPlaying: controls.isPlaying,
    settle: controls.settle,
  };
}

/** @param {{words: string, share: number | null}} working */
function workInWords({ words, share }) {
  return `${words}${share === null ? " …" : `, ${Math.round(100 * share)} % …`}`;
}

/** @param {import("./images_sight.js").Sight} sight @param {{images_show: string, images_cell: readonly number[]}} state @param {number} n */
function rowsInWords({ names, learned }, { images_show, images_cell: [truth, answer] }, n) {
  if (!learned) return "";
  if (truth !== undefined) return truth === answer ? `${n} of ${names[truth]} that are right` : `${n} of ${names[truth]} taken for ${names[answer]}`;
  return images_show === "mistakes" ? `${n} mistakes, the worst first` : "";
}
