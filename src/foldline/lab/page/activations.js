/** What bends after each hidden layer: one word for all of them, or one for each. */

/** @typedef {import("./state.js").State} State */
/** @typedef {{readonly label: string, readonly short: string, readonly numpy: string}} Activation `short` for the head of a narrow column */

/** @type {Readonly<Record<string, Activation>>} */
export const ACTIVATIONS = {
  relu: { label: "ReLU", short: "ReLU", numpy: "np.maximum(0, z)" },
  leaky_relu: { label: "Leaky ReLU", short: "leaky", numpy: "np.maximum(0.2 * z, z)" },
  tanh: { label: "tanh", short: "tanh", numpy: "np.tanh(z)" },
  sigmoid: { label: "Sigmoid", short: "sigm.", numpy: "1 / (1 + np.exp(-z))" },
  elu: { label: "ELU", short: "ELU", numpy: "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))" },
  softplus: { label: "Softplus", short: "soft+", numpy: "np.logaddexp(0, z)" },
  identity: { label: "Identity (none)", short: "none", numpy: "z" },
};

/** @param {State} state @returns {readonly string[]} of each hidden layer: the last word holds for those beyond */
export function activationsOf({ activation, hidden }) {
  return hidden.map((_, layer) => activation[Math.min(layer, activation.length - 1)]);
}

/** @param {State} state @returns {string | null} the word that holds for all hidden layers, null where they differ */
export function commonActivation(state) {
  const [first = state.activation[0], ...others] = activationsOf(state);
  return others.every((one) => one === first) ? first : null;
}

/** @param {readonly string[]} words @returns {readonly string[]} without what the last word says anyway */
export function shortened(words) {
  let n = words.length;
  while (n > 1 && words[n - 1] === words[n - 2]) n--;
  return words.slice(0, n);
}
