/** The pages of the lab: those that are there are linked, the others are not shown. */

import { find, letGo, make } from "./dom.js";
import { fieldOf, follow } from "./fields.js";
import { formatState } from "./state.js";

/**
 * @typedef {object} View one page
 * @property {() => void} redraw
 * @property {() => readonly import("./export.js").Sheet[]} sheets its pictures, to be saved; none before there are some
 * @property {() => readonly Task[]} [tasks] what else can be taken along
 * @property {(frame: import("./frames.js").Frame) => void} [show] a frame of the page's own kind
 * @property {(look: import("./server.js").Look) => void} [look]
 * @property {(table: import("./server.js").Table) => void} [pairs]
 * @property {() => boolean} [isPlaying]
 * @property {() => void} [settle] what was asked for was refused
 */
/** @typedef {{readonly name: string, readonly label: string, readonly says: string, readonly act: () => void}} Task in the menu that saves */

/** @type {readonly {name: string, title: string}[]} in the order of the bar */
const PAGES = [
  { name: "playground", title: "Playground" },
  { name: "warp", title: "Space warp" },
  { name: "bumps", title: "Bumps" },
  { name: "landscape", title: "Landscape" },
  { name: "images", title: "Images" },
  { name: "wiring", title: "Wiring" },
  { name: "runs", title: "Runs" },
];

/** @param {import("./store.js").Store} store */
export function pageBar(store) {
  const known = PAGES.filter(({ name }) => document.getElementById(name) && fieldOf(store, "page").choices?.includes(name));
  const links = known.map(({ name, title }) => {
    const link = make("a", { href: "#" }, title);
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      letGo(event);
      store.change({ page: name });
    };
    return link;
  });
  find("pages", HTMLElement).append(...links);
  follow(store, (state) => known.forEach(({ name, title }, i) => {
    links[i].href = `#${formatState({ ...state, page: name }, store.schema)}`;
    if (name === state.page) links[i].setAttribute("aria-current", "page");
    else links[i].removeAttribute("aria-current");
    find(name, HTMLElement).hidden = name !== state.page;
    if (name === state.page) document.title = `${title} · foldline lab`;
  }));
}
