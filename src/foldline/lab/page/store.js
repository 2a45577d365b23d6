/** Who holds the state: one record, told to all who listen, and kept in the page's address. */

import { formatState, isSame, parseState } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Schema} Schema */
/** @typedef {(state: State, before: State) => void} Listener */
/**
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(patch: Partial<State>, options?: {isPassing?: boolean}) => void} change `isPassing` for what a drag passes by: no step back
 * @property {() => void} renew tells all once more, since what the state names has changed
 * @property {(listener: Listener) => void} listen
 * @property {Schema} schema
 */

/**
 * @param {Schema} schema @param {(notes: readonly string[]) => void} tell what of a link was not used
 * @returns {Store}
 */
export function makeStore(schema, tell) {
  const first = parseState(location.hash, schema);
  let state = first.state;
  /** @type {Listener[]} */
  const listeners = [];
  if (first.notes.length) tell(first.notes);

  const take = (/** @type {State} */ next) => {
    const before = state;
    state = next;
    if (!isSame(before, next)) listeners.forEach((listener) => listener(next, before));
  };

  // Of a drag, all but the first place replace the address, so that one step back undoes the whole.
  let isDragging = false;
  const change = (/** @type {Partial<State>} */ patch, { isPassing = false } = {}) => {
    const next = Object.freeze({ ...state, ...patch });
    const hash = `#${formatState(next, schema)}`;
    if (hash !== location.hash) history[isDragging ? "replaceState" : "pushState"](null, "", hash);
    isDragging = isPassing;
    take(next);
  };

  addEventListener("popstate", () => {
    isDragging = false;
    const { state: next, notes } = parseState(location.hash, schema);
    if (notes.length) tell(notes);
    take(next);
  });
  const renew = () => listeners.forEach((listener) => listener(state, state));
  return { get: () => state, change, renew, listen: (listener) => listeners.push(listener), schema };
}
