/** Wires the lab's parts together, and does nothing else. */

import { readPalette } from "./colors.js";
import { connectionView } from "./connection.js";
import { find, toast } from "./dom.js";
import { saveModel } from "./export.js";
import { exportMenu } from "./export_menu.js";
import { pageBar } from "./pages.js";
import { connect, loadSchema } from "./server.js";
import { makeStore } from "./store.js";
import { themeButton } from "./theme.js";

/** @typedef {import("./pages.js").View} View */

const NO_ANSWER = "The lab does not answer. Start foldline lab again, then load this page again.";
/** @type {View} of a page that is still loaded */
const EMPTY = { redraw() {}, sheets: () => [] };

async function start() {
  const showStatus = connectionView();
  const store = makeStore(await loadSchema(), (notes) => toast(notes.join(" ")));
  let palette = readPalette();
  const paletteNow = () => palette;
  /** @type {import("./server.js").Server | null} */
  let server = null;
  const engine = { send: (/** @type {import("./server.js").Message} */ message) => server?.send(message) };
  // Each is loaded when it is first opened: all of them together are a hundred modules.
  /** @type {Readonly<Record<string, () => Promise<View>>>} by the names of their pages */
  const pages = {
    playground: async () => (await import("./playground.js")).playground(store, engine, paletteNow),
    warp: async () => (await import("./warp_page.js")).warpPage(store, paletteNow),
    bumps: async () => (await import("./bumps_page.js")).bumpsPage(store, engine, paletteNow),
    landscape: async () => (await import("./landscape_page.js")).landscapePage(store, engine, paletteNow),
    images: async () => (await import("./images_page.js")).imagesPage(store, engine, paletteNow),
    wiring: async () => (await import("./wiring_page.js")).wiringPage(store, engine, paletteNow),
    runs: async () => (await import("./runs_page.js")).runsPage(store, paletteNow),
  };
  /** @type {Map<string, View>} */
  const views = new Map();
  /** @type {Set<string>} */
  const loading = new Set();
  const shown = () => views.get(store.get().page) ?? EMPTY;
  const open = async () => {
    const { page } = store.get();
    if (views.has(page) || loading.has(page)) return;
    loading.add(page);
    try {
      const view = await pages[page]();
      views.set(page, view);
      find(page, HTMLElement).inert = false;
      view.redraw();
      // Pictures that came meanwhile were drawn by nobody: ask for one more.
      if (store.get().page === page) engine.send({ do: "set", state: store.get() });
    } catch (error) {
      toast(error instanceof TypeError ? NO_ANSWER : String(error)); // the browser's error where a module cannot be had
    } finally {
      loading.delete(page);
    }
  };

  pageBar(store);
  exportMenu(shown, paletteNow);
  themeButton(() => {
    palette = readPalette();
    views.forEach((view) => view.redraw());
  });
  server = connect({
    frame: (frame) => views.get(frame.kind)?.show?.(frame),
    look: (look) => shown().look?.(look),
    pairs: (table) => shown().pairs?.(table),
    file: saveModel,
    error: (words) => {
      toast(words);
      shown().settle?.();
    },
    status: showStatus,
    hello: () => [{ do: "set", state: store.get() }, ...(shown().isPlaying?.() ? [{ do: "play" }] : [])],
  });
  find("skip", HTMLButtonElement).onclick = () => {
    const picture = find(store.get().page, HTMLElement).querySelector("[role=application]");
    if (picture instanceof HTMLElement) picture.focus();
  };
  store.listen((state) => {
    engine.send({ do: "set", state });
    open();
  });
  await open();
}

start().catch((error) => {
  const banner = find("banner", HTMLElement);
  banner.hidden = false;
  banner.textContent = error instanceof TypeError && error.message.includes("fetch") ? NO_ANSWER : String(error.message ?? error);
});
