/** The large picture: the function, the nets near it, their folds, the error band of one, and a bump with its four folds. */

import { drawAxes, drawCurve, scales, ticks, tickWords } from "./bumps_axes.js";
import { LOOKS } from "./bumps_ways.js";
import { mix } from "./colors.js";

/** @typedef {import("./bumps_moment.js").BumpsMoment} BumpsMoment */
/** @typedef {import("./bumps_moment.js").Bump} Bump */
/** @typedef {import("./bumps_moment.js").Way} Way */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {{readonly width: number, readonly height: number}} Size */
/** @typedef {{readonly front: string, readonly bump: number, readonly cursor: readonly [number, number] | null}} Chosen `bump` -1 for none; `cursor` of the keyboard, where the curve is drawn */

const MARGIN = { left: 52, right: 72, top: 12, bottom: 22 }; // the same at the sides of both pictures, one above the other
const ROW_PX = 12; // of folds
const MOST_DECADES = 6;
const WIDEST_BAND = 0.2; // of the picture: a wider one would hide more than it says
const LABEL_PX = 12;

/** @param {Size} size @param {number} n_rows of folds @returns {import("./bumps_axes.js").Box} */
export function boxOf({ width, height }, n_rows) {
  return { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom - n_rows * ROW_PX };
}

/** @param {Pen} pen @param {Size} size @param {BumpsMoment} moment @param {Chosen} chosen @param {Palette} palette */
export function drawBumps(pen, size, moment, { front, bump, cursor }, palette) {
  const { window, x, f, bumps } = moment;
  const ways = inOrder(moment, front);
  const box = boxOf(size, ways.length);
  const at = scales(window, box);
  const near = ways.find(({ way }) => way.name === front);
  const eps = moment.meta.eps ?? (near?.way.is_proved ? near.way.error : Infinity);
  if (near && eps < WIDEST_BAND * (window[3] - window[2])) drawBand(pen, at, moment, eps, mix(palette.paper, palette.classes[near.look.color], 0.16));
  drawAxes(pen, at, window, palette);
  if (bumps[bump] && ways.some(({ way }) => way.name === "bumps")) drawBump(pen, at, bumps[bump], palette);
  drawCurve(pen, at, x, f, { color: palette.ink, width: 4.5, opacity: 0.28 });
  for (const { way, look } of ways) {
    const isFront = way.name === front;
    drawCurve(pen, at, x, way.curve, { color: palette.classes[look.color], width: isFront ? 2.4 : 1.6, dash: look.dash, opacity: isFront ? 1 : 0.85 });
  }
  LOOKS.filter(({ name }) => ways.some(({ way }) => way.name === name)).forEach((look, row) => {
    const { way } = /** @type {{way: Way}} */ (ways.find((one) => one.look === look));
    const y = box.bottom + MARGIN.bottom + ROW_PX * row;
    const color = palette.classes[look.color];
    pen.text(box.left - 6, y + ROW_PX / 2 - 1, look.short, { size: 10, color, anchor: "end", bold: way.name === front });
    pen.lines(Array.from(way.places, (place) => [at.x(place), y, at.x(place), y + ROW_PX - 4]).flat(), { color, width: 1.3 });
  });
  if (cursor) {
    const [cx, cy] = [at.x(cursor[0]), at.y(cursor[1])];
    pen.lines([cx, box.top, cx, box.bottom], { color: palette.accent, width: 1, dash: [3, 3] });
    pen.mark("disc", cx, cy, 6, palette.accent, palette.paper, 1.5);
  }
}

