/** The pen that pictures are drawn with, so that each is told once for canvas and SVG; and the canvas's pen. */

import { css } from "./colors.js";
import { EDGE_PX, FONT, SEAM_PX, SHAPES, scratchWith } from "./strokes.js";

/** @typedef {import("./colors.js").Rgb} Rgb */
/** @typedef {{color: Rgb, width: number, dash?: readonly number[], opacity?: number}} Stroke */
/** @typedef {{size: number, color: Rgb, anchor?: "start" | "middle" | "end", bold?: boolean, halo?: Rgb}} Lettering */
/** @typedef {[shape: string, x: number, y: number, radius: number, fill: Rgb, edge: Rgb, edge_px?: number]} Mark */
/**
 * @typedef {object} Pen lengths in pixels, origin top left
 * @property {(rings: readonly (readonly number[])[], color: Rgb, opacity?: number) => void} fill closed rings x0, y0, x1, y1, ...; closes the seams between neighbours
 * @property {(segments: ArrayLike<number>, stroke: Stroke) => void} lines four numbers a piece
 * @property {(points: readonly number[], stroke: Stroke, isClosed?: boolean) => void} line one stroke through x0, y0, x1, y1, ...
 * @property {(ends: readonly number[], stroke: Stroke) => void} curve from the first of four points to the last, as Bezier drew
 * @property {(pixels: ImageData, x: number, y: number, width: number, height: number, opacity?: number) => void} picture stretched smoothly
 * @property {(...mark: Mark) => void} mark
 * @property {(marks: readonly Mark[]) => void} marks one picture's many, most often the same as in the picture before
 * @property {(x: number, y: number, words: string, lettering: Lettering) => void} text
 */

/**
 * The marks last drawn on each canvas: three hundred small shapes take a third of a picture's time.
 *
 * @type {WeakMap<HTMLCanvasElement, {marks: readonly Mark[], layer: HTMLCanvasElement | null, width: number, height: number}>}
 */
const drawnMarks = new WeakMap();

/** @param {CanvasRenderingContext2D} context scaled to pixels of the page @returns {Pen} */
export function canvasPen(context) {
  const stroke = (/** @type {Stroke} */ { color, width, dash = [], opacity = 1 }) => {
    context.strokeStyle = css(color, opacity);
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.stroke();
  };
  const trace = (/** @type {readonly number[]} */ ring, isClosed = true) => {
    context.moveTo(ring[0], ring[1]);
    for (let i = 2; i < ring.length; i += 2) context.lineTo(ring[i], ring[i + 1]);
    if (isClosed) context.closePath();
  };
  context.lineCap = context.lineJoin = "round";
  return {
    fill(rings, color, opacity = 1) {
      context.beginPath();
      for (const ring of rings) trace(ring);
      context.fillStyle = css(color, opacity);
      context.fill();
      if (opacity === 1) stroke({ color, width: SEAM_PX });
    },
    lines(segments, style) {
      context.beginPath();
      for (let i = 0; i < segments.length; i += 4) {
        context.moveTo(segments[i], segments[i + 1]);
        context.lineTo(segments[i + 2], segments[i + 3]);
      }
      stroke(style);
    },
    line(points, style, isClosed = false) {
      context.beginPath();
      trace(points, isClosed);
      stroke(style);
    },
    curve([x0, y0, x1, y1, x2, y2, x3, y3], style) {
      context.beginPath();
      context.moveTo(x0, y0);
      context.bezierCurveTo(x1, y1, x2, y2, x3, y3);
      stroke(style);
    },
    picture(pixels, x, y, width, height, opacity = 1) {
      context.save();
      context.globalAlpha = opacity;
      context.imageSmoothingQuality = "high";
      context.drawImage(scratchWith(pixels), x, y, width, height);
      context.restore();
    },
    mark(shape, x, y, radius, fill, edge, edge_px = EDGE_PX) {
      context.beginPath();
      const corners = SHAPES[shape];
      if (corners) trace(corners.flatMap(([dx, dy]) => [x + dx * radius, y + dy * radius]));
      else context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = css(fill);
      stroke({ color: edge, width: 2 * edge_px }); // the fill then covers the inner half
      context.fill();
    },
    marks(marks) {
      const { canvas } = context;
      const { width, height } = canvas;
      if (!width || !height) return; // of a page that is not seen
      const before = drawnMarks.get(canvas);
      const isAsBefore = before && areSame(before.marks, marks) && before.width === width && before.height === height;
      const layer = isAsBefore ? before.layer ?? layerOf(context, marks) : null; // points that move are in no second picture
      drawnMarks.set(canvas, { marks, layer, width, height });
      if (!layer) marks.forEach((mark) => this.mark(...mark));
      else {
        context.save();
        context.resetTransform();
        context.drawImage(layer, 0, 0);
        context.restore();
      }
    },
    text(x, y, words, { size, color, anchor = "start", bold = false, halo }) {
      context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
      context.textAlign = anchor === "middle" ? "center" : anchor;
      context.textBaseline = "middle";
      if (halo) {
        context.strokeStyle = css(halo, 0.85);
        context.lineWidth = 3;
        context.setLineDash([]);
        context.strokeText(words, x, y);
      }
      context.fillStyle = css(color);
      context.fillText(words, x, y);
    },
  };
}

/** @param {CanvasRenderingContext2D} context @param {readonly Mark[]} marks @returns {HTMLCanvasElement} as large, with the marks alone */
function layerOf(context, marks) {
  const { width, height } = context.canvas;
  const layer = Object.assign(document.createElement("canvas"), { width, height });
  const on = /** @type {CanvasRenderingContext2D} */ (layer.getContext("2d"));
  on.setTransform(context.getTransform());
  const pen = canvasPen(on);
  marks.forEach((mark) => pen.mark(...mark));
  return layer;
}

/** @param {readonly Mark[]} before @param {readonly Mark[]} now */
function areSame(before, now) {
  return before.length === now.length && now.every((mark, i) => mark.every((part, j) => part === before[i][j]));
}
