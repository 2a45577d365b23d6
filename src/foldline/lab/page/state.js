/** One read-only record of everything that can be set, and its way into a link and back. */

import { KINDS } from "./kinds.js";

/** @typedef {import("./kinds.js").Field} Field */
/** @typedef {import("./kinds.js").Clicked} Clicked */
/** @typedef {{readonly fields: readonly Field[]}} Schema from the server, which holds all names, limits and defaults */
/**
 * @typedef {object} LabState
 * @property {string} page
 * @property {string} data
 * @property {number} classes
 * @property {number} points
 * @property {number} noise
 * @property {number} test
 * @property {number} seed
 * @property {readonly string[]} inputs
 * @property {readonly number[]} hidden
 * @property {readonly string[]} activation
 * @property {string} loss
 * @property {string} optimizer
 * @property {number} lr
 * @property {number} momentum
 * @property {number} batch
 * @property {number} l1
 * @property {number} l2
 * @property {number} dropout
 * @property {number} steps
 * @property {readonly [number, number, number, number]} window
 * @property {readonly Clicked[]} clicked
 * @property {readonly number[]} warp
 * @property {string} run
 * @property {string} beside
 * @property {string} runs_sort
 * @property {string} wiring_graph
 * @property {number} wiring_nodes
 * @property {number} wiring_width
 * @property {number} wiring_p
 * @property {number} wiring_k
 * @property {number} wiring_turned
 * @property {number} wiring_m
 * @property {number} wiring_seed
 * @property {readonly import("./kinds.js").Edge[]} wiring_edges
 * @property {readonly number[]} columns
 * @property {string} landscape_kind
 * @property {number} landscape_seed
 * @property {number} landscape_angle
 * @property {number} landscape_range
 * @property {number} landscape_at
 * @property {readonly string[]} landscape_shows
 * @property {string} bumps_of
 * @property {string} bumps_formula
 * @property {readonly number[]} bumps_curve
 * @property {readonly [number, number]} bumps_range
 * @property {string} bumps_by
 * @property {number} bumps_units
 * @property {number} bumps_eps
 * @property {readonly string[]} bumps_shown
 * @property {string} bumps_front
 * @property {string} images
 * @property {string} images_features
 * @property {number} images_units
 * @property {string} images_show
 * @property {readonly number[]} images_cell
 * @property {number} images_row
 */
/** @typedef {Readonly<LabState>} State */
/** @typedef {keyof LabState} Name */

/** @param {Schema} schema @returns {State} */
export function usualState(schema) {
  return /** @type {any} */ (Object.freeze(Object.fromEntries(schema.fields.map((field) => [field.name, frozen(field.default)]))));
}

/**
 * @param {State} state @param {Schema} schema
 * @returns {string} the part of a link behind '#': what differs from the defaults
 */
export function formatState(state, schema) {
  return schema.fields
    .map((field) => ({ name: field.name, text: textOf(state, field), usual: KINDS[field.kind].write(field.default, field) }))
    .filter(({ text, usual }) => text !== usual)
    .map(({ name, text }) => `${name}=${text}`)
    .join("&");
}

/**
 * @param {string} hash the part of a link behind '#', with or without it @param {Schema} schema
 * @returns {{state: State, notes: readonly string[]}} a note for every part not used; its field is as by default
 */
export function parseState(hash, schema) {
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  /** @type {Map<string, any>} */
  const found = new Map();
  /** @type {string[]} */
  const notes = [];
  const seen = new Set();
  for (const part of hash.replace(/^#/, "").split("&").filter(Boolean)) {
    const at = part.indexOf("=");
    const [name, text] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    const field = fields.get(name);
    if (!field) notes.push(`'${name.slice(0, 40)}' is no field of the lab; it is left out.`);
    else if (seen.has(name)) notes.push(`${name} is given twice; the first one is taken.`);
    else {
      seen.add(name);
      try {
        found.set(name, KINDS[field.kind].read(decodeURIComponent(text), field));
      } catch (error) {
        notes.push(`${error instanceof RangeError ? error.message : `${name} cannot be read.`} Its default is taken.`);
      }
    }
  }
  return { state: Object.freeze({ ...usualState(schema), ...Object.fromEntries(found) }), notes };
}

/** @param {State} a @param {State} b @returns {boolean} */
export function isSame(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @param {State} state @param {Field} field */
function textOf(state, field) {
  return KINDS[field.kind].write(state[/** @type {Name} */ (field.name)], field);
}

/** @param {any} value @returns {any} */
function frozen(value) {
  return Array.isArray(value) ? Object.freeze(value.map(frozen)) : value;
}