/** @param {Pen} pen @param {Size} size @param {BumpsMoment} moment @param {string} front @param {Palette} palette */
export function drawErrors(pen, size, moment, front, palette) {
  const ways = inOrder(moment, front);
  const box = { left: MARGIN.left, right: size.width - MARGIN.right, top: 22, bottom: size.height - 6 };
  pen.text(box.left, 9, "Error |net − f| at every x, and its largest (dashed)", { size: 11, color: palette.ink, bold: true });
  const bounds = ways.map(({ way }) => way.error).filter((error) => error > 0);
  if (!bounds.length) return;
  const top = Math.ceil(Math.log10(Math.max(...bounds, moment.meta.eps ?? 0)) - 1e-9);
  const bottom = Math.max(Math.floor(Math.log10(Math.min(...bounds))) - 1, top - MOST_DECADES);
  /** @type {import("./plane.js").Window} */
  const window = [moment.window[0], moment.window[1], bottom, top];
  const at = scales(window, box);
  for (const power of ticks(bottom, top, 4).filter(Number.isInteger)) {
    pen.lines([box.left, at.y(power), box.right, at.y(power)], { color: palette.faint, width: 1 });
    pen.text(box.left - 6, at.y(power), tickWords(Number((10 ** power).toPrecision(1))), { size: 11, color: palette.muted, anchor: "end" });
  }
  const labels = ways.map(({ way, look }) => {
    const color = palette.classes[look.color];
    const isFront = way.name === front;
    drawCurve(pen, at, moment.x, Array.from(way.errors, (error) => Math.log10(Math.max(error, 1e-300))), { color, width: isFront ? 1.5 : 0.9, opacity: isFront ? 1 : 0.7 });
    const y = Math.min(Math.max(at.y(Math.log10(Math.max(way.error, 1e-300))), box.top), box.bottom);
    pen.lines([box.left, y, box.right, y], { color, width: 1.3, dash: [5, 4] });
    return { y, words: `${way.is_proved ? "≤" : "="} ${way.told}`, color, bold: isFront };
  });
  let last = -Infinity;
  for (const { y, words, ...look } of labels.sort((a, b) => a.y - b.y)) {
    last = Math.max(y, last + LABEL_PX);
    pen.text(box.right + 5, last, words, { size: 11, ...look });
  }
}

/** @param {BumpsMoment} moment @param {string} front @returns {readonly {way: Way, look: import("./bumps_ways.js").Look}[]} the one in front last */
function inOrder({ ways }, front) {
  return LOOKS.flatMap((look) => ways.filter(({ name }) => name === look.name).map((way) => ({ way, look })))
    .sort((a, b) => Number(a.way.name === front) - Number(b.way.name === front));
}

/** @param {Pen} pen @param {import("./bumps_axes.js").Scales} at @param {BumpsMoment} moment @param {number} eps @param {import("./colors.js").Rgb} color */
function drawBand(pen, { x, y, box }, { x: xs, f }, eps, color) {
  const inside = (/** @type {number} */ value) => Math.min(Math.max(value, box.top), box.bottom);
  const stride = Math.max(Math.floor(xs.length / 400), 1);
  const some = Array.from({ length: Math.ceil(xs.length / stride) }, (_, i) => Math.min(i * stride, xs.length - 1)).concat(xs.length ? [xs.length - 1] : []);
  const known = some.filter((i) => Number.isFinite(f[i]));
  if (known.length < 2) return;
  const above = known.flatMap((i) => [x(xs[i]), inside(y(f[i] + eps))]);
  const below = [...known].reverse().flatMap((i) => [x(xs[i]), inside(y(f[i] - eps))]);
  pen.fill([[...above, ...below]], color);
}

/** @param {Pen} pen @param {import("./bumps_axes.js").Scales} at @param {Bump} bump @param {Palette} palette */
function drawBump(pen, { x, y, box }, [s1, s2, s3, s4, t], palette) {
  const color = palette.classes[1];
  pen.fill([[x(s1), y(0), x(s2), y(t), x(s3), y(t), x(s4), y(0)]], mix(palette.paper, color, 0.3));
  const isWide = x(s4) - x(s1) > 90;
  [s1, s2, s3, s4].forEach((s, i) => {
    pen.lines([x(s), box.top, x(s), box.bottom], { color, width: 1, dash: [2, 3] });
    if (isWide) pen.text(x(s) + (i % 2 ? 4 : -4), box.top + 7, `s${"₁₂₃₄"[i]}`, { size: 12, color, anchor: i % 2 ? "start" : "end", bold: true, halo: palette.paper });
  });
  if (isWide) pen.text((x(s2) + x(s3)) / 2, y(t) + (t < 0 ? 11 : -9), "t", { size: 12, color, anchor: "middle", bold: true, halo: palette.paper });
}
