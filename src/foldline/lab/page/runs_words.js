/** Runs in words: durations, sizes, and how two of them differ. */

import { folderOf, hasSpread } from "./runs_math.js";

/** @typedef {import("./runs_math.js").Run} Run */
/** @typedef {import("./runs_math.js").Line} Line */

/** @param {number} part of one @returns {string} */
export function share(part) {
  return `${(100 * part).toFixed(1)} %`;
}

/** @param {number} difference of two shares @returns {string} in percentage points, with its sign */
export function points(difference) {
  const size = Math.abs(100 * difference).toFixed(1);
  return size === "0.0" ? size : `${difference < 0 ? "−" : "+"}${size}`;
}

/** @param {number | null} time_s @returns {string} */
export function seconds(time_s) {
  if (time_s === null) return "–";
  if (time_s < 0.1) return `${(1e3 * time_s).toFixed(0)} ms`;
  if (time_s < 9.95) return `${time_s.toFixed(1)} s`;
  return time_s < 600 ? `${time_s.toFixed(0)} s` : `${(time_s / 60).toFixed(0)} min`;
}

/** @param {number | null} time_us @returns {string} */
export function microseconds(time_us) {
  if (time_us === null) return "–";
  return time_us < 9.95 ? `${time_us.toFixed(1)} µs` : `${Math.round(time_us).toLocaleString("en")} µs`;
}

/** @param {number | null} bytes @returns {string} in decimal units */
export function fileSize(bytes) {
  if (bytes === null) return "–";
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e7 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
}

/** @param {Run} run @param {string} root the name of the lab's folder @returns {string} */
export function runName({ name }, root) {
  return folderOf(name) || root;
}

/** @param {Run} run @returns {string} when it was written, as a clock of this place shows it */
export function when({ changed_s }) {
  const at = new Date(1000 * changed_s);
  const isToday = at.toDateString() === new Date().toDateString();
  return at.toLocaleString("en-GB", { hour: "2-digit", minute: "2-digit", ...(isToday ? {} : { day: "numeric", month: "short", year: "numeric" }) });
}

/** @param {Run} run @returns {string} what it is, in a line */
export function about(run) {
  const { digest } = run;
  if (!digest) return `${run.command}, written ${when(run)}`;
  const counted = (/** @type {number} */ n, /** @type {string} */ noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  const recipes = new Set(digest.rows.map(({ recipe }) => recipe)).size;
  return [
    `foldline ${run.command} on ${digest.source}`,
    ...(recipes ? [counted(recipes, "recipe")] : []),
    ...(digest.seeds ? [`${counted(digest.seeds, "training")} of each`] : []),
    ...(digest.n_test ? [counted(digest.n_test, "test image")] : []),
    `written ${when(run)}`,
  ].join(" · ");
}

/** @param {readonly Line[]} lines @returns {string} what is drawn of each */
export function legend(lines) {
  return [
    "Bar: from 0 to 100 %.",
    ...(lines.some(({ row }) => row.low !== null) ? ["Thin line: 95 % interval for the choice of test images."] : []),
    ...(hasSpread(lines) ? ["Thick line: a standard deviation between trainings, either way."] : []),
    ...(lines.some(({ other }) => other) ? ["Diamond: the run beside it."] : []),
  ].join(" ");
}

/**
 * @param {Run} run @param {Run} other @param {readonly Line[]} lines @param {string} root
 * @returns {string} how they differ, in a sentence or two
 */
export function differenceInWords(run, other, lines, root) {
  const both = lines.flatMap(({ difference, isChance }) => (difference === null ? [] : [{ difference, isChance }]));
  const name = runName(other, root);
  if (!both.length) return `No recipe is in both this run and ${name}.`;
  const mean = both.reduce((sum, { difference }) => sum + difference, 0) / both.length;
  const certain = both.filter(({ isChance }) => isChance === false).length;
  const chance = both[0].isChance === null ? "" : `${certain || "None"} of the differences ${certain === 1 ? "is" : "are"} larger than the choice of test images explains.`;
  const sources = [run, other].map(({ digest }) => `${digest?.source} (${digest?.n_test?.toLocaleString("en")} test images)`);
  const caution = sources[0] === sources[1] ? chance : `They were tested on different images, ${sources.join(" and ")}: the differences say little about the recipes.`;
  const size = points(mean).replace(/^[+−]/, "");
  const held = size === "0.0" ? `level with ${name}` : `${size} points ${mean < 0 ? "below" : "above"} ${name}`;
  return `${both.length} of ${lines.length} rows are in both: this run is ${held}, on average. ${caution}`;
}
