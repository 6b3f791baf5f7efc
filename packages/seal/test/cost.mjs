// What it costs to verify an image: node packages/seal/test/cost.mjs IMAGE
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node packages/seal/test/cost.mjs IMAGE");
  process.exit(2);
}
const bytes = readFileSync(file);

const WARM_UP = 3000;
const REPEATS = 2000;

/** Milliseconds that the work takes. */
function time(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

let start = performance.now();
const { verifyImage } = await import("@phantasm/seal");
const loadMs = performance.now() - start;
const firstMs = time(() => verifyImage(bytes));
const secondMs = time(() => verifyImage(bytes));
for (let run = 0; run < WARM_UP; run++) verifyImage(bytes);
start = performance.now();
for (let run = 0; run < REPEATS; run++) verifyImage(bytes);
const warmMs = (performance.now() - start) / REPEATS;

console.log(`${bytes.length} bytes, Node ${process.version}`);
console.log(`load the verifier  ${loadMs.toFixed(2)} ms`);
console.log(`verify, first      ${firstMs.toFixed(2)} ms`);
console.log(`verify, second     ${secondMs.toFixed(2)} ms`);
console.log(`verify, warm       ${warmMs.toFixed(3)} ms`);
