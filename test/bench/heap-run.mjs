// One process: pauses and speed of the collector, and the same work in JavaScript. Prints JSON.
// `node heap-run.mjs IMAGE OBJECTS`
import { Driver } from "./driver.mjs";

const [image, text] = process.argv.slice(2);
const objects = Number(text);
const garbage = 4_000_000;
const batch = 1000;
const REPEATS = 5;

// The same work every time: the least time of each step is what it takes when nothing disturbs it.
let least;
let total = Infinity;
let memoryBytes = 0;
for (let run = 0; run < REPEATS; run++) {
  const driver = new Driver(image, { objects, garbage, fibre: batch }, { timing: true });
  driver.run();
  least = least?.map((time, step) => Math.min(time, driver.times[step])) ?? driver.times;
  total = Math.min(
    total,
    driver.times.reduce((sum, time) => sum + time, 0),
  );
  memoryBytes = driver.memoryBytes;
}
// The first steps are those of an engine that has not optimised the image yet.
const sorted = least.slice(10).sort((a, b) => a - b);

class Node {
  left = null;
  right = null;
  a = 0.5;
  b = 0.5;
  c = 0.5;
  d = 0;
}

function peer() {
  const kept = [];
  const pauses = [];
  const start = performance.now();
  let last = start;
  let count = 0;
  const pause = () => {
    if (++count % batch !== 0) return;
    const now = performance.now();
    pauses.push(now - last);
    last = now;
  };
  for (let at = 0; at < objects; at++) {
    const node = new Node();
    if (at > 0) node.left = kept[at >> 1];
    if (at > 1) node.right = kept[at - 1];
    kept.push(node);
    pause();
  }
  let seed = 1;
  for (let at = 0; at < garbage; at++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const place = seed % objects;
    const node = new Node();
    const old = kept[place];
    if (at & 7) node.left = old;
    else {
      node.left = old.left;
      node.right = old.right;
      kept[place] = node;
      old.left = null;
      old.right = null;
    }
    pause();
  }
  return { ms: performance.now() - start, longest: Math.max(...pauses) };
}

const runs = Array.from({ length: REPEATS }, peer);
const made = objects + garbage;
console.log(
  JSON.stringify({
    liveBytes: objects * 64,
    memoryBytes,
    longestMs: sorted.at(-1),
    percentile99Ms: sorted[Math.floor(sorted.length * 0.99)],
    medianMs: sorted[sorted.length >> 1],
    nsPerObject: (total * 1e6) / made,
    node: {
      longestMs: Math.min(...runs.map(({ longest }) => longest)),
      nsPerObject: (Math.min(...runs.map(({ ms }) => ms)) * 1e6) / made,
    },
  }),
);
