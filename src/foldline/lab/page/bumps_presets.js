/** Presets of the page of bumps: from one bump to nets that need far fewer units, and what to notice. */

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Name} Name */

/** @type {readonly Name[]} what every preset sets */
const OF_PAGE = ["bumps_of", "bumps_formula", "bumps_curve", "bumps_range", "bumps_by", "bumps_units", "bumps_eps", "bumps_shown", "bumps_front", "optimizer", "lr", "momentum", "seed"];
const WAVE = { bumps_formula: "sin(2*pi*x)" };

/** @type {readonly import("./presets.js").Preset[]} */
export const BUMPS_PRESETS = [
  { title: "1 · One bump", set: { bumps_units: 4, bumps_shown: ["bumps"] },
    notice: "Four ReLU units make one bump. Two make a ramp: the first goes up from s₁ on, the second stops it at s₂. Two more make the way down. The four small pictures add one unit after the other." },
  { title: "2 · Three bumps", set: { bumps_units: 12, bumps_shown: ["bumps"] },
    notice: "Twelve units, three bumps side by side, each as high as the function in its middle. Point at a bump (or use the arrow keys) to take it apart. The ticks below are the folds, one for each unit." },
  { title: "3 · Twenty, with gaps", set: { bumps_units: 80, bumps_shown: ["bumps"] },
    notice: "Eighty units, twenty bumps: their tops follow the function closely, but where two meet both are 0. These gaps stay, however many bumps there are, and so does the largest error: drag Units and watch it." },
  { title: "4 · Closing the gaps", set: { bumps_units: 38, bumps_shown: ["bumps", "overlapping"], bumps_front: "overlapping" },
    notice: "Let each bump rise while the one before it falls: no gap is left, and two of four units are saved. Now more units do come nearer, as near as you like. That is the universal approximation theorem: drag Units." },
  { title: "5 · Far fewer units", set: { ...WAVE, bumps_by: "eps", bumps_eps: 0.02, bumps_shown: ["overlapping", "hats", "free"], bumps_front: "free" },
    notice: "The other way round: how many units does an error of 2 % of the height take? As overlapping bumps 156, as hats 12, and 7 where folds may lie anywhere. All is proved for every x, not for samples; below the table stands how many are needed at least." },
  { title: "6 · Does training find it?", set: { ...WAVE, bumps_units: 12, bumps_shown: ["free", "trained"], bumps_front: "free", lr: 0.01 },
    notice: "The same twelve units, once built and once trained. However long it trains, the trained net stays several times farther off than the best one: the theorem says that such a net exists, not that training finds it. And what it finds are no bumps." },
  { title: "7 · Looking it up", set: { ...WAVE, bumps_by: "eps", bumps_eps: 0.05, bumps_shown: ["overlapping", "neighbour"], bumps_front: "neighbour" },
    notice: "No net at all: 32 samples are remembered, and the nearest one answers. That is as near as 32 bumps, and the same idea: a value for each piece of the line. So nearest neighbours approximate any function, too." },
  { title: "8 · Draw your own", set: { bumps_of: "curve", bumps_units: 20, bumps_shown: ["bumps", "free"], bumps_front: "free" },
    notice: "Draw over the picture: the bumps and the best net follow. Twenty units as five bumps tell little of the curve; the same twenty with free folds lie on it. The link holds your curve." },
];

export const OWN = "A question of your own. A function, so many units or so small an error: compare what is proved (≤) with what is measured (=), and the folds below the picture with one another.";

/** @param {import("./presets.js").Preset} preset @param {State} usual @returns {Partial<State>} */
export function bumpsPatch({ set }, usual) {
  return Object.fromEntries(OF_PAGE.map((name) => [name, name in set ? set[name] : usual[name]]));
}
