/* Where performers are drawn: ForceAtlas2, beside the page so that it stays fluid. The same network
   always comes out the same, for it begins alike and takes a fixed number of steps. */

"use strict";

const SIZE = 10; // numbers for each node in the matrix of ForceAtlas2

self.onmessage = ({ data }) => {
  if (!self.module) {
    self.module = {};
    importScripts(data.forceatlas);
  }
  const iterate = self.module.exports;
  const nodes = begin(data);
  const edges = new Float32Array(data.edges.length);
  for (let i = 0; i < data.edges.length; i += 3) {
    edges[i] = data.edges[i] * SIZE;
    edges[i + 1] = data.edges[i + 1] * SIZE;
    edges[i + 2] = Math.log2(1 + data.edges[i + 2]);
  }
  const options = {
    linLogMode: false, outboundAttractionDistribution: false, adjustSizes: false, edgeWeightInfluence: 1,
    scalingRatio: 10, strongGravityMode: true, gravity: 0.05, slowDown: 1 + Math.log(data.count + 1),
    barnesHutOptimize: data.count > 300, barnesHutTheta: 0.7,
  };
  const steps = data.count > 2000 ? 220 : data.count > 500 ? 300 : 400;
  let told = performance.now();
  for (let step = 1; step <= steps; step += 1) {
    iterate(options, nodes, edges);
    if (step === steps || performance.now() - told > 200) {
      told = performance.now();
      self.postMessage({ places: places(nodes, data.count), done: step / steps });
    }
  }
};

/* On a spiral, groups side by side: those in most videos in the middle. */
function begin({ count, groups, weights }) {
  const nodes = new Float32Array(count * SIZE);
  const order = [...Array(count).keys()].sort((one, other) => groups[one] - groups[other] || one - other);
  order.forEach((node, place) => {
    const angle = place * 2.399963;
    const radius = 10 * Math.sqrt(place + 1);
    nodes[node * SIZE] = radius * Math.cos(angle);
    nodes[node * SIZE + 1] = radius * Math.sin(angle);
    nodes[node * SIZE + 6] = 1 + weights[node]; // mass
    nodes[node * SIZE + 7] = 1; // convergence
    nodes[node * SIZE + 8] = 1; // size
  });
  return nodes;
}

function places(nodes, count) {
  const found = new Float32Array(count * 2);
  for (let n = 0; n < count; n += 1) {
    found[2 * n] = nodes[n * SIZE];
    found[2 * n + 1] = nodes[n * SIZE + 1];
  }
  return found;
}
