/** The menu that saves and copies. */

import { find, make, toast } from "./dom.js";
import { numpyScript, pngOf, save, svgOf } from "./export.js";
import { follow } from "./fields.js";
import { formatState } from "./state.js";

/** @typedef {import("./export.js").Sheet} Sheet */

/** What the sheets of each page are called, by their names. */
const SHEETS = /** @type {const} */ ({
  playground: { plane: "Plane", net: "Net", loss: "Loss", right: "Share right" },
  warp: { linear: "Without a bend", folded: "With ReLU" },
});

/**
 * @param {import("./store.js").Store} store @param {() => import("./colors.js").Palette} palette
 * @param {{sheets: () => readonly Sheet[], moment: () => import("./moment.js").Moment | null}} playground
 * @param {{sheets: () => readonly Sheet[]}} warp
 */
export function exportMenu(store, palette, playground, warp) {
  const menu = find("exports", HTMLDetailsElement);
  const act = (/** @type {() => unknown} */ task) => () => {
    menu.open = false;
    task();
  };

  const savePicture = async (/** @type {string} */ name, /** @type {"png" | "svg"} */ kind) => {
    const sheet = [...playground.sheets(), ...warp.sheets()].find((one) => one.name === name);
    if (!sheet) return toast("There is no net yet. Wait until the server has sent one.");
    const file = kind === "svg" ? svgOf(sheet, palette().paper) : await pngOf(sheet, palette().paper);
    if (file) save(`foldline-${name}.${kind}`, file);
  };
  const saveScript = () => {
    const moment = playground.moment();
    if (!moment?.layers.length) return toast("The weights of a large net come along when training pauses. Pause, then export again.");
    save("foldline_net.py", new Blob([numpyScript(moment, store.get().activation, `#${formatState(store.get(), store.schema)}`)], { type: "text/x-python" }));
  };
  const copyLink = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      toast("The link is copied. It works while this lab runs; what follows # works in any lab.");
    } catch {
      toast("The browser does not let the page copy. The link stands in the address bar.");
    }
  };

  const pictureRow = (/** @type {string} */ name, /** @type {string} */ label) =>
    make("li", { class: "row" }, make("span", {}, label), ...(/** @type {const} */ (["png", "svg"])).map((kind) => {
      const button = make("button", { type: "button", id: `export-${name}-${kind}`, "aria-label": `${label} as ${kind.toUpperCase()}` }, kind.toUpperCase());
      button.onclick = act(() => savePicture(name, kind));
      return button;
    }));
  const row = (/** @type {string} */ id, /** @type {string} */ label, /** @type {string} */ says, /** @type {() => unknown} */ task) => {
    const button = make("button", { type: "button", id: `export-${id}` }, label, make("span", {}, says));
    button.onclick = act(task);
    return make("li", {}, button);
  };
  follow(store, ({ page }, before) => {
    if (before && before.page === page) return;
    const sheets = Object.entries(page === "warp" ? SHEETS.warp : SHEETS.playground);
    menu.querySelector("ul")?.replaceChildren(
      ...sheets.map(([name, label]) => pictureRow(name, label)),
      ...(page === "warp" ? [] : [row("numpy", "Net, NumPy script", "A short script that gives the same scores", saveScript)]),
      row("link", "Copy the link", "It restores every setting, and your points", copyLink),
    );
  });
  menu.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  };
  addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
}
