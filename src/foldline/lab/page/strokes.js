/** What both pens share: the shapes of marks, widths, the font, and pixels made into a picture. */

export const SEAM_PX = 0.8; // neighbours drawn with soft edges would let the paper through between them
export const EDGE_PX = 0.8;
export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** @type {Readonly<Record<string, readonly (readonly [number, number])[]>>} corners in radii; a disc has none */
export const SHAPES = {
  square: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
  triangle: [[0, -1.15], [1.05, 0.8], [-1.05, 0.8]],
  diamond: [[0, -1.25], [1.05, 0], [0, 1.25], [-1.05, 0]],
  plus: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
  cross: [[0, -0.5], [0.6, -1.1], [1.1, -0.6], [0.5, 0], [1.1, 0.6], [0.6, 1.1], [0, 0.5], [-0.6, 1.1], [-1.1, 0.6], [-0.5, 0], [-1.1, -0.6], [-0.6, -1.1]],
  down: [[0, 1.15], [1.05, -0.8], [-1.05, -0.8]],
  left: [[-1.15, 0], [0.8, -1.05], [0.8, 1.05]],
};

/** @type {HTMLCanvasElement | null} */
let scratch = null; // one for all: a new one for each unit and picture is ten times as slow

/** @param {ImageData} pixels @returns {HTMLCanvasElement} that holds them until the next call */
export function scratchWith(pixels) {
  scratch ??= document.createElement("canvas");
  if (scratch.width !== pixels.width || scratch.height !== pixels.height) [scratch.width, scratch.height] = [pixels.width, pixels.height];
  /** @type {CanvasRenderingContext2D} */ (scratch.getContext("2d", { willReadFrequently: true })).putImageData(pixels, 0, 0);
  return scratch;
}
