/** One frame of the images page, as its views read it. */

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {{readonly values: ArrayLike<number>, readonly shape: readonly number[]}} Table */
/**
 * @typedef {object} Sight
 * @property {Readonly<Record<string, any>>} meta as the server gives it
 * @property {readonly string[]} names of the classes
 * @property {number} n test images; 0 before they are there
 * @property {Table | null} images (n, height, width, channels)
 * @property {Table | null} words (words, side, side, channels) what the words of the codebook look like
 * @property {Learned | null} learned null before there is a classifier
 */
/**
 * @typedef {object} Learned
 * @property {ArrayLike<number>} labels true class of each test image
 * @property {ArrayLike<number>} scores of each test image, a row of all classes each
 * @property {Uint16Array} answers the class with the highest score
 * @property {Float32Array} margins score of the true class less the best of the others: below 0 where the answer is wrong
 * @property {Table} confusion (true classes, answers)
 * @property {Table} templates
 * @property {Table} next (classes, units) weights from hidden units to classes; empty without units
 * @property {ArrayLike<number>} curve
 */

/** @param {Frame} frame @returns {Sight} */
export function sightOf({ meta, arrays }) {
  const images = arrays.images ?? null;
  return {
    meta,
    names: meta.class_names,
    n: images ? images.shape[0] : 0,
    images,
    words: arrays.words?.values.length ? arrays.words : null,
    learned: arrays.scores ? learnedOf(arrays) : null,
  };
}

/** @param {import("./frames.js").Arrays} arrays @returns {Learned} */
function learnedOf({ labels, scores, confusion, templates, next, curve }) {
  const [n, n_classes] = scores.shape;
  const answers = new Uint16Array(n), margins = new Float32Array(n);
  for (let row = 0; row < n; row++) {
    const of_row = scores.values.subarray(row * n_classes, (row + 1) * n_classes);
    const label = labels.values[row];
    let best = 0, other = -Infinity;
    for (let k = 0; k < n_classes; k++) {
      if (of_row[k] > of_row[best]) best = k;
      if (k !== label) other = Math.max(other, of_row[k]);
    }
    [answers[row], margins[row]] = [best, of_row[label] - other];
  }
  return { labels: labels.values, scores: scores.values, answers, margins, confusion, templates, next, curve: curve.values };
}

/**
 * Which test images a reader has chosen.
 *
 * @param {Sight} sight @param {{images_show: string, images_cell: readonly number[]}} state
 * @returns {number[]} of a cell, and of mistakes, the most mistaken first; else one of each class in turn
 */
export function rowsShown({ n, learned }, { images_show, images_cell: [truth, answer] }) {
  const all = Array.from({ length: n }, (_, row) => row);
  if (!learned) return all;
  const { labels, answers, margins } = learned;
  const byMargin = (/** @type {number[]} */ rows) => rows.sort((a, b) => margins[a] - margins[b]);
  if (truth !== undefined) return byMargin(all.filter((row) => labels[row] === truth && answers[row] === answer));
  return images_show === "mistakes" ? byMargin(all.filter((row) => labels[row] !== answers[row])) : all;
}

/** @param {readonly number[]} numbers @param {number} k @returns {number[]} places of the largest, the largest first */
export function largest(numbers, k) {
  return numbers.map((_, i) => i).sort((a, b) => numbers[b] - numbers[a]).slice(0, k);
}
