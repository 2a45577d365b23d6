/** A run's rows as a table: a click on the head of a column sorts by it, a second one the other way. */

import { make, sheet } from "./dom.js";
import { drawBar } from "./runs_drawing.js";
import { hasShares, hasSpread } from "./runs_math.js";
import { fileSize, microseconds, points, seconds, share } from "./runs_words.js";

/** @typedef {import("./runs_math.js").Line} Line */
/** @typedef {{name: string, title: string, says: string, first: "up" | "down", text: (line: Line) => string, applies?: (lines: readonly Line[]) => boolean}} Column */

const hasPredictions = (/** @type {readonly Line[]} */ lines) => lines.some(({ row }) => row.predict_us !== null);

/** @type {readonly Column[]} `first` is the way of the first click */
const COLUMNS = [
  { name: "recipe", title: "Recipe", says: "features, and what classifies them", first: "up", text: ({ row }) => row.title },
  { name: "images", title: "Images", says: "that it learned from", first: "up", text: ({ row }) => row.images.toLocaleString("en"), applies: (lines) => hasShares(lines.map(({ row }) => row)) },
  { name: "accuracy", title: "Test images right", says: "mean over trainings", first: "down", text: ({ row }) => share(row.accuracy) },
  { name: "spread", title: "± seeds", says: "standard deviation between trainings, in points", first: "up", text: ({ row }) => (100 * row.std).toFixed(2), applies: hasSpread },
  { name: "time", title: "Train", says: "from pixels to a trained model", first: "up", text: ({ row }) => seconds(row.time_s) },
  { name: "predict", title: "Predict", says: "an image, from pixels to class", first: "up", text: ({ row }) => microseconds(row.predict_us), applies: hasPredictions },
  { name: "size", title: "Size", says: "of the saved model", first: "up", text: ({ row }) => fileSize(row.model_bytes), applies: hasPredictions },
  { name: "difference", title: "Difference", says: "to the run beside it, in points", first: "down", text: differenceText, applies: (lines) => lines.some(({ other }) => other) },
];

/**
 * @param {readonly Line[]} lines @param {string} sort @param {string | null} ship @param {(sort: string) => void} sorted
 * @returns {HTMLTableElement}
 */
export function runTable(lines, sort, ship, sorted) {
  const columns = COLUMNS.filter(({ applies }) => applies?.(lines) ?? true);
  const heads = columns.map(({ name, title, says, first }) => {
    const [down, up] = [sort === `${name}-down`, sort === `${name}-up`];
    const button = make("button", { type: "button", title: `Sort by it: ${says}`, "data-column": name }, title, make("span", { "aria-hidden": "true" }, down ? " ▼" : up ? " ▲" : ""));
    button.onclick = () => sorted(`${name}-${down ? "up" : up ? "down" : first}`);
    return make("th", { scope: "col", class: `of-${name}`, "aria-sort": down ? "descending" : up ? "ascending" : "none", colspan: name === "accuracy" ? 2 : 1 }, button);
  });
  const body = lines.map((line) => {
    const isShipped = line.row.recipe === ship;
    const cells = columns.flatMap((column) => {
      if (column.name === "recipe") return [make("th", { scope: "row", title: line.row.recipe }, column.text(line), ...(isShipped ? [" ", make("span", { class: "tag" }, "ship")] : []))];
      const cell = make("td", line.isChance && column.name === "difference" ? { class: "is-chance" } : {}, column.text(line));
      return column.name === "accuracy" ? [make("td", { class: "bar" }, make("canvas", { "aria-hidden": "true" })), cell] : [cell];
    });
    return make("tr", isShipped ? { class: "is-shipped" } : {}, ...cells);
  });
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
}

/** @param {HTMLElement} place of the table @param {readonly Line[]} lines @param {string | null} ship @param {import("./colors.js").Palette} palette */
export function drawBars(place, lines, ship, palette) {
  place.querySelectorAll("canvas").forEach((canvas, i) => {
    const { pen, size } = sheet(canvas);
    drawBar(pen, { x: 5, y: 0, width: size.width - 10, height: size.height }, lines[i], lines[i].row.recipe === ship, palette);
  });
}

/** @param {Line} line */
function differenceText({ difference, isChance }) {
  if (difference === null) return "–";
  return `${points(difference)}${isChance ? ", chance" : ""}`;
}
