/** Two pens with the same strokes, one for a canvas and one for an SVG text, so that a picture is told once. */

import { css } from "./colors.js";

/** @typedef {import("./colors.js").Rgb} Rgb */
/** @typedef {{color: Rgb, width: number, dash?: readonly number[], opacity?: number}} Stroke */
/** @typedef {{size: number, color: Rgb, anchor?: "start" | "middle" | "end", bold?: boolean, halo?: Rgb}} Lettering */
/**
 * @typedef {object} Pen lengths in pixels, origin top left
 * @property {(rings: readonly (readonly number[])[], color: Rgb, opacity?: number) => void} fill closed rings x0, y0, x1, y1, ...; closes the seams between neighbours
 * @property {(segments: ArrayLike<number>, stroke: Stroke) => void} lines four numbers a piece
 * @property {(points: readonly number[], stroke: Stroke, isClosed?: boolean) => void} line one stroke through x0, y0, x1, y1, ...
 * @property {(ends: readonly number[], stroke: Stroke) => void} curve from the first of four points to the last, as Bezier drew
 * @property {(pixels: ImageData, x: number, y: number, width: number, height: number, opacity?: number) => void} picture stretched smoothly
 * @property {(shape: string, x: number, y: number, radius: number, fill: Rgb, edge: Rgb, edge_px?: number) => void} mark
 * @property {(x: number, y: number, words: string, lettering: Lettering) => void} text
 */

const SEAM_PX = 0.8; // neighbours drawn with soft edges would let the paper through between them
const EDGE_PX = 0.8;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** @type {Readonly<Record<string, readonly (readonly [number, number])[]>>} corners in radii; a disc has none */
const SHAPES = {
  square: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
  triangle: [[0, -1.15], [1.05, 0.8], [-1.05, 0.8]],
  diamond: [[0, -1.25], [1.05, 0], [0, 1.25], [-1.05, 0]],
  plus: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
  cross: [[0, -0.5], [0.6, -1.1], [1.1, -0.6], [0.5, 0], [1.1, 0.6], [0.6, 1.1], [0, 0.5], [-0.6, 1.1], [-1.1, 0.6], [-0.5, 0], [-1.1, -0.6], [-0.6, -1.1]],
  down: [[0, 1.15], [1.05, -0.8], [-1.05, -0.8]],
  left: [[-1.15, 0], [0.8, -1.05], [0.8, 1.05]],
};

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

/**
 * @param {number} width @param {number} height @param {{paper: Rgb, title: string}} sheet
 * @returns {Pen & {done: () => string}} `done` gives the whole file's text
 */
export function svgPen(width, height, { paper, title }) {
  /** @type {string[]} */
  const parts = [];
  const path = (/** @type {readonly number[]} */ ring, isClosed = true) => `M${pairs(ring).join("L")}${isClosed ? "Z" : ""}`;
  const hex = (/** @type {Rgb} */ color) => `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  const stroked = (/** @type {Stroke} */ { color, width: thick, dash, opacity = 1 }) =>
    `fill="none" stroke="${hex(color)}" stroke-width="${thick}" stroke-opacity="${opacity}"` +
    (dash?.length ? ` stroke-dasharray="${dash.join(" ")}"` : "");
  return {
    fill(rings, color, opacity = 1) {
      const seam = opacity === 1 ? ` stroke="${hex(color)}" stroke-width="${SEAM_PX}"` : "";
      if (rings.length) parts.push(`<path d="${rings.map((ring) => path(ring)).join("")}" fill="${hex(color)}" fill-opacity="${opacity}"${seam}/>`);
    },
    lines(segments, style) {
      let d = "";
      for (let i = 0; i < segments.length; i += 4) d += `M${pairs(Array.prototype.slice.call(segments, i, i + 4)).join("L")}`;
      if (d) parts.push(`<path d="${d}" ${stroked(style)}/>`);
    },
    line(points, style, isClosed = false) {
      if (points.length) parts.push(`<path d="${path(points, isClosed)}" ${stroked(style)}/>`);
    },
    curve(ends, style) {
      const [start, ...rest] = pairs(ends);
      parts.push(`<path d="M${start}C${rest.join(" ")}" ${stroked(style)}/>`);
    },
    picture(pixels, x, y, across, down, opacity = 1) {
      parts.push(`<image href="${scratchWith(pixels).toDataURL()}" x="${short(x)}" y="${short(y)}" width="${short(across)}" height="${short(down)}" ` +
        `opacity="${opacity}" preserveAspectRatio="none"/>`);
    },
    mark(shape, x, y, radius, fill, edge, edge_px = EDGE_PX) {
      const style = `fill="${hex(fill)}" stroke="${hex(edge)}" stroke-width="${2 * edge_px}" paint-order="stroke"`;
      const corners = SHAPES[shape];
      parts.push(corners
        ? `<path d="${path(corners.flatMap(([dx, dy]) => [x + dx * radius, y + dy * radius]))}" ${style}/>`
        : `<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}" ${style}/>`);
    },
    text(x, y, words, { size, color, anchor = "start", bold = false }) {
      parts.push(`<text x="${short(x)}" y="${short(y)}" font-size="${size}" fill="${hex(color)}" text-anchor="${anchor}"` +
        `${bold ? ' font-weight="600"' : ""} dominant-baseline="central">${escaped(words)}</text>`);
    },
    done() {
      return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
        `font-family="${FONT}" stroke-linecap="round" stroke-linejoin="round"><title>${escaped(title)}</title>` +
        `<rect width="${width}" height="${height}" fill="${hex(paper)}"/>${parts.join("\n")}</svg>\n`;
    },
  };
}

/** @type {HTMLCanvasElement | null} */
let scratch = null; // one for all: a new one for each unit and picture is ten times as slow

/** @param {ImageData} pixels @returns {HTMLCanvasElement} that holds them until the next call */
function scratchWith(pixels) {
  scratch ??= document.createElement("canvas");
  if (scratch.width !== pixels.width || scratch.height !== pixels.height) [scratch.width, scratch.height] = [pixels.width, pixels.height];
  /** @type {CanvasRenderingContext2D} */ (scratch.getContext("2d", { willReadFrequently: true })).putImageData(pixels, 0, 0);
  return scratch;
}

/** @param {readonly number[]} ring */
function pairs(ring) {
  return Array.from({ length: ring.length / 2 }, (_, i) => `${short(ring[2 * i])} ${short(ring[2 * i + 1])}`);
}

/** @param {number} value */
function short(value) {
  return Number(value.toFixed(2));
}

/** @param {string} words */
function escaped(words) {
  return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
