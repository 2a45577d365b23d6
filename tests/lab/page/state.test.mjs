import assert from "node:assert/strict";
import test from "node:test";

import { formatState, parseState, usualState } from "../../../src/foldline/lab/page/state.js";
import { clickedFrom, withoutNear, withPoint } from "../../../src/foldline/lab/page/clicked.js";

const SCHEMA = /** @type {any} */ ({
  fields: [
    { name: "data", kind: "choice", choices: ["spiral", "moons"], default: "spiral", says: "" },
    { name: "lr", kind: "number", low: 0, above: true, high: 10, below: false, default: 0.03, says: "" },
    { name: "hidden", kind: "wholes", low: 1, high: 256, fewest: 0, most: 8, default: [20], says: "" },
    { name: "clicked", kind: "points", low: -600, high: 600, most: 3, most_classes: 8, default: [], says: "" },
  ],
});

test("a link holds what differs from the defaults and gives it back", () => {
  const state = /** @type {any} */ ({ ...usualState(SCHEMA), lr: 1e-7, hidden: [], clicked: [[-123, 45, 1]] });
  const link = formatState(state, SCHEMA);
  assert.equal(link, "lr=1e-7&hidden=&clicked=d9hx1");
  assert.deepEqual(parseState(`#${link}`, SCHEMA), { state, notes: [] });
});

test("every part that is not used has a note, and its field the default", () => {
  const { state, notes } = parseState("#lr=99&hidden=5,0&data=cats&size=3&hidden=4&clicked=abc", SCHEMA);
  assert.deepEqual(state, usualState(SCHEMA));
  assert.equal(notes.length, 6);
  assert.match(notes[0], /^lr is 99; expected a number above 0 to 10\. Its default is taken\.$/);
  assert.match(notes[2], /data is cats; expected one of spiral, moons/);
  assert.match(notes[3], /'size' is no field/);
  assert.match(notes[4], /hidden is given twice/);
  assert.match(notes[5], /five of 0-9 and a-z/);
});

test("a state cannot be written to", () => {
  const { state } = parseState("hidden=3,4", SCHEMA);
  assert.throws(() => /** @type {any} */ (state).hidden.push(5), TypeError);
  assert.throws(() => (/** @type {any} */ (state).lr = 1), TypeError);
});

test("clicked points snap to hundredths, stay within reach and can be erased", () => {
  const field = SCHEMA.fields[3];
  const many = Array.from({ length: 30 }, (_, i) => Math.floor(i / 10)); // sorted by class
  assert.deepEqual(clickedFrom(Array(60).fill(1), many, { ...field, most: 6 }).map(([, , label]) => label), [0, 0, 1, 1, 2, 2]);
  const clicked = clickedFrom([0.123, 0.456, 9, 9, 1, 1, -1, -1, 2, 2], [0, 0, 1, 2, 0], field);
  assert.deepEqual(clicked, [[12, 46, 0], [100, 100, 1], [-100, -100, 2]]);
  assert.deepEqual(withoutNear(withPoint(clicked, 0, 0, 5), 0.1, 0.4, 0.5), [[100, 100, 1], [-100, -100, 2]]);
});
