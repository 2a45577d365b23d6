/** One bump taken apart: its four units, added one after the other. */

import { scales } from "./bumps_axes.js";
import { mix } from "./colors.js";

/** @typedef {import("./bumps_moment.js").Bump} Bump */

const STEPS = /** @type {const} */ ([
  { unit: "m₁ relu(x − s₁)", told: "1 unit: up, for ever" },
  { unit: "− m₁ relu(x − s₂)", told: "2 units: a ramp" },
  { unit: "− m₂ relu(x − s₃)", told: "3 units: down, for ever" },
  { unit: "+ m₂ relu(x − s₄)", told: "4 units: a bump" },
]);
const GAP_PX = 12;
const HEAD_PX = 30;

/** @param {Bump} bump @returns {readonly number[]} m1, −m1, −m2 and m2: the slope that each unit adds from its fold on */
export function slopesOf([s1, s2, s3, s4, t]) {
  const [m1, m2] = [t / (s2 - s1), t / (s4 - s3)];
  return [m1, -m1, -m2, m2];
}

/** @param {Bump} bump @param {number} n @param {number} x @returns {number} the sum of the first n units */
export function sumOf(bump, n, x) {
  return slopesOf(bump).slice(0, n).reduce((sum, slope, i) => sum + slope * Math.max(x - bump[i], 0), 0);
}

/**
 * @param {import("./pen.js").Pen} pen @param {import("./plane.js").Size} size @param {Bump} bump @param {import("./colors.js").Palette} palette
 */
export function drawUnits(pen, { width, height }, bump, palette) {
  const [s1, , , s4, t] = bump;
  const room = 0.22 * (s4 - s1);
  const [low, high] = [s1 - room, s4 + room];
  const [bottom, top] = t < 0 ? [1.5 * t, -0.45 * t] : [-0.45 * t, 1.5 * t];
  const across = (width - GAP_PX) / 2, down = (height - GAP_PX) / 2;
  STEPS.forEach(({ unit, told }, i) => {
    const [left, head] = [(i % 2) * (across + GAP_PX), Math.floor(i / 2) * (down + GAP_PX)];
    const box = { left, right: left + across, top: head + HEAD_PX, bottom: head + down };
    const at = scales([low, high, bottom, top], box);
    pen.text(left, head + 7, unit, { size: 12, color: palette.classes[1], bold: true });
    pen.text(left, head + 21, told, { size: 11, color: palette.muted });
    pen.lines([box.left, at.y(0), box.right, at.y(0)], { color: palette.muted, width: 1 });
    pen.lines([at.x(bump[i]), box.top, at.x(bump[i]), box.bottom], { color: palette.classes[1], width: 1, dash: [2, 3] });
    const points = pathOf(bump, i + 1, [low, high, bottom, top]).flatMap(([x, y]) => [at.x(x), at.y(y)]);
    if (i === 3) pen.fill([points], mix(palette.paper, palette.classes[1], 0.3));
    if (i) pen.line(pathOf(bump, i, [low, high, bottom, top]).flatMap(([x, y]) => [at.x(x), at.y(y)]), { color: palette.muted, width: 1.2, opacity: 0.6 });
    pen.line(points, { color: palette.classes[1], width: 2.2 });
  });
}

/** @param {Bump} bump @param {number} n @param {import("./plane.js").Window} window @returns {readonly (readonly [number, number])[]} the sum's corners, up to where it leaves the window */
function pathOf(bump, n, [low, high, bottom, top]) {
  /** @type {[number, number][]} */
  const path = [[low, 0]];
  for (const x of [...bump.slice(0, n), high]) {
    const [x0, y0] = path[path.length - 1];
    const y = sumOf(bump, n, x);
    const edge = Math.min(Math.max(y, bottom), top);
    path.push([edge === y ? x : x0 + ((edge - y0) / (y - y0)) * (x - x0), edge]);
    if (edge !== y) break;
  }
  return path;
}
