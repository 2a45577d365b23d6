/** Drawings of the landscape page: the loss along a line, and over a plane. */

import { mix } from "./colors.js";
import { contour, heightAt, levelsOf, placeOn, shareOf, ticks } from "./landscape_math.js";
import { scale } from "./plane.js";

/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x1: number, x2: number, t: number, f1: number, f2: number, between: number}} Violation */
/**
 * @typedef {object} Landscape what one frame says
 * @property {ArrayLike<number>} line step, value in a row
 * @property {number} angle of the line, in degrees
 * @property {ArrayLike<number>} line_minima places in the line
 * @property {Violation | null} violation
 * @property {import("./landscape_math.js").Grid} map
 * @property {number} range of the map, in steps
 * @property {ArrayLike<number>} map_minima row, column
 * @property {ArrayLike<number>} path x, y in a row
 * @property {string | null} target what lies at (1, 0)
 */
/** @typedef {{readonly at: number, readonly shows: readonly string[], readonly pointed: readonly [number, number] | null}} Seen what the reader has chosen */

const MARGIN = { left: 46, right: 14, top: 10, bottom: 26 };
const MOST_MINIMA = 12; // more marks hide the picture
const DARKEST = 0.62; // the marks must still be seen on the highest ground
const NET_PX = 8; // of the net's own mark, which is seen around that of the place
const PLACE_PX = 4.5;
const HANDLE = 0.93; // of the range: where the arrow ends

/** @param {Pen} pen @param {Size} size @param {Landscape} landscape @param {Seen} seen @param {Palette} palette */
export function drawLine(pen, size, { line, line_minima, violation, angle, target }, { at, shows }, palette) {
  if (!line.length) return;
  const { toPixels, heights, reach } = lineScale(line, size);
  const [left, right] = [toPixels(-reach, 0)[0], toPixels(reach, 0)[0]];
  heights.forEach((height) => {
    const y = toPixels(0, height)[1];
    pen.lines([left, y, right, y], { color: palette.faint, width: 1 });
    pen.text(left - 6, y, String(height), { size: 11, color: palette.muted, anchor: "end" });
  });
  const [middle, bottom] = toPixels(0, heights[0]);
  const words = (/** @type {number} */ x, /** @type {string} */ text, /** @type {"start" | "middle" | "end"} */ anchor) =>
    pen.text(x, bottom + 18, text, { size: 11, color: palette.muted, anchor });
  words(left, `${signed(-reach)} steps`, "start");
  words(middle, "0, the net", "middle");
  words(right, `${signed(reach)} steps`, "end");
  pen.lines([middle, bottom, middle, toPixels(0, heights[heights.length - 1])[1]], { color: palette.muted, width: 1, dash: [2, 3] });
  if (shows.includes("chord") && violation) {
    const { x1, x2, t, f1, f2, between } = violation;
    const x = t * x1 + (1 - t) * x2;
    const chord = t * f1 + (1 - t) * f2;
    pen.lines([...toPixels(x1, f1), ...toPixels(x2, f2)], { color: palette.classes[1], width: 1.6, dash: [6, 4] });
    pen.lines([...toPixels(x, chord), ...toPixels(x, between)], { color: palette.classes[1], width: 4 });
    for (const [end, height] of [[x1, f1], [x2, f2]]) pen.mark("disc", ...toPixels(end, height), 4, palette.classes[1], palette.paper);
  }
  const points = Array.from({ length: line.length / 2 }, (_, i) => toPixels(line[2 * i], line[2 * i + 1])).flat();
  pen.line(points, { color: palette.accent, width: 2.4 });
  if (shows.includes("minima") && line_minima.length <= MOST_MINIMA) {
    for (let i = 0; i < line_minima.length; i++) {
      const [x, y] = toPixels(line[2 * line_minima[i]], line[2 * line_minima[i] + 1]);
      pen.mark("triangle", x, y + 9, 5, palette.paper, palette.classes[2], 1.6);
    }
  }
  if (target && angle === 0 && reach >= 1) drawTarget(pen, toPixels(1, heightAt(line, 1)), target, palette);
  pen.mark("diamond", ...toPixels(0, heightAt(line, 0)), NET_PX, palette.classes[2], palette.paper, 1.5);
  const height = heightAt(line, at);
  if (Number.isFinite(height)) pen.mark("disc", ...toPixels(at, height), PLACE_PX, palette.ink, palette.paper, 1);
}

/** @param {ArrayLike<number>} line @param {Size} size */
export function lineScale(line, size) {
  const reach = line[line.length - 2];
  let [low, high] = [Infinity, -Infinity];
  for (let i = 1; i < line.length; i += 2) [low, high] = [Math.min(low, line[i]), Math.max(high, line[i])];
  const heights = ticks(low, high);
  const inner = { width: size.width - MARGIN.left - MARGIN.right, height: size.height - MARGIN.top - MARGIN.bottom };
  const toInner = scale([-reach, reach, heights[0], heights[heights.length - 1]], inner);
  return {
    reach,
    heights,
    /** @type {(x: number, y: number) => [number, number]} */
    toPixels: (x, y) => {
      const [px, py] = toInner(x, y);
      return [px + MARGIN.left, py + MARGIN.top];
    },
    toStep: (/** @type {number} */ px) => ((px - MARGIN.left) / inner.width) * 2 * reach - reach,
  };
}

