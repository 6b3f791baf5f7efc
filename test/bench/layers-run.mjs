// One process: an image that reads or writes through a layer of disks in memory. Prints, for each case, the ns that a
// request takes through it and on the bare disk, as JSON. `node layers-run.mjs IMAGE LAYER CASES`, the last as JSON.
import { readFileSync } from "node:fs";
import { Domain, Image, openBlock } from "@phantasm/host";
import { memoryConsole } from "@phantasm/host/testing";

const DISK_BYTES = 2 ** 25;
const PAIRS = 5;

const [path, layer, cases] = process.argv.slice(2);
const image = Image.load(readFileSync(path));

/** ns of each request, as the image measures them: neither boot, formatting nor end count. */
async function run(name, values) {
  const console = memoryConsole();
  // Sparse: what changes of an overlay take is more than their data.
  const disk = (bytes) => openBlock({ kind: "memory", bytes });
  const domain = new Domain(image, {
    console,
    block: { one: await disk(DISK_BYTES), two: await disk(2 * DISK_BYTES) },
    arguments: { ...values, layer: name },
  });
  domain.start();
  const exit = await domain.exited;
  if (exit.status !== 0) throw new Error(`${name}: ${exit.reason}: ${exit.message}`);
  return Number(console.output) / values.count;
}

const results = [];
for (const values of JSON.parse(cases)) {
  // The engine optimises what it has seen often.
  for (const name of ["bare", layer]) await run(name, { ...values, count: values.count / 4 });
  const pairs = [];
  for (let pair = 0; pair < PAIRS; pair++)
    pairs.push({ bare: await run("bare", values), layer: await run(layer, values) });
  results.push(pairs);
}
console.log(JSON.stringify(results));
