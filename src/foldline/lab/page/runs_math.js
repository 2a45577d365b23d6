/** Runs as numbers: which rows a table has, in which order, and how two runs differ. */

/**
 * @typedef {object} Row null for what the run's command does not measure
 * @property {string} recipe
 * @property {string} title
 * @property {number} images for training
 * @property {number} accuracy mean over seeds
 * @property {number} std between seeds
 * @property {number | null} low of the 95 % interval for the choice of test images
 * @property {number | null} high
 * @property {number} time_s from pixels to a trained model
 * @property {number | null} predict_us
 * @property {number | null} model_bytes
 */
/**
 * @typedef {object} Digest
 * @property {string} source
 * @property {string} verdict
 * @property {string | null} ship
 * @property {number | null} n_test
 * @property {number | null} seeds
 * @property {number | null} done
 * @property {number | null} planned
 * @property {Readonly<Record<string, string>>} environment
 * @property {readonly string[]} failures
 * @property {readonly Row[]} rows
 */
/** @typedef {{name: string, command: string, changed_s: number, files: readonly string[], problem: string | null, digest: Digest | null}} Run */
/** @typedef {{folder: string, runs: readonly Run[], notes: readonly string[]}} Listing */
/** @typedef {{row: Row, other: Row | null, difference: number | null, isChance: boolean | null}} Line a row, beside it that of another run */

const Z_95 = 1.96; // standard errors from the middle to the end of a 95 % interval

/** @type {Readonly<Record<string, (line: Line) => number | string | null>>} by the columns that can be sorted */
const KEYS = {
  recipe: ({ row }) => row.title,
  images: ({ row }) => row.images,
  accuracy: ({ row }) => row.accuracy,
  spread: ({ row }) => row.std,
  time: ({ row }) => row.time_s,
  predict: ({ row }) => row.predict_us,
  size: ({ row }) => row.model_bytes,
  difference: ({ difference }) => difference,
};

/** @param {string} name of a run @returns {string} the folder it lies in; empty for the lab's own */
export function folderOf(name) {
  return name.slice(0, Math.max(name.lastIndexOf("/"), 0));
}

/** @param {string} name of a run @param {string} file of it @returns {string} its address below the page's */
export function addressOf(name, file) {
  const path = [...folderOf(name).split("/").filter(Boolean), file];
  return `./runs/${path.map(encodeURIComponent).join("/")}`;
}

/** @param {readonly Run[]} runs @param {Run} run @returns {Run[]} what it can be held against: other tables of its kind */
export function besides(runs, run) {
  const kind = (/** @type {Run} */ { name }) => name.slice(name.lastIndexOf("/") + 1);
  return runs.filter((other) => other !== run && other.digest?.rows.length && run.digest?.rows.length && kind(other) === kind(run));
}

/**
 * @param {readonly Row[]} rows @param {readonly Row[] | null} others of the run beside it @param {string} sort such as accuracy-down
 * @returns {Line[]}
 */
export function linesOf(rows, others, sort) {
  const byKey = new Map((others ?? []).map((row) => [keyOf(row, others ?? []), row]));
  const lines = rows.map((row) => lineOf(row, byKey.get(keyOf(row, rows)) ?? null));
  const at = sort.lastIndexOf("-");
  const key = KEYS[sort.slice(0, at)];
  const sign = sort.slice(at + 1) === "down" ? -1 : 1;
  // What has no value stands last either way.
  return lines.sort((one, two) => {
    const [a, b] = [key(one), key(two)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * (typeof a === "string" ? a.localeCompare(String(b), "en") : a - Number(b));
  });
}

/** @param {Row} row @param {Row | null} other @returns {Line} */
function lineOf(row, other) {
  if (!other) return { row, other, difference: null, isChance: null };
  const difference = row.accuracy - other.accuracy;
  const [error, otherError] = [errorOf(row), errorOf(other)];
  const isChance = error === null || otherError === null ? null : Math.abs(difference) <= Z_95 * Math.hypot(error, otherError);
  return { row, other, difference, isChance };
}

/** @param {readonly Line[]} lines @returns {boolean} whether something was trained more than once, and came out differently */
export function hasSpread(lines) {
  return lines.some(({ row }) => row.std > 0);
}

/** @param {Row} row @returns {number | null} standard error of its accuracy */
function errorOf({ low, high }) {
  return low === null || high === null ? null : (high - low) / (2 * Z_95);
}

/** @param {Row} row @param {readonly Row[]} rows a recipe may come with several numbers of images, which then tell rows apart */
function keyOf({ recipe, images }, rows) {
  return hasShares(rows) ? `${recipe} ${images}` : recipe;
}

/** @param {readonly Row[]} rows @returns {boolean} whether they learned from different numbers of images */
export function hasShares(rows) {
  return rows.some(({ images }) => images !== rows[0].images);
}
