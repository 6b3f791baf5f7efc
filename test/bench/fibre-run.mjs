// One process: fibres and their peers. Prints JSON. `node fibre-run.mjs IMAGE`
import { Driver } from "./driver.mjs";
import { asyncFunctions, generators, pipeline } from "./fibre-peers.mjs";

const [image] = process.argv.slice(2);
const FIBRES = 1000;
const ROUNDS = 2000;
const REPEATS = 3;

const timed = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};
const least = (work) => Math.min(...Array.from({ length: REPEATS }, work));

/** ns for each switch; `depth` functions beside the fibre's own two. */
function switching(depth) {
  return least(() => {
    const driver = new Driver(image, { work: "switch", count: FIBRES, rounds: ROUNDS, depth });
    return (timed(() => driver.run()) * 1e6) / (FIBRES * ROUNDS);
  });
}

function sleeping(count) {
  const driver = new Driver(image, { work: "sleep", count });
  const before = driver.heapBytes;
  const ms = timed(() => driver.settle());
  driver.step(4);
  return {
    heapBytes: (driver.heapBytes - before) / count,
    memoryBytes: driver.memoryBytes / count,
    ns: (ms * 1e6) / count,
  };
}

const result = { switching: {}, generators: {}, asyncFunctions: {} };
for (const depth of [0, 1, 4, 8, 16, 32, 64]) result.switching[depth + 3] = switching(depth);
for (const depth of [0, 1, 4, 8]) {
  result.generators[depth] = least(() => generators(FIBRES, ROUNDS / 4, depth));
  const runs = [];
  for (let run = 0; run < REPEATS; run++)
    runs.push(await asyncFunctions(FIBRES, ROUNDS / 4, depth));
  result.asyncFunctions[depth] = Math.min(...runs);
}
result.spawn = least(() => {
  const driver = new Driver(image, { work: "spawn", count: 1_000_000 });
  return (timed(() => driver.run()) * 1e6) / 1_000_000;
});
result.million = sleeping(1_000_000);
result.fourMillion = sleeping(4_000_000);

const ITEMS = 200_000;
const STAGES = 4;
const ROOM = 16;
const expected = `ready\n${(ITEMS * (ITEMS - 1)) / 2 + ITEMS * STAGES}\n`;
result.pipelineMs = least(() => {
  const driver = new Driver(image, { work: "pipeline", count: ITEMS, depth: STAGES, rounds: ROOM });
  const ms = timed(() => driver.run());
  if (driver.output !== expected) throw new Error(`the pipeline says ${driver.output}`);
  return ms;
});
const peers = [];
for (let run = 0; run < REPEATS; run++) {
  const { ms, sum } = await pipeline(ITEMS, STAGES, ROOM);
  if (`ready\n${sum}\n` !== expected) throw new Error("the peer's pipeline is wrong");
  peers.push(ms);
}
result.pipelinePeerMs = Math.min(...peers);

// Ten million switches of fibres that allocate nothing more: memory before and after.
const soak = new Driver(image, { work: "switch", count: 100, rounds: 100_000, depth: 1 });
for (let step = 0; step < 1000; step++) soak.step();
result.soakBefore = soak.memoryBytes;
soak.run();
result.soakAfter = soak.memoryBytes;
console.log(JSON.stringify(result));
