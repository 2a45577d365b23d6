/** What can be taken along: pictures, the net as a NumPy script, the link. */

import { ACTIVATIONS } from "./activations.js";
import { toast } from "./dom.js";
import { featureOf } from "./features.js";
import { canvasPen } from "./pen.js";
import { formatState } from "./state.js";
import { svgPen } from "./svg_pen.js";

/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {{name: string, label: string, title: string, width: number, height: number, draw: (pen: import("./pen.js").Pen) => void}} Sheet a picture that can be saved */

const PNG_SCALE = 2;

/**
 * @param {Sheet} sheet @param {import("./colors.js").Rgb} paper @returns {Blob} an SVG file
 */
export function svgOf({ title, width, height, draw }, paper) {
  const pen = svgPen(width, height, { paper, title });
  draw(pen);
  return new Blob([pen.done()], { type: "image/svg+xml" });
}

/** @param {Sheet} sheet @param {import("./colors.js").Rgb} paper @returns {Promise<Blob | null>} a PNG file, two pixels for one */
export function pngOf({ width, height, draw }, paper) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * PNG_SCALE, height * PNG_SCALE];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(PNG_SCALE, PNG_SCALE);
  const pen = canvasPen(context);
  pen.fill([[0, 0, width, 0, width, height, 0, height]], paper);
  draw(pen);
  return new Promise((resolve) => canvas.toBlob(resolve));
}

/** @param {Moment | null} moment @param {import("./store.js").Store} store */
export function saveScript(moment, store) {
  if (!moment?.layers.length) return toast("The weights of a large net come along when training pauses. Pause, then export again.");
  const script = numpyScript(moment, `#${formatState(store.get(), store.schema)}`);
  save("foldline_net.py", new Blob([script], { type: "text/x-python" }));
}

/**
 * @param {Pick<Moment, "layers" | "meta">} moment with the weights @param {string} link
 * @returns {string} a script that needs NumPy alone and gives the same scores
 */
export function numpyScript({ layers, meta }, link) {
  const inputs = meta.inputs.map((/** @type {string} */ name) => featureOf(name).numpy).join(", ");
  const follows = [...meta.activations, "identity"];
  const stages = layers.map(({ W, b }, i) => `    (${matrix(W.values, W.shape)}, ${vector(b)}, "${follows[i]}"),`);
  const functions = [...new Set(follows)].map((name) => `    "${name}": lambda z: ${ACTIVATIONS[name].numpy},`);
  return [
    `"""A net of foldline's lab after ${meta.step} training steps: ${link}"""`,
    "",
    "import sys",
    "",
    "import numpy as np",
    "",
    "ACTIVATIONS = {",
    ...functions,
    "}",
    "# Weights (out, in) and bias (out,) of each layer, first to last, and what follows it.",
    "LAYERS = [",
    ...stages,
    "]",
    "",
    "",
    "def scores(x, y):",
    `    h = np.stack(np.broadcast_arrays(${inputs}), axis=-1)`,
    "    for W, b, activation in LAYERS:",
    "        h = ACTIVATIONS[activation](h @ np.array(W).T + np.array(b))",
    "    return h",
    "",
    "",
    "points = np.loadtxt(sys.stdin, ndmin=2)  # two numbers a line",
    "np.savetxt(sys.stdout, scores(points[:, 0], points[:, 1]), fmt=\"%.9g\")",
    "",
  ].join("\n");
}

/** @param {import("./frames.js").Frame} frame of a model file, which the server wrote */
export function saveModel({ meta, arrays }) {
  save(meta.name, new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (arrays.bytes.values)], { type: "application/octet-stream" }));
  toast(meta.says);
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

/** @param {ArrayLike<number>} values @returns {string} as Python writes a list */
export function vector(values) {
  return `[${Array.from(values, digits).join(", ")}]`;
}

/** @param {number} value @returns {string} the nine digits that tell one float32 from all others */
function digits(value) {
  return String(Number(value.toPrecision(9)));
}
