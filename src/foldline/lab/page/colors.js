/** Colours of the style sheet, resolved for canvases, and their mixtures. */

/** @typedef {readonly [number, number, number]} Rgb */
/**
 * @typedef {object} Palette
 * @property {Rgb} paper
 * @property {Rgb} raised
 * @property {Rgb} ink
 * @property {Rgb} muted
 * @property {Rgb} faint
 * @property {Rgb} accent
 * @property {Rgb} below what lies under 0, beside ink for what lies above
 * @property {readonly Rgb[]} classes
 */

export const MOST_CLASSES = 8;
/** In the order of matplotlib's "osDPXv<": a class is told by its mark as well as by its colour. */
export const MARKS = /** @type {const} */ (["disc", "square", "triangle", "diamond", "plus", "cross", "down", "left"]);

/** @returns {Palette} the colours that hold now, light or dark */
export function readPalette() {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return parse(getComputedStyle(probe).color);
  };
  const palette = {
    paper: read("paper"),
    raised: read("raised"),
    ink: read("ink"),
    muted: read("muted"),
    faint: read("faint"),
    accent: read("accent"),
    below: read("below"),
    classes: Array.from({ length: MOST_CLASSES }, (_, k) => read(`class-${k}`)),
  };
  probe.remove();
  return palette;
}

/** @param {Rgb} from @param {Rgb} to @param {number} share of `to`, 0 to 1 @returns {Rgb} */
export function mix(from, to, share) {
  const blend = (/** @type {0 | 1 | 2} */ i) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [blend(0), blend(1), blend(2)];
}

/** @param {Rgb} color @param {number} [opacity] @returns {string} */
export function css([r, g, b], opacity = 1) {
  return opacity === 1 ? `rgb(${r} ${g} ${b})` : `rgb(${r} ${g} ${b} / ${opacity})`;
}

/** @param {string} text such as rgb(1, 2, 3) @returns {Rgb} */
function parse(text) {
  const [r, g, b] = (text.match(/[\d.]+/g) ?? ["0", "0", "0"]).map(Number);
  return [r, g, b];
}
