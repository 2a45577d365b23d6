/** The menu that saves and copies. */

import { find, make, toast } from "./dom.js";
import { numpyScript, planeSvg, save } from "./export.js";

/**
 * @param {import("./store.js").Store} store @param {() => import("./colors.js").Palette} palette
 * @param {{moment: () => import("./moment.js").Moment | null, shows: () => import("./shows.js").Shows}} playground
 */
export function exportMenu(store, palette, playground) {
  const menu = find("exports", HTMLDetailsElement);
  const withMoment = (/** @type {(moment: import("./moment.js").Moment) => void} */ act) => () => {
    const moment = playground.moment();
    if (moment) act(moment);
    else toast("There is no net yet. Wait until the server has sent one.");
  };
  /** @type {readonly [id: string, label: string, says: string, act: () => void][]} */
  const entries = [
    ["png", "Picture, PNG", "The plane as you see it", withMoment(() => {
      find("plane-canvas", HTMLCanvasElement).toBlob((blob) => blob && save("foldline-plane.png", blob));
    })],
    ["svg", "Picture, SVG", "Lines and regions, at any size", withMoment((moment) => {
      if (moment.grid) toast("This net has no exact regions: the SVG holds lines and points. The PNG has the colours too.");
      save("foldline-plane.svg", new Blob([planeSvg(moment, palette(), playground.shows())], { type: "image/svg+xml" }));
    })],
    ["numpy", "Net, NumPy script", "Twenty lines that give the same scores", withMoment((moment) => {
      if (!moment.layers.length) toast("The weights come along when training pauses. Pause, then export again.");
      else save("foldline_net.py", new Blob([numpyScript(moment, store.get().activation, location.hash || "the default")], { type: "text/x-python" }));
    })],
    ["link", "Copy the link", "It restores every setting, and your points", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        toast("The link is copied. It works while this lab runs; what follows # works in any lab.");
      } catch {
        toast(`The browser does not let the page copy. The link stands in the address bar.`);
      }
    }],
  ];
  find("exports", HTMLDetailsElement).querySelector("ul")?.replaceChildren(...entries.map(([id, label, says, act]) => {
    const button = make("button", { type: "button", id: `export-${id}` }, label, make("span", {}, says));
    button.onclick = () => {
      menu.open = false;
      act();
    };
    return make("li", {}, button);
  }));
  menu.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  };
  addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
}
