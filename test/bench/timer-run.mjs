// One process: the timers of an image, and Node's own. Prints JSON. `node timer-run.mjs IMAGE COUNT`
import { Driver } from "./driver.mjs";

const [image, text] = process.argv.slice(2);
const count = Number(text);
const SPREAD_MS = 1000;

const driver = new Driver(image, { count, spread: `${SPREAD_MS}ms` });
driver.run();
const ours = JSON.parse(driver.output);
if (ours.fired !== count) throw new Error(`${ours.fired} of ${count} timers were called`);

/** A fixed sequence, so that runs can be compared. */
let state = 1;
const below = (bound) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % bound;
};
const order = Array.from({ length: count }, (_, index) => index);
for (let at = count - 1; at > 0; at--) {
  const other = below(at + 1);
  [order[at], order[other]] = [order[other], order[at]];
}
const delays = order.map(() => 10_000 + below(SPREAD_MS));
const timers = new Array(count);
const rounds = Math.max(1, 1_000_000 / count);
const sums = { set: 0, move: 0, cancel: 0 };
const timed = (work) => {
  const start = performance.now();
  for (let at = 0; at < count; at++) work(at);
  return performance.now() - start;
};
const nothing = () => undefined;
for (let round = -1; round < rounds; round++) {
  const set = timed((at) => (timers[at] = setTimeout(nothing, delays[at])));
  const move = timed((at) => {
    clearTimeout(timers[order[at]]);
    timers[order[at]] = setTimeout(nothing, delays[at]);
  });
  const cancel = timed((at) => clearTimeout(timers[order[at]]));
  if (round < 0) continue;
  sums.set += set;
  sums.move += move;
  sums.cancel += cancel;
}
const each = (ms) => (ms * 1e6) / (count * rounds);
const node = { set: each(sums.set), move: each(sums.move), cancel: each(sums.cancel) };

// Being called: processor time, because Node waits between two milliseconds.
let left = count;
const before = await new Promise((resolve) => {
  let begun;
  const called = () => {
    if (--left === 0) resolve(process.cpuUsage(begun));
  };
  for (let at = 0; at < count; at++) setTimeout(called, 2000 + (delays[at] % SPREAD_MS));
  begun = process.cpuUsage();
});
node.expire = ((before.user + before.system) * 1000) / count;
console.log(JSON.stringify({ ours, node }));
