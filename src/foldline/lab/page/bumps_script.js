/** A net near a function as a NumPy script. */

import { toast } from "./dom.js";
import { save, vector } from "./export.js";
import { LOOKS } from "./bumps_ways.js";
import { formatState } from "./state.js";

/** @typedef {import("./bumps_moment.js").Way} Way */

/** @param {import("./bumps_moment.js").BumpsMoment | null} moment @param {import("./store.js").Store} store */
export function saveBumpsScript(moment, store) {
  const front = store.get().bumps_front;
  const way = moment?.ways.find(({ name }) => name === front);
  if (!moment || !way) return toast("The net is not there yet. Choose one that is shown in the table, then export again.");
  if (!way.weights.length) return toast("Nearest samples are no net. Choose one of the nets in the table, then export again.");
  save("foldline_bumps.py", new Blob([bumpsScript(way, moment.meta.range, `#${formatState(store.get(), store.schema)}`)], { type: "text/x-python" }));
}

/**
 * @param {Pick<Way, "name" | "n_units" | "weights" | "is_proved" | "single">} way @param {readonly [number, number]} range
 * @param {string} link
 * @returns {string} a script that needs NumPy alone
 */
export function bumpsScript({ name, n_units, weights, is_proved, single }, [low, high], link) {
  const parts = [0, 1, 2].map((i) => Array.prototype.slice.call(weights, i * n_units, (i + 1) * n_units));
  const title = LOOKS.find((look) => look.name === name)?.title ?? name;
  return [
    `"""${title} of foldline's lab, ${n_units} ReLU ${n_units === 1 ? "unit" : "units"}: ${link}`,
    "",
    `The largest error from x = ${low} to ${high} is ${is_proved ? `at most ${single}, proved for these weights` : `${single}, measured`}.`,
    '"""',
    "",
    "import sys",
    "",
    "import numpy as np",
    "",
    "# y = sum of U relu(W x + B), + P",
    ...["W", "B", "U"].map((letter, i) => `${letter} = np.array(${vector(parts[i])})`),
    `P = ${vector([weights[3 * n_units]]).slice(1, -1)}`,
    "",
    "",
    "def net(x):",
    "    return np.maximum(0, np.multiply.outer(x, W) + B) @ U + P",
    "",
    "",
    "x = np.loadtxt(sys.stdin, ndmin=1)  # a number a line",
    'np.savetxt(sys.stdout, net(x), fmt="%.9g")',
    "",
  ].join("\n");
}
