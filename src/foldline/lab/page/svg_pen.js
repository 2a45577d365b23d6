/** The pen whose strokes are the text of an SVG file. */

import { EDGE_PX, FONT, SEAM_PX, SHAPES, scratchWith } from "./strokes.js";

/** @typedef {import("./colors.js").Rgb} Rgb */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {import("./pen.js").Stroke} Stroke */

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
    marks(marks) {
      marks.forEach((mark) => this.mark(...mark));
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
