/** The pictures of the images page as sheets of their own, to be saved. */

import { drawChart } from "./curves.js";
import { drawLook } from "./images_look.js";
import { drawMatrix } from "./images_matrix.js";
import { drawTemplates } from "./images_templates.js";
import { ACCURACY, LOSS, N_COLUMNS } from "./numbers.js";

/** @typedef {import("./export.js").Sheet} Sheet */

/**
 * @param {import("./images_sight.js").Sight} sight @param {{row: number, told: import("./images_look.js").Told | null, word: number, chosen: readonly number[]}} looked
 * @param {import("./colors.js").Palette} palette @returns {Sheet[]}
 */
export function imagesSheets(sight, { row, told, word, chosen }, palette) {
  const { meta, learned, names } = sight;
  if (!learned) return [];
  const [templates, matrix, look, chart] = [{ width: 760, height: 340 }, { width: 520, height: 360 }, { width: 560, height: 380 }, { width: 480, height: 220 }];
  return [
    { name: "templates", label: "Templates", title: `Templates at training step ${meta.step}`, ...templates,
      draw: (pen) => drawTemplates(pen, templates, sight, -1, palette) },
    { name: "confusion", label: "Confusion matrix", title: `Who is taken for whom at training step ${meta.step}`, ...matrix,
      draw: (pen) => drawMatrix(pen, matrix, { confusion: learned.confusion, names, chosen, at: null }, palette) },
    { name: "image", label: "Image looked at", title: `Test image ${row + 1}`, ...look,
      draw: (pen) => drawLook(pen, look, sight, row, told, word, palette) },
    { name: "loss", label: "Loss", title: "The loss over training steps", ...chart,
      draw: (pen) => drawChart(pen, chart, LOSS, learned.curve, N_COLUMNS, meta.step, palette) },
    { name: "right", label: "Share right", title: "The share of images that are right over training steps", ...chart,
      draw: (pen) => drawChart(pen, chart, ACCURACY, learned.curve, N_COLUMNS, meta.step, palette) },
  ];
}
