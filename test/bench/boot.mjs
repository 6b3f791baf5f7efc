// One process: how long from image bytes to the first hypercall. Prints JSON.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Domain, Image, nullConsole } from "@phantasm/host";

const REPEATS = 200;
const WARM_UPS = 20;
const bytes = readFileSync(process.argv[2]);

/** Milliseconds from `load` to the first byte on the console. */
async function boot(load) {
  let written = 0;
  const console = {
    ...nullConsole,
    write: (data) => {
      written ||= performance.now();
      return data.length;
    },
  };
  const start = performance.now();
  const domain = new Domain(load(), { console });
  domain.start();
  await domain.exited;
  return written - start;
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function repeat(work) {
  const values = [];
  for (let run = 0; run < REPEATS; run++) values.push(await work());
  return median(values);
}

// A host that runs: another image of that kind has been booted in this process twenty times, this one
// never.
const other = readFileSync(process.argv[3]);
const firstMs = await boot(() => Image.load(other));
for (let run = 1; run < WARM_UPS; run++) await boot(() => Image.load(other));
await sleep(500);
const coldMs = await boot(() => Image.load(bytes));
const image = Image.load(bytes);
const imports = Object.fromEntries(
  WebAssembly.Module.imports(image.module).map(({ name }) => [name, () => 0]),
);
console.log(
  JSON.stringify({
    firstMs,
    coldMs,
    againMs: await repeat(() => boot(() => Image.load(bytes))),
    compiledUs: 1000 * (await repeat(() => boot(() => image))),
    instanceUs:
      1000 *
      (await repeat(() => {
        const start = performance.now();
        new WebAssembly.Instance(image.module, { phantasm: imports });
        return performance.now() - start;
      })),
  }),
);
