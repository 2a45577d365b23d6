/** Wires the lab's parts together, and does nothing else. */

import { readPalette } from "./colors.js";
import { connectionView } from "./connection.js";
import { find, toast } from "./dom.js";
import { exportMenu } from "./export_menu.js";
import { pageBar } from "./pages.js";
import { playground } from "./playground.js";
import { connect, loadSchema } from "./server.js";
import { makeStore } from "./store.js";
import { themeButton } from "./theme.js";
import { warpPage } from "./warp_page.js";

async function start() {
  const showStatus = connectionView();
  const store = makeStore(await loadSchema(), (notes) => toast(notes.join(" ")));
  let palette = readPalette();
  const paletteNow = () => palette;
  /** @type {import("./server.js").Server | null} */
  let server = null;
  const view = playground(store, { send: (message) => server?.send(message) }, paletteNow);
  const warp = warpPage(store, paletteNow);
  pageBar(store);
  exportMenu(store, paletteNow, view, warp);
  const recolor = () => {
    palette = readPalette();
    view.redraw();
    warp.redraw();
  };
  themeButton(recolor);
  recolor();
  server = connect({
    frame: view.show,
    look: view.look,
    error: (words) => {
      toast(words);
      view.settle();
    },
    status: showStatus,
    hello: () => [{ do: "set", state: store.get() }, ...(view.isPlaying() ? [{ do: "play" }] : [])],
  });
  find("skip", HTMLButtonElement).onclick = () => find("plane", HTMLElement).focus();
  store.listen((state) => server?.send({ do: "set", state }));
}

start().catch((error) => {
  const banner = find("banner", HTMLElement);
  banner.hidden = false;
  banner.textContent = error instanceof TypeError && error.message.includes("fetch")
    ? "The lab does not answer. Start foldline lab again, then load this page again."
    : String(error.message ?? error);
});
