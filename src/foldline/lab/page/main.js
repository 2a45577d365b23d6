/** Wires the lab's parts together, and does nothing else. */

import { bumpsPage } from "./bumps_page.js";
import { readPalette } from "./colors.js";
import { connectionView } from "./connection.js";
import { find, toast } from "./dom.js";
import { saveModel } from "./export.js";
import { exportMenu } from "./export_menu.js";
import { imagesPage } from "./images_page.js";
import { landscapePage } from "./landscape_page.js";
import { pageBar } from "./pages.js";
import { playground } from "./playground.js";
import { runsPage } from "./runs_page.js";
import { connect, loadSchema } from "./server.js";
import { makeStore } from "./store.js";
import { themeButton } from "./theme.js";
import { warpPage } from "./warp_page.js";
import { wiringPage } from "./wiring_page.js";

async function start() {
  const showStatus = connectionView();
  const store = makeStore(await loadSchema(), (notes) => toast(notes.join(" ")));
  let palette = readPalette();
  const paletteNow = () => palette;
  /** @type {import("./server.js").Server | null} */
  let server = null;
  const engine = { send: (/** @type {import("./server.js").Message} */ message) => server?.send(message) };
  /** @type {Readonly<Record<string, import("./pages.js").View>>} by the names of their pages */
  const views = {
    playground: playground(store, engine, paletteNow),
    warp: warpPage(store, paletteNow),
    images: imagesPage(store, engine, paletteNow),
    bumps: bumpsPage(store, engine, paletteNow),
    landscape: landscapePage(store, engine, paletteNow),
    wiring: wiringPage(store, engine, paletteNow),
    runs: runsPage(store, paletteNow),
  };
  const shown = () => views[store.get().page];
  pageBar(store);
  exportMenu(shown, paletteNow);
  const recolor = () => {
    palette = readPalette();
    Object.values(views).forEach((view) => view.redraw());
  };
  themeButton(recolor);
  recolor();
  server = connect({
    frame: (frame) => views[frame.kind]?.show?.(frame),
    look: (look) => shown().look?.(look),
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
  store.listen((state) => server?.send({ do: "set", state }));
}

start().catch((error) => {
  const banner = find("banner", HTMLElement);
  banner.hidden = false;
  banner.textContent = error instanceof TypeError && error.message.includes("fetch")
    ? "The lab does not answer. Start foldline lab again, then load this page again."
    : String(error.message ?? error);
});
