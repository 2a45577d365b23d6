/** Presets of the images page: what the classifier sees and what it is, and what to notice. */

/** @typedef {import("./state.js").State} State */

/** Of these a preset decides; all else on the page stays. */
const DECIDED = /** @type {const} */ (["images", "images_features", "images_units", "images_show", "images_cell", "images_row", "loss", "optimizer", "lr", "momentum", "batch", "l1", "l2", "dropout", "seed", "steps"]);
const GENTLE = /** @type {const} */ ({ optimizer: "sgd", lr: 0.001, l2: 0.1 }); // smooth weights, which are drawn to their own scale

/** @type {readonly import("./presets.js").Preset[]} in the order in which they explain one another */
export const IMAGES_PRESETS = [
  { title: "1 · Templates of pixels", set: { ...GENTLE },
    notice: "A linear classifier lays one template a class over the image, multiplies and adds up. Watch trousers and bags appear in the weights: bright pixels speak for the class, dark ones against it. One template must do for all shapes of a class." },
  { title: "2 · A net's hidden units", set: { ...GENTLE, images_units: 24, lr: 0.003, l2: 0.03 },
    notice: "24 hidden units, 24 templates, which the next layer puts together; above each stands the class that it speaks for most. Several share a class, each for another kind of it: what one template could not do. Some look like nothing that has a name." },
  { title: "3 · HoG sees outlines", set: { ...GENTLE, images_features: "hog" },
    notice: "Now the classifier sees only which way edges run in each cell, not how bright anything is. The glyphs draw the outlines of boots and sleeves, and the same linear classifier is right several per cent more often than on pixels." },
  { title: "4 · Grey levels alone", set: { ...GENTLE, images_features: "color", lr: 0.01, l2: 0 },
    notice: "How many pixels have each grey level, and nothing of where they are: fewer than four in ten are right, where a guess would be one in ten. A histogram forgets position and shape. Give photographs (foldline lab photos/) and colours begin to tell." },
  { title: "5 · Visual words", set: { ...GENTLE, images_features: "words" },
    notice: "A hundred small patches, found by clustering, are the words; an image is how much it has of each, quarter by quarter. Beside the codebook: the words that speak for each class. In the image at the right, frames mark the word that says most, or the one of the codebook that you point at." },
  { title: "6 · Shirt or pullover?", set: { ...GENTLE, images_features: "hog", images_units: 24, lr: 0.003, l2: 0.03, images_cell: [6, 2] },
    notice: "A hard pair: below are shirts that are taken for pullovers, the worst first. Point at one: blue cells of its map led to the wrong answer, orange ones spoke for the shirt. Then click other cells of the matrix to see their images." },
  { title: "7 · Digits", set: { ...GENTLE, images: "digits", lr: 0.003, images_show: "mistakes" },
    notice: "64 pixels are enough: a linear classifier of 8 by 8 pixels is right on more than nine in ten digits. Look at its mistakes, the worst first: would you have known?" },
];

export const IMAGES_GREETING = "Point at a test image to see what the classifier sees of it and what spoke for its answer. Begin with “Templates of pixels” and go to the right.";

/** @param {import("./presets.js").Preset} preset @param {State} usual @returns {Partial<State>} */
export function imagesPatch({ set }, usual) {
  return { ...Object.fromEntries(DECIDED.map((name) => [name, usual[name]])), ...set };
}

/** @param {import("./presets.js").Preset} preset @param {State} usual @param {State} now @returns {boolean} whichever images are looked at, at whichever speed */
export function isImagesPreset(preset, usual, now) {
  const free = { images_show: "", images_cell: [], images_row: 0, steps: usual.steps };
  const wanted = { ...imagesPatch(preset, usual), ...free };
  return DECIDED.every((name) => String({ ...now, ...free }[name]) === String(wanted[name]));
}