/** @param {Pen} pen @param {Size} size @param {Landscape} landscape @param {Seen} seen @param {Palette} palette */
export function drawMap(pen, size, { map, range, angle, map_minima, path, target }, { at, shows, pointed }, palette) {
  const [side] = map.shape;
  if (!side) return;
  const toPixels = scale([-range, range, -range, range], size);
  const levels = levelsOf(map.values);
  const [across, down] = [size.width / (side - 1), size.height / (side - 1)];
  // Values are those of the grid's corners, the outermost on the border.
  pen.picture(mapPixels(map, levels, palette), -across / 2, -down / 2, side * across, side * down);
  if (shows.includes("contours")) {
    for (const level of levels.slice(1, -1)) {
      pen.lines(contour(map, level).map((end, i) => end * (i % 2 ? down : across)), { color: palette.ink, width: 0.7, opacity: 0.45 });
    }
  }
  const end = (/** @type {number} */ share) => toPixels(...placeOn(angle, share * range));
  pen.lines([...end(-1.5), ...end(1.5)], { color: palette.ink, width: 1.2, dash: [5, 4] });
  if (shows.includes("path") && path.length) drawPath(pen, path, toPixels, palette);
  if (shows.includes("minima") && map_minima.length <= 2 * MOST_MINIMA) {
    for (let i = 0; i < map_minima.length; i += 2) {
      pen.mark("down", map_minima[i + 1] * across, map_minima[i] * down, 5, palette.paper, palette.classes[2], 1.6);
    }
  }
  drawArrow(pen, toPixels(0, 0), end(HANDLE), palette);
  if (target) drawTarget(pen, toPixels(1, 0), target, palette);
  pen.mark("diamond", ...toPixels(0, 0), NET_PX, palette.classes[2], palette.paper, 1.5);
  pen.mark("disc", ...toPixels(...placeOn(angle, at)), PLACE_PX, palette.ink, palette.paper, 1);
  if (pointed) {
    const [x, y] = toPixels(...pointed);
    pen.lines([x - 7, y, x + 7, y, x, y - 7, x, y + 7], { color: palette.ink, width: 1.5 });
  }
  pen.text(size.width - 8, size.height - 11, `±${range} steps, loss ${short(levels[0])} to ${short(levels[levels.length - 1])}`,
    { size: 11, color: palette.ink, anchor: "end", halo: palette.paper });
}

/** @param {import("./landscape_math.js").Grid} map @param {readonly number[]} levels @param {Palette} palette @returns {ImageData} the higher, the darker */
function mapPixels({ values, shape: [height, width] }, levels, palette) {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    pixels.data.set([...mix(palette.paper, palette.accent, DARKEST * shareOf(values[i], levels)), 255], 4 * i);
  }
  return pixels;
}

/** @param {Pen} pen @param {ArrayLike<number>} path @param {import("./plane.js").ToPixels} toPixels @param {Palette} palette */
function drawPath(pen, path, toPixels, palette) {
  const places = Array.from({ length: path.length / 2 }, (_, i) => toPixels(path[2 * i], path[2 * i + 1]));
  pen.line(places.flat(), { color: palette.paper, width: 4 });
  pen.line(places.flat(), { color: palette.classes[1], width: 1.8 });
  if (places.length < 60) places.forEach(([x, y]) => pen.mark("disc", x, y, 2.4, palette.classes[1], palette.paper));
  pen.mark("square", ...places[0], 5, palette.classes[1], palette.paper, 1.5);
}

/** @param {Pen} pen @param {readonly [number, number]} at @param {string} target @param {Palette} palette */
function drawTarget(pen, [x, y], target, palette) {
  const isStart = target === "start";
  pen.mark(isStart ? "square" : "diamond", x, y, isStart ? 6 : NET_PX, isStart ? palette.classes[1] : palette.classes[2], palette.paper, 1.5);
  pen.text(x, y - 14, isStart ? "first weights" : "same net", { size: 11, color: palette.ink, anchor: "middle", bold: true, halo: palette.paper });
}

/** @param {Pen} pen @param {readonly [number, number]} from @param {readonly [number, number]} to @param {Palette} palette */
function drawArrow(pen, [x0, y0], [x1, y1], palette) {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  const wing = (/** @type {number} */ side) => [x1 - 13 * dx - 6.5 * side * dy, y1 - 13 * dy + 6.5 * side * dx];
  pen.lines([x0, y0, x1, y1], { color: palette.paper, width: 5 });
  pen.lines([x0, y0, x1, y1], { color: palette.ink, width: 2.2 });
  pen.fill([[x1, y1, ...wing(1), ...wing(-1)]], palette.ink);
}

/** @param {number} value */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${short(Math.abs(value))}`;
}

/** @param {number} value */
function short(value) {
  return String(Number(value.toPrecision(3)));
}
