/** The menu that saves and copies. */

import { find, letItClose, make, toast } from "./dom.js";
import { pngOf, save, svgOf } from "./export.js";

/** @typedef {import("./export.js").Sheet} Sheet */

/** @param {() => import("./pages.js").View} shown the page that is open @param {() => import("./colors.js").Palette} palette */
export function exportMenu(shown, palette) {
  const menu = find("exports", HTMLDetailsElement);
  const button = (/** @type {string} */ id, /** @type {() => unknown} */ task, /** @type {(Node | string)[]} */ ...words) => {
    const element = make("button", { type: "button", id: `export-${id}` }, ...words);
    element.onclick = () => {
      menu.open = false;
      task();
    };
    return element;
  };

  const savePicture = async (/** @type {Sheet} */ sheet, /** @type {"png" | "svg"} */ kind) => {
    const file = kind === "svg" ? svgOf(sheet, palette().paper) : await pngOf(sheet, palette().paper);
    if (file) save(`foldline-${sheet.name}.${kind}`, file);
  };
  const copyLink = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      toast("The link is copied. It works while this lab runs; what follows # works in any lab.");
    } catch {
      toast("The browser does not let the page copy. The link stands in the address bar.");
    }
  };

  const pictureRow = (/** @type {Sheet} */ sheet) =>
    make("li", { class: "row" }, make("span", {}, sheet.label), ...(/** @type {const} */ (["png", "svg"])).map((kind) => {
      const element = button(`${sheet.name}-${kind}`, () => savePicture(sheet, kind), kind.toUpperCase());
      element.setAttribute("aria-label", `${sheet.label} as ${kind.toUpperCase()}`);
      return element;
    }));
  const taskRow = (/** @type {import("./pages.js").Task} */ { name, label, says, act }) => make("li", {}, button(name, act, label, make("span", {}, says)));
  menu.ontoggle = () => {
    if (!menu.open) return;
    const { sheets, tasks } = shown();
    menu.querySelector("ul")?.replaceChildren(
      ...sheets().map(pictureRow),
      ...(tasks?.() ?? []).map(taskRow),
      taskRow({ name: "link", label: "Copy the link", says: "It restores every setting, and your points", act: copyLink }),
    );
  };
  letItClose(menu);
}
