/** Test images in rows, to choose from: by pointer, or by arrow keys. */

import { find, sheet } from "./dom.js";
import { fitted, pixelsOf } from "./images_pixels.js";

/** @typedef {import("./images_sight.js").Sight} Sight */

const SIDE_PX = 38;
const GAP_PX = 3;
const MARK_PX = 3; // under an image: whether its answer is right

/** @param {{point: (row: number | null) => void, keep: (row: number) => void}} told `point` for what a reader passes, `keep` for a choice */
export function imagesGrid({ point, keep }) {
  const place = find("images-grid", HTMLElement);
  const canvas = find("images-grid-canvas", HTMLCanvasElement);
  /** @type {readonly number[]} */
  let rows = [];
  let isPointedAt = false;
  let cursor = -1;

  const layout = () => {
    const cols = Math.max(Math.floor(place.clientWidth / (SIDE_PX + GAP_PX)), 1);
    return { cols, most: cols * Math.max(Math.floor(place.clientHeight / SIDE_PX), 1), step: place.clientWidth / cols };
  };
  const indexAt = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
    const { cols, step } = layout();
    return Math.floor(offsetY / SIDE_PX) * cols + Math.min(Math.floor(offsetX / step), cols - 1);
  };
  const go = (/** @type {number} */ next) => {
    cursor = next;
    point(rows[cursor] ?? null);
  };
  place.onpointermove = (event) => {
    isPointedAt = true;
    go(indexAt(event));
  };
  place.onpointerdown = (event) => {
    go(indexAt(event));
    if (rows[cursor] !== undefined) keep(rows[cursor]);
  };
  place.onpointerleave = () => {
    isPointedAt = false;
    go(-1);
  };
  place.onblur = () => go(-1);
  place.onkeydown = (event) => {
    const { cols } = layout();
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -cols, ArrowDown: cols }[event.key];
    if (event.key === "Escape") go(-1);
    else if (event.key === "Enter" && rows[cursor] !== undefined) keep(rows[cursor]);
    else if (by) go(cursor < 0 ? 0 : Math.min(Math.max(cursor + by, 0), rows.length - 1));
    else return;
    event.preventDefault();
  };

  return {
    /** While a reader points at them, images stay where they are. */
    isHeld: () => isPointedAt || (document.activeElement === place && cursor >= 0),
    /** @param {readonly number[]} next as many as there is room for are shown */
    show(next) {
      rows = next.slice(0, layout().most);
    },
    /** @param {Sight} sight @param {number} kept the row that is looked at otherwise @param {import("./colors.js").Palette} palette */
    draw(sight, kept, palette) {
      const { pen } = sheet(canvas);
      const { images, learned } = sight;
      if (!images) return;
      const { cols, step } = layout();
      rows.forEach((row, i) => {
        if (row >= sight.n) return;
        const [x, y] = [(i % cols) * step, Math.floor(i / cols) * SIDE_PX];
        const box = fitted(images.shape.slice(1), { x, y, width: step - GAP_PX, height: SIDE_PX - GAP_PX - MARK_PX });
        pen.picture(pixelsOf(images, row), box.x, box.y, box.width, box.height);
        const isRight = !learned || learned.answers[row] === learned.labels[row];
        const [left, right, foot] = [box.x, box.x + box.width, box.y + box.height];
        if (!isRight) pen.fill([[left, foot, right, foot, right, foot + MARK_PX, left, foot + MARK_PX]], palette.classes[1]);
        if (i !== cursor && row !== kept) return;
        pen.line([left, box.y, right, box.y, right, foot, left, foot], { color: i === cursor ? palette.accent : palette.ink, width: 2.5 }, true);
      });
    },
  };
}
