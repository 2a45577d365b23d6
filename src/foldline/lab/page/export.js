/** What can be taken along: pictures, the net as a NumPy script, the link. */

import { featureOf } from "./features.js";
import { drawPlane } from "./plane.js";
import { svgPen } from "./pen.js";

/** @typedef {import("./moment.js").Moment} Moment */

const SVG_PX = 640;

/** @type {Readonly<Record<string, string>>} the activations as NumPy has them */
const NUMPY_ACTIVATIONS = {
  relu: "np.maximum(0, z)",
  leaky_relu: "np.maximum(0.2 * z, z)",
  tanh: "np.tanh(z)",
  sigmoid: "1 / (1 + np.exp(-z))",
  elu: "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))",
  softplus: "np.logaddexp(0, z)",
  identity: "z",
};

/**
 * @param {Moment} moment @param {import("./colors.js").Palette} palette @param {import("./shows.js").Shows} shows
 * @returns {string} an SVG file with the plane as it is shown
 */
export function planeSvg({ picture, meta }, palette, shows) {
  const size = { width: SVG_PX, height: SVG_PX };
  const title = `${meta.n_regions ?? "No exact"} linear regions at training step ${meta.step}`;
  const pen = svgPen(SVG_PX, SVG_PX, { paper: palette.paper, title });
  drawPlane(pen, picture, size, palette, { ...shows, cell: -1, unit: -1 });
  return pen.done();
}

/**
 * @param {Pick<Moment, "layers" | "meta">} moment with the weights @param {string} activation @param {string} link
 * @returns {string} a script of twenty lines or fewer that needs NumPy alone and gives the same scores
 */
export function numpyScript({ layers, meta }, activation, link) {
  const inputs = meta.inputs.map((/** @type {string} */ name) => featureOf(name).numpy).join(", ");
  const stages = layers.map(({ W, b }) => `    (${matrix(W.values, W.shape)}, ${vector(b)}),`);
  return [
    `"""A net of foldline's lab after ${meta.step} training steps: ${link}"""`,
    "",
    "import sys",
    "",
    "import numpy as np",
    "",
    "# Weights (out, in) and bias (out,) of each layer, first to last.",
    "LAYERS = [",
    ...stages,
    "]",
    "",
    "",
    "def scores(x, y):",
    `    h = np.stack(np.broadcast_arrays(${inputs}), axis=-1)`,
    "    for i, (W, b) in enumerate(LAYERS):",
    "        z = h @ np.array(W).T + np.array(b)",
    `        h = z if i == len(LAYERS) - 1 else ${NUMPY_ACTIVATIONS[activation]}`,
    "    return h",
    "",
    "",
    "points = np.loadtxt(sys.stdin, ndmin=2)  # two numbers a line",
    "np.savetxt(sys.stdout, scores(points[:, 0], points[:, 1]), fmt=\"%.9g\")",
    "",
  ].join("\n");
}

/** @param {string} name @param {Blob} blob */
export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {ArrayLike<number>} values @param {readonly [number, number]} shape */
function matrix(values, [n_out, n_in]) {
  return `[${Array.from({ length: n_out }, (_, row) => vector(Array.prototype.slice.call(values, row * n_in, (row + 1) * n_in))).join(", ")}]`;
}

/** @param {ArrayLike<number>} values */
function vector(values) {
  return `[${Array.from(values, digits).join(", ")}]`;
}

/** @param {number} value @returns {string} the nine digits that tell one float32 from all others */
function digits(value) {
  return String(Number(value.toPrecision(9)));
}
