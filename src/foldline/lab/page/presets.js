/** Presets: a state each, and one sentence on what to notice. */

/** @typedef {import("./state.js").State} State */
/** @typedef {{readonly title: string, readonly notice: string, readonly set: Readonly<Partial<State>>, readonly isStill?: boolean}} Preset `isStill`: nothing is to move at first */

/** @type {readonly Preset[]} in the order in which they explain one another */
export const PRESETS = [
  {
    title: "1 · One fold",
    notice: "One hidden unit folds the plane along the thin line: on one side it answers 0, on the other it grows. Where it has grown enough the class changes: the thick line, parallel to the fold. Watch both turn until the thick one parts the classes (R starts again). Hover the unit: paper is 0, dark is much.",
    set: { data: "blobs", classes: 2, points: 200, noise: 0.5, hidden: [1], lr: 0.03, seed: 1 },
  },
  {
    title: "2 · Three close a shape",
    notice: "Three units, three fold lines. The thick boundary runs straight and bends only where it crosses a fold: three folds are just enough to close it around the inner ring. Set 2 units and press Play: it never closes.",
    set: { data: "circles", classes: 2, points: 300, hidden: [3], lr: 0.03, seed: 2 },
  },
  {
    title: "3 · More units, rounder",
    notice: "Twenty units, twenty folds: the same boundary now has many short pieces and looks round, but every piece is still straight. Hover a region: inside it the whole net is one straight map.",
    set: { data: "circles", classes: 2, points: 300, hidden: [20] },
  },
  {
    title: "4 · No bend",
    notice: "Same net, but the units hand on what they get (identity). There is no fold, so twenty units make one straight boundary, however long you train: without the bend, depth and width buy nothing.",
    set: { data: "circles", classes: 2, points: 300, hidden: [20], activation: ["identity"] },
  },
  {
    title: "5 · Folding folds",
    notice: "Two layers: the second one's folds (dashed) are straight only between the first one's (solid) and bend where they cross them, because they are drawn on a plane that is folded already.",
    set: { data: "xor", classes: 2, points: 300, hidden: [4, 4], lr: 0.02, seed: 5 },
  },
  {
    title: "6 · Spiral",
    notice: "Three arms, one layer of 20 units: watch the folds gather where the arms are close, and the boundary wind its way between them. Then pause and drag Replay back to see how it came about.",
    set: {},
  },
  {
    title: "7 · Learned by heart",
    notice: "Few noisy points and many units: the boundary wraps single points, train accuracy goes to 100 % and the hollow test points pay for it. Now raise L2 and see it calm down.",
    set: { data: "moons", classes: 2, points: 80, noise: 0.7, test: 0.5, hidden: [20, 20], lr: 0.02, seed: 2 },
  },
  {
    title: "8 · Smooth bend",
    notice: "tanh bends everywhere a little instead of once: no fold lines, no straight pieces, a soft boundary. What you see is sampled on a grid, since there are no regions to compute exactly.",
    set: { data: "circles", classes: 2, points: 300, hidden: [6], activation: ["tanh"], lr: 0.03 },
  },
];

export const GREETING = "A unit answers 0 on one side of a line and grows on the other: it folds the plane along it. Begin with “One fold” and go to the right.";

/** @param {Preset} preset @param {State} usual @param {State} now @returns {State} its settings, all else by default, on this page and window */
export function stateOf(preset, usual, now) {
  return { ...usual, page: now.page, ...preset.set };
}
