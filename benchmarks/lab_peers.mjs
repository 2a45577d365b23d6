/**
 * Trains ConvNetJS or TensorFlow Playground on points; benchmarks/lab_peers.py runs it and says where they come from.
 *
 * usage: node lab_peers.mjs PEER < problem.json
 * Answers with the share of points that are right after `passes` passes, and then training examples per second of the
 * processor.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("./peers/", import.meta.url));
const EXAMPLES_AT_ONCE = 3000; // from one look at the clock to the next

const PEERS = {
  ConvNetJS({ points, labels, n_classes, n_units, batch, lr, momentum }) {
    const convnetjs = require("convnetjs");
    const net = new convnetjs.Net();
    net.makeLayers([
      { type: "input", out_sx: 1, out_sy: 1, out_depth: 2 },
      { type: "fc", num_neurons: n_units, activation: "relu" },
      { type: "softmax", num_classes: n_classes },
    ]);
    const trainer = new convnetjs.Trainer(net, { method: "sgd", learning_rate: lr, momentum, batch_size: batch, l2_decay: 0 });
    const x = new convnetjs.Vol(1, 1, 2); // one for all, as its own page does
    const put = (i) => [x.w[0], x.w[1]] = points[i];
    return {
      train(i) {
        put(i);
        trainer.train(x, labels[i]);
      },
      isRight(i) {
        put(i);
        net.forward(x);
        return net.getPrediction() === labels[i];
      },
    };
  },
  "TensorFlow Playground"({ points, labels, n_units, batch, lr }) {
    const nn = require("./nn.js");
    const net = nn.buildNetwork([2, n_units, 1], nn.Activations.RELU, nn.Activations.TANH, null, ["x", "y"]);
    const target = (i) => (labels[i] === 0 ? 1 : -1); // it has one output
    let n = 0;
    return {
      train(i) {
        nn.forwardProp(net, points[i]);
        nn.backProp(net, target(i), nn.Errors.SQUARE);
        if (++n % batch === 0) nn.updateWeights(net, lr, 0);
      },
      isRight: (i) => Math.sign(nn.forwardProp(net, points[i])) === target(i),
    };
  },
};

const problem = JSON.parse(readFileSync(0, "utf8"));
const { train, isRight } = PEERS[process.argv[2]](problem);
const n = problem.points.length;
const order = problem.order; // some passes over the points, each in an order of its own
let at = 0;
const next = () => order[at++ % order.length];
for (let i = 0; i < problem.passes * n; i++) train(next());
const right = problem.points.filter((_, i) => isRight(i)).length / n;
const start = process.cpuUsage();
let [done, took_s] = [0, 0];
while (took_s < problem.seconds) {
  for (let i = 0; i < EXAMPLES_AT_ONCE; i++) train(next());
  done += EXAMPLES_AT_ONCE;
  const { user, system } = process.cpuUsage(start);
  took_s = (user + system) / 1e6;
}
console.log(JSON.stringify({ right, examples_per_s: done / took_s }));
