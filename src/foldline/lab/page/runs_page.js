/** The page of runs: what foldline's commands wrote into the lab's folder, one in full, another one beside it. */

import { find, make, radios } from "./dom.js";
import { follow } from "./fields.js";
import { boardSize, drawBoard } from "./runs_drawing.js";
import { addressOf, besides, hasShares, linesOf } from "./runs_math.js";
import { drawBars, runTable } from "./runs_table.js";
import { about, differenceInWords, legend, runName, share, when } from "./runs_words.js";
import { loadRuns } from "./server.js";

/** @typedef {import("./runs_math.js").Run} Run */
/** @typedef {import("./runs_math.js").Line} Line */

const REFRESH_MS = 4000;

/** @param {import("./store.js").Store} store @param {() => import("./colors.js").Palette} palette @returns {import("./pages.js").View} */
export function runsPage(store, palette) {
  /** @type {import("./runs_math.js").Listing} */
  let listing = { folder: "", runs: [], notes: [] };
  let shown = ""; // what is in the page now, so that it is built again only if it changed
  /** @type {Run | null} */
  let run = null;
  /** @type {readonly Line[]} */
  let lines = [];
  const isOpen = () => store.get().page === "runs";
  const board = find("run-board", HTMLElement);
  const choices = find("runs-choices", HTMLElement);
  const told = find("runs-told", HTMLElement);
  const beside = find("run-beside", HTMLSelectElement);

  const load = async () => {
    if (!isOpen() || document.hidden) return;
    try {
      listing = await loadRuns();
      told.textContent = listing.notes.join(" ");
      show();
    } catch (error) {
      told.textContent = `The list cannot be loaded (${error instanceof Error ? error.message : error}). It is tried again in some seconds.`;
    }
  };

  const show = () => {
    const { run: name, beside: besideName, runs_sort: sort } = store.get();
    const now = JSON.stringify([listing, name, besideName, sort]);
    if (now === shown) return;
    shown = now;
    const { runs, folder } = listing;
    find("runs-folder", HTMLElement).textContent = `Runs in ${folder}`;
    run = (name ? runs.find((one) => one.name === name) : runs[0]) ?? null;
    showList();
    find("runs-empty", HTMLElement).hidden = runs.length > 0;
    find("run", HTMLElement).hidden = !runs.length;
    if (!run) showNone(name);
    else showRun(run, sort, besideName);
    draw();
  };

  const showList = () => {
    const hadFocus = choices.contains(document.activeElement);
    const mark = radios(choices, listing.runs.map((one) => ({ value: one.name, label: entryWords(one), content: entry(one) })), (name) => store.change({ run: name, beside: store.get().beside === name ? "" : store.get().beside }));
    mark(run?.name ?? "");
    const chosen = choices.querySelector("[aria-checked=true]");
    if (chosen instanceof HTMLElement) {
      if (hadFocus) chosen.focus({ preventScroll: true });
      // The list alone is scrolled: the page stays where it is when something new shows up.
      const { offsetTop: top, offsetHeight: height } = chosen;
      if (top < choices.scrollTop || top + height > choices.scrollTop + choices.clientHeight) choices.scrollTop = top - (choices.clientHeight - height) / 2;
    }
    // A link may name a run that is gone: then the first one is where the tab key stops.
    if (!chosen && choices.firstElementChild instanceof HTMLElement) choices.firstElementChild.tabIndex = 0;
  };
  const entry = (/** @type {Run} */ one) => {
    const [name, ...rest] = entryParts(one);
    return make("span", {}, make("b", {}, name), make("span", {}, rest.join(" · ")));
  };
  const entryWords = (/** @type {Run} */ one) => entryParts(one).join(", ");
  const entryParts = (/** @type {Run} */ one) => {
    const { digest } = one;
    const best = digest?.rows.length ? [`best ${share(Math.max(...digest.rows.map(({ accuracy }) => accuracy)))}`] : [];
    const state = one.problem ? ["damaged"] : isGoingOn(one) ? [`${digest?.done} of ${digest?.planned} done`] : best;
    return [runName(one, listing.folder), one.command, ...(digest ? [digest.source] : []), ...state, when(one)];
  };

  const showNone = (/** @type {string} */ name) => {
    lines = [];
    clear();
    find("run-name", HTMLElement).textContent = "No such run";
    find("run-verdict", HTMLElement).textContent = `${name} is not in this folder. Choose another one.`;
  };

  const showRun = (/** @type {Run} */ one, /** @type {string} */ sort, /** @type {string} */ besideName) => {
    const { digest } = one;
    clear();
    find("run-name", HTMLElement).textContent = runName(one, listing.folder);
    find("run-about", HTMLElement).textContent = about(one);
    find("run-verdict", HTMLElement).textContent = one.problem ?? digest?.verdict ?? "";
    const report = find("run-report", HTMLAnchorElement);
    report.hidden = !one.files.includes("report.html");
    if (!report.hidden) report.href = addressOf(one.name, "report.html");
    const others = besides(listing.runs, one);
    const other = others.find((two) => two.name === besideName) ?? null;
    beside.replaceChildren(make("option", { value: "" }, "no other run"), ...others.map((two) => make("option", { value: two.name }, `${runName(two, listing.folder)} (${when(two)})`)));
    beside.value = other?.name ?? "";
    beside.disabled = !others.length;
    lines = digest ? linesOf(digest.rows, other?.digest?.rows ?? null, sort) : [];
    if (!digest) return;
    if (isGoingOn(one)) showProgress(one);
    if (lines.length) showTable(digest.ship, sort);
    if (other) find("run-difference", HTMLElement).textContent = differenceInWords(one, other, lines, listing.folder);
    else if (besideName) find("run-difference", HTMLElement).textContent = `${besideName} cannot be shown beside this run: it is not in this folder, or of another kind.`;
    find("run-failures", HTMLElement).replaceChildren(...digest.failures.map((words) => make("li", {}, words)));
    find("run-pictures", HTMLElement).replaceChildren(...one.files.filter((file) => file.endsWith(".png")).map((file) => {
      const address = `${addressOf(one.name, file)}?${one.changed_s}`; // another one once it was written again
      return make("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: "Open it alone" }, make("img", { src: address, alt: `${file} of ${runName(one, listing.folder)}. ${digest.verdict}` }));
    }));
    find("run-environment", HTMLElement).replaceChildren(...Object.entries(digest.environment).map(([key, value]) => make("div", {}, make("dt", {}, key), make("dd", {}, value))));
  };

  const showTable = (/** @type {string | null} */ ship, /** @type {string} */ sort) => {
    const focused = document.activeElement instanceof HTMLElement && board.contains(document.activeElement) ? document.activeElement.dataset.column : null;
    board.replaceChildren(runTable(lines, sort, ship, (next) => store.change({ runs_sort: next })));
    if (focused) /** @type {HTMLElement | null} */ (board.querySelector(`[data-column="${focused}"]`))?.focus();
    find("run-legend", HTMLElement).textContent = legend(lines);
  };
  const showProgress = (/** @type {Run} */ { digest }) => {
    find("run-progress", HTMLElement).hidden = false;
    const bar = find("run-done", HTMLProgressElement);
    [bar.max, bar.value] = [digest?.planned ?? 1, digest?.done ?? 0];
    find("run-done-told", HTMLElement).textContent = `${digest?.done} of ${digest?.planned} parts are done. It goes on, or was stopped; what is new shows up by itself.`;
  };
  const clear = () => {
    for (const id of ["run-about", "run-difference", "run-legend"]) find(id, HTMLElement).textContent = "";
    for (const id of ["run-failures", "run-pictures", "run-environment"]) find(id, HTMLElement).replaceChildren();
    if (!run?.digest?.rows.length) board.replaceChildren();
    find("run-progress", HTMLElement).hidden = true;
    find("run-report", HTMLElement).hidden = true;
    beside.disabled = true;
  };

  const draw = () => {
    if (isOpen() && lines.length) drawBars(board, lines, run?.digest?.ship ?? null, palette());
  };

  beside.onchange = () => store.change({ beside: beside.value });
  find("runs-refresh", HTMLButtonElement).onclick = load;
  document.addEventListener("visibilitychange", load);
  setInterval(load, REFRESH_MS);
  new ResizeObserver(draw).observe(board);
  follow(store, (_, before) => {
    if (!isOpen()) return;
    if (before?.page !== "runs") load();
    if (listing.folder) show();
  });
  const nameIn = (/** @type {Line} */ { row }) => (hasShares(lines.map((line) => line.row)) ? `${row.title}, ${row.images.toLocaleString("en")} images` : row.title);
  return {
    redraw: draw,
    sheets: () => {
      if (!run || !lines.length) return [];
      const title = `${runName(run, listing.folder)}: test images right, and seconds of training`;
      const ship = run.digest?.ship ?? null;
      return [{ name: "leaderboard", label: "Leaderboard", title, ...boardSize(lines.length), draw: (pen) => drawBoard(pen, title, lines, nameIn, ship, palette()) }];
    },
  };
}

/** @param {Run} run */
function isGoingOn({ digest }) {
  return !!digest && digest.done !== null && digest.planned !== null && digest.done < digest.planned;
}
