/** Two small charts over the training steps: the loss, and the share of points that are right. */

/** @typedef {import("./colors.js").Palette} Palette */
/** @typedef {import("./colors.js").Rgb} Rgb */
/** @typedef {import("./pen.js").Pen} Pen */
/** @typedef {{width: number, height: number}} Size */
/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {readonly {name: string, column: number, isTest: boolean}[]} lines
 * @property {number | null} top of the vertical scale; null to fit
 * @property {(value: number) => string} format
 */

const MARGIN = { left: 38, right: 46, top: 20, bottom: 18 };

/**
 * @param {Pen} pen @param {Size} size @param {Chart} chart
 * @param {ArrayLike<number>} rows of `n_columns` numbers, the step first @param {number} n_columns
 * @param {number} step where the reader is @param {Palette} palette
 */
export function drawChart(pen, size, chart, rows, n_columns, step, palette) {
  const n_rows = Math.floor(rows.length / n_columns);
  const right = size.width - MARGIN.right, bottom = size.height - MARGIN.bottom;
  const last = Math.max(n_rows ? rows[(n_rows - 1) * n_columns] : 0, step, 1);
  const top = chart.top ?? niceTop(rows, n_columns, chart);
  const across = (/** @type {number} */ at) => MARGIN.left + (at / last) * (right - MARGIN.left);
  const up = (/** @type {number} */ value) => bottom - Math.min(value / top, 1) * (bottom - MARGIN.top);
  write(pen, chart.title, MARGIN.left, 8, palette.ink, "start", 600);
  for (const share of [0, 0.5, 1]) {
    rule(pen, MARGIN.left, up(top * share), right, up(top * share), palette.faint);
    write(pen, chart.format(top * share), MARGIN.left - 5, up(top * share), palette.muted, "end");
  }
  write(pen, "0", MARGIN.left, bottom + 10, palette.muted, "start");
  write(pen, `${Math.round(last).toLocaleString("en")} steps`, right, bottom + 10, palette.muted, "end");
  if (n_rows) rule(pen, across(step), MARGIN.top, across(step), bottom, palette.muted);
  const labels = chart.lines.map(({ column }) => (n_rows ? up(rows[(n_rows - 1) * n_columns + column]) : NaN));
  if (labels.length === 2 && Math.abs(labels[0] - labels[1]) < 12) {
    const middle = Math.min(Math.max((labels[0] + labels[1]) / 2, MARGIN.top + 6), bottom - 6);
    const sign = labels[0] <= labels[1] ? -1 : 1;
    [labels[0], labels[1]] = [middle + 6 * sign, middle - 6 * sign];
  }
  chart.lines.forEach(({ name, column, isTest }, i) => {
    const color = isTest ? palette.muted : palette.accent;
    /** @type {number[]} */
    const points = [];
    for (let row = 0; row < n_rows; row++) {
      const value = rows[row * n_columns + column];
      if (Number.isFinite(value)) points.push(across(rows[row * n_columns]), up(value));
    }
    pen.line(points, { color, width: 2, dash: isTest ? [4, 3] : [] });
    if (Number.isFinite(labels[i])) write(pen, name, right + 5, labels[i], color, "start", 600);
  });
}

/** @param {ArrayLike<number>} rows @param {number} n_columns @param {Chart} chart @returns {number} 1, 2 or 5 times a power of ten */
export function niceTop(rows, n_columns, { lines }) {
  let most = 0;
  for (let row = 0; row < rows.length; row += n_columns) {
    for (const { column } of lines) if (Number.isFinite(rows[row + column])) most = Math.max(most, rows[row + column]);
  }
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * (most <= power ? 1 : most <= 2 * power ? 2 : most <= 5 * power ? 5 : 10);
}

/** @param {Pen} pen @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 @param {Rgb} color */
function rule(pen, x0, y0, x1, y1, color) {
  pen.lines([x0, y0, x1, y1], { color, width: 1 });
}

/**
 * @param {Pen} pen @param {string} words @param {number} x @param {number} y @param {Rgb} color
 * @param {"start" | "end"} anchor @param {number} [weight]
 */
function write(pen, words, x, y, color, anchor, weight = 400) {
  pen.text(x, y, words, { size: 11, color, anchor, bold: weight > 400 });
}
