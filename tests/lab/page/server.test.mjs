import assert from "node:assert/strict";
import { test } from "node:test";

const page = new URL("../../../src/foldline/lab/page/", import.meta.url);
const { completed } = await import(new URL("server.js", page));

test("what does not come again is as in the last frame of its kind, drawn or not", () => {
  const last = new Map();
  const frame = (kind, as_before, some) => completed({ kind, frame: 0, meta: { as_before }, arrays: some }, last).arrays;
  frame("images", [], { images: "first", scores: "old" });
  frame("playground", [], { points: "p" });
  assert.deepEqual(frame("images", ["images"], { scores: "new" }), { images: "first", scores: "new" });
  assert.deepEqual(frame("images", ["images"], {}), { images: "first" });
  assert.deepEqual(frame("playground", undefined, {}), {});
});
