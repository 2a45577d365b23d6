import assert from "node:assert/strict";
import test from "node:test";

import { addressOf, besides, linesOf } from "../../../src/foldline/lab/page/runs_math.js";
import { differenceInWords, points } from "../../../src/foldline/lab/page/runs_words.js";

const row = (recipe, accuracy, more = {}) => ({
  recipe, title: recipe, images: 100, accuracy, std: 0, low: accuracy - 0.0196, high: accuracy + 0.0196, time_s: 1, predict_us: 2, model_bytes: 3, ...more,
});
const run = (name, rows, source = "digits") => ({ name, command: "compare", changed_s: 0, files: [], problem: null, digest: { source, n_test: 50, rows } });
const recipes = (lines) => lines.map(({ row }) => row.recipe);

test("the address of a file keeps every name apart from what means something in addresses", () => {
  assert.equal(addressOf("leaderboard.json", "report.html"), "./runs/report.html");
  assert.equal(addressOf("a b/100%#?/leaderboard.json", "report.html"), "./runs/a%20b/100%25%23%3F/report.html");
});

test("rows are sorted either way, and what has no value stands last", () => {
  const rows = [row("b", 0.5), row("a", 0.9, { predict_us: null }), row("c", 0.7, { predict_us: 1 })];
  assert.deepEqual(recipes(linesOf(rows, null, "accuracy-down")), ["a", "c", "b"]);
  assert.deepEqual(recipes(linesOf(rows, null, "accuracy-up")), ["b", "c", "a"]);
  assert.deepEqual(recipes(linesOf(rows, null, "recipe-up")), ["a", "b", "c"]);
  assert.deepEqual(recipes(linesOf(rows, null, "predict-up")), ["c", "b", "a"]);
  assert.deepEqual(recipes(linesOf(rows, null, "predict-down")), ["b", "c", "a"]);
});

test("a difference is chance below 1.96 times the root of both squared standard errors", () => {
  const [near, far, alone] = linesOf([row("near", 0.9), row("far", 0.8), row("alone", 0.7)], [row("near", 0.9272), row("far", 0.8282)], "accuracy-down");
  assert.equal(near.isChance, true); // standard errors of 0.01: chance up to 0.02772
  assert.equal(far.isChance, false);
  assert.ok(Math.abs(far.difference + 0.0282) < 1e-12);
  assert.deepEqual([alone.other, alone.difference, alone.isChance], [null, null, null]);
});

test("of learning curves rows meet by recipe and number of images, of comparisons by recipe alone", () => {
  const shares = [row("a", 0.5, { images: 10 }), row("a", 0.6, { images: 20 })];
  assert.deepEqual(linesOf(shares, [row("a", 0.4, { images: 10 }), row("a", 0.7, { images: 30 })], "images-up").map(({ other }) => other?.accuracy ?? null), [0.4, null]);
  assert.equal(linesOf([row("a", 0.5)], [row("a", 0.6, { images: 7 })], "images-up")[0].other?.accuracy, 0.6);
});

test("a run is held against tables of its own kind, and not against itself", () => {
  const one = run("a/leaderboard.json", [row("x", 0.5)]);
  const runs = [one, run("b/leaderboard.json", [row("x", 0.6)]), run("c/learning.json", [row("x", 0.6)]), run("d/leaderboard.json", [])];
  assert.deepEqual(besides(runs, one).map(({ name }) => name), ["b/leaderboard.json"]);
});

test("differences are told with how sure they are, and whether the images are the same", () => {
  const one = run("a/leaderboard.json", [row("x", 0.8), row("y", 0.9)]);
  const two = run("b/leaderboard.json", [row("x", 0.9)]);
  const told = (other) => differenceInWords(one, other, linesOf(one.digest.rows, other.digest.rows, "accuracy-down"), "here");
  assert.equal(told(two), "1 of 2 rows are in both: this run is 10.0 points below b, on average. 1 of the differences is larger than the choice of test images explains.");
  assert.match(told(run("leaderboard.json", [row("y", 0.9)], "moons")), /level with here, on average\. They were tested on different images, digits \(50 test images\) and moons/);
  assert.equal(told(run("c/leaderboard.json", [row("z", 0.9)])), "No recipe is in both this run and c.");
  assert.deepEqual([points(0.0123), points(-0.0123), points(-0.0001)], ["+1.2", "−1.2", "0.0"]);
});
