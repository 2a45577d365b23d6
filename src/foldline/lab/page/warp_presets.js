/** Presets of the space-warp page: one to three layers each, and what to notice. */

/** @type {readonly import("./presets.js").Preset[]} */
export const WARP_PRESETS = [
  { title: "1 · Four quadrants", set: { warp: [1, 0.6, -0.5, 1.1, 0.2, -0.1] },
    notice: "Two units cut the plane along two lines into A, B, C, D. The linear map only moves them. ReLU keeps A, presses B and D flat onto the axes, and C into one point: that is what folding is." },
  { title: "2 · A plain fold", set: { warp: [1, 0, -1, 0, 0, 0] },
    notice: "Both units look at x alone, from opposite sides (x and −x). Linearly the plane becomes one line. ReLU bends that line at 0 into a corner: left and right now lie on different axes." },
  { title: "3 · Turned", set: { warp: [0.71, -0.71, 0.71, 0.71, 0, 0] },
    notice: "A turn by 45°. On the left nothing is lost. On the right only the quarter A keeps its area: what ReLU folds depends on where its units look, so the same plane, turned, is folded elsewhere." },
  { title: "4 · Nothing folds", set: { warp: [0.6, 0.2, -0.2, 0.6, 2, 2] },
    notice: "A large bias: the whole square lies in A, and ReLU does nothing at all. A unit that is above 0 everywhere in the data is a linear unit." },
  { title: "5 · All is lost", set: { warp: [0.8, 0.3, -0.3, 0.8, -2, -2] },
    notice: "The opposite bias: all of it lies in C, and one point is left of the plane. Such units are dead: they hand on 0 for every point, and no training step can wake them." },
  { title: "6 · Fold it twice", set: { warp: [1, 0.6, -0.5, 1.1, 0.3, 0.4, -0.9, 0.7, 0.8, 0.8, 0.5, -0.9] },
    notice: "Layer 2 folds what layer 1 has folded. In the small plane the second layer's lines bend where they cross those of layer 1. That is why depth makes many regions from few units." },
];

export const OWN = "A matrix of your own. Look for what ReLU leaves as it is (A), what it presses flat (B and D), and what becomes one point (C); a preset goes back to one with a story.";
