/** Small helpers for elements and canvases. */

import { canvasPen } from "./pen.js";

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
export function find(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`The page has no ${type.name} #${id}.`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string | boolean | number>} [attributes] `class`, `aria-label`, ...; false leaves one out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Fit a canvas to its place at the screen's resolution.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {{pen: import("./pen.js").Pen, size: {width: number, height: number}}} on the cleared canvas, in pixels of the page
 */
export function sheet(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { pen: canvasPen(context), size: { width, height } };
}

/**
 * One of several, as buttons: one stop of the tab key, arrows choose.
 *
 * @param {HTMLElement} group with role radiogroup @param {readonly {value: string, content: Node | string, label: string}[]} choices
 * @param {(value: string) => void} chosen @returns {(value: string) => void} shows which one holds
 */
export function radios(group, choices, chosen) {
  const buttons = choices.map(({ content, label }) => make("button", { type: "button", role: "radio", title: label, "aria-label": label }, content));
  group.replaceChildren(...buttons);
  const show = (/** @type {string} */ value) => buttons.forEach((button, i) => {
    const isIt = choices[i].value === value;
    button.setAttribute("aria-checked", String(isIt));
    button.tabIndex = isIt ? 0 : -1;
  });
  buttons.forEach((button, i) => {
    button.onclick = () => chosen(choices[i].value);
    button.onkeydown = (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = (i + by + buttons.length) % buttons.length;
      buttons[next].focus();
      chosen(choices[next].value);
    };
  });
  return show;
}

/** A pointer's click leaves the keys to the page; who pressed it by a key stays on it. @param {MouseEvent} event */
export function letGo({ currentTarget, detail }) {
  if (detail > 0 && currentTarget instanceof HTMLElement) currentTarget.blur();
}

/** Escape and a press outside close a menu. @param {HTMLDetailsElement} menu */
export function letItClose(menu) {
  menu.onkeydown = ({ key }) => {
    if (key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  };
  addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
}

/** @param {HTMLElement} place that is read aloud when it changes @param {string} words */
export function tell(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

/** @type {ReturnType<typeof setTimeout>} */
let hiding;

/** @param {string} words shown for some seconds at the foot of the page */
export function toast(words) {
  document.querySelector(".toast")?.remove();
  document.body.append(make("p", { class: "toast", role: "status" }, words));
  clearTimeout(hiding);
  hiding = setTimeout(() => document.querySelector(".toast")?.remove(), 2500 + 45 * words.length);
}
