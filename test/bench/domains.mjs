// One process: boots many domains that sleep, and says what they cost. Prints JSON.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Domain, Image, nullConsole } from "@phantasm/host";

const [path, count] = process.argv.slice(2);
const image = Image.load(readFileSync(path));
const resident = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

const before = resident();
const start = performance.now();
const domains = [];
/** Input that neither comes nor ends. */
const silence = { ...nullConsole, read: () => 0 };
for (let index = 0; index < Number(count); index++) {
  const domain = new Domain(image, { console: silence });
  domain.start();
  domains.push(domain);
  if (index % 500 === 499) await sleep(0);
}
await sleep(100);
const totalMs = performance.now() - start - 100;
const bytes = resident() - before;
const live = domains.filter(({ exit }) => exit === null).length;
const booted = domains.filter(({ stats }) => stats.steps > 0).length;
console.log(JSON.stringify({ count: Math.min(live, booted), bytes, totalMs }));
process.exit(0);
