// One process: an image that reads or writes a disk. Prints the ns that a request takes, as JSON.
// `node block-run.mjs IMAGE DISK ARGUMENTS`, the latter two as JSON.
import { readFileSync } from "node:fs";
import { Domain, Image, openBlock } from "@phantasm/host";
import { memoryConsole } from "@phantasm/host/testing";

const [path, disk, values] = process.argv.slice(2);
const image = Image.load(readFileSync(path));
const options = JSON.parse(values);

/** ns of all requests, as the image measures them: neither boot nor end count. */
async function run(count) {
  const console = memoryConsole();
  const domain = new Domain(image, {
    console,
    block: { disk: await openBlock(JSON.parse(disk)) },
    arguments: { ...options, count },
  });
  domain.start();
  const exit = await domain.exited;
  if (exit.status !== 0) throw new Error(`${exit.reason}: ${exit.message}`);
  return { ns: Number(console.output), steps: domain.stats.steps };
}

// The engine optimises what it has seen often.
await run(Math.min(options.count, 20_000));
const { ns, steps } = await run(options.count);
console.log(JSON.stringify({ ns: ns / options.count, stepsPerRequest: steps / options.count }));
