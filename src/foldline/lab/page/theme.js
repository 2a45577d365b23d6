/** Light, dark, or as the system has it; kept by the browser, not by the link. */

import { find } from "./dom.js";

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);
const SIGNS = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" };
const KEY = "foldline-lab-theme";

/** @param {() => void} changed */
export function themeButton(changed) {
  const button = find("theme", HTMLButtonElement);
  let theme = THEMES.find((one) => one === kept()) ?? "auto";
  const show = () => {
    document.documentElement.dataset.theme = theme;
    button.textContent = SIGNS[theme];
    button.setAttribute("aria-label", `Colours: ${theme}. Change.`);
  };
  button.onclick = () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    keep(theme);
    show();
    changed();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  show();
}

// A recording that is shown inside another page may have no place to keep anything.
function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} theme */
function keep(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it holds until the page is closed
  }
}
