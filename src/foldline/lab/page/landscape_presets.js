/** Presets of the landscape page. */

/** @type {readonly import("./presets.js").Preset[]} in the order in which they explain one another */
export const LANDSCAPE_PRESETS = [
  {
    title: "1 · A bowl",
    notice: "A linear classifier with the softmax loss. Turn the arrow, or take other directions: every line is one valley, the curve never lies above a chord, and training ends at its lowest place. That is proved for all lines, not only seen on these.",
    set: { data: "blobs", hidden: [], optimizer: "sgd", lr: 0.1, l2: 0.01 },
  },
  {
    title: "2 · Straight pieces",
    notice: "The same classifier with the SVM loss and few points. Each point adds a hinge: the curve is made of straight pieces with kinks, and is convex all the same.",
    set: { data: "blobs", hidden: [], loss: "svm", points: 20, noise: 0.5, lr: 0.03, landscape_kind: "weight", landscape_seed: 1, landscape_range: 3 },
  },
  {
    title: "3 · The same net twice",
    notice: "Two hidden units. At step 1 lies the same net with its units exchanged: other weights, the same answers, the same loss. So there are two valleys with a hill between them, and a chord far below it: this loss is not convex.",
    set: { data: "moons", points: 200, hidden: [2], lr: 0.03, seed: 1, landscape_kind: "reordered" },
  },
  {
    title: "4 · Ridges",
    notice: "A net of four layers before its training, and two of its weights: while one of them alone is changed, the loss goes over kinks and ridges, through eight valleys. Take other directions some times: some slices look convex, others wild. Then press Play.",
    isStill: true,
    set: { points: 20, hidden: [8, 8, 8], seed: 1, landscape_kind: "weight", landscape_seed: 23, landscape_range: 10 },
  },
  {
    title: "5 · The way of training",
    notice: "The plane that holds most of the way from the first weights (square) to the net (diamond). It follows the slope at first, then bends into the valley. Turn the arrow back along the way: the line from here to the start.",
    set: { landscape_kind: "path" },
  },
  {
    title: "6 · Too large a step",
    notice: "Plain gradient descent in a bowl, with steps that are too long: the way jumps from one side of the valley to the other and never settles, though there is but one lowest place. Lower the rate to 0.3 and press R: it runs straight down.",
    set: { data: "moons", noise: 0.3, inputs: ["x", "y", "x2"], hidden: [], optimizer: "sgd", momentum: 0, lr: 2, batch: 1000, l2: 0.03, steps: 1, landscape_kind: "path" },
  },
];

export const GREETING = "Training makes one number small, the loss, and that number depends on all weights at once: a landscape. Here it is cut along a line and over a plane through the playground’s net. Begin with “A bowl”.";
