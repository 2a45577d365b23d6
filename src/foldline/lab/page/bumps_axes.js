/** Axes of the pictures of bumps: scales, ticks, and curves cut off at the edges. */

/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {{readonly left: number, readonly right: number, readonly top: number, readonly bottom: number}} Box in pixels */
/** @typedef {{readonly x: (value: number) => number, readonly y: (value: number) => number, readonly box: Box}} Scales */

/** @param {import("./plane.js").Window} window @param {Box} box @returns {Scales} */
export function scales([low, high, bottom, top], box) {
  return {
    x: (value) => box.left + ((value - low) / (high - low)) * (box.right - box.left),
    y: (value) => box.bottom - ((value - bottom) / (top - bottom)) * (box.bottom - box.top),
    box,
  };
}

/** @param {number} low @param {number} high @param {number} most @returns {number[]} round numbers between, 1, 2 or 5 times a power of ten apart */
export function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((digit) => digit * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** @param {number} value */
export function tickWords(value) {
  return (Math.abs(value) >= 1e5 || (value && Math.abs(value) < 1e-4) ? value.toExponential() : String(value)).replace("-", "−");
}

/** @param {Pen} pen @param {Scales} scales @param {import("./plane.js").Window} window @param {Palette} palette */
export function drawAxes(pen, { x, y, box }, [low, high, bottom, top], palette) {
  const rules = ticks(bottom, top, Math.max(Math.floor((box.bottom - box.top) / 46), 2));
  pen.lines(rules.flatMap((value) => [box.left, y(value), box.right, y(value)]), { color: palette.faint, width: 1 });
  rules.forEach((value) => pen.text(box.left - 6, y(value), tickWords(value), { size: 11, color: palette.muted, anchor: "end" }));
  ticks(low, high, Math.max(Math.floor((box.right - box.left) / 80), 2)).forEach((value) => {
    pen.lines([x(value), box.bottom, x(value), box.bottom + 4], { color: palette.muted, width: 1 });
    pen.text(x(value), box.bottom + 11, tickWords(value), { size: 11, color: palette.muted, anchor: "middle" });
  });
  pen.lines([box.left, box.bottom, box.right, box.bottom], { color: palette.muted, width: 1 });
  if (bottom < 0 && top > 0) pen.lines([box.left, y(0), box.right, y(0)], { color: palette.muted, width: 1 });
}

/**
 * Draw a curve inside a box: what is above or below lies on its edge unseen, what is no number is left out.
 *
 * @param {Pen} pen @param {Scales} scales @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys @param {import("./pen.js").Stroke} stroke
 */
export function drawCurve(pen, { x, y, box }, xs, ys, stroke) {
  /** @type {number[]} */
  let points = [];
  const flush = () => {
    if (points.length > 2) pen.line(points, stroke);
    points = [];
  };
  let isOut = false;
  for (let i = 0; i < xs.length; i++) {
    const at = y(ys[i]);
    if (!Number.isFinite(at)) {
      flush();
      continue;
    }
    const edge = Math.min(Math.max(at, box.top), box.bottom);
    const wasOut = isOut;
    isOut = edge !== at;
    if (isOut && wasOut) flush(); // no line along the edge
    points.push(x(xs[i]), edge);
  }
  flush();
}
