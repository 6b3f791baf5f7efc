// One process: how long from image bytes to the first answer, by way of a user network that is made for it.
// IMAGE, KIND and the image's PORT are the arguments. Prints JSON.
import { readFileSync } from "node:fs";
import { Domain, Image, nullConsole, openBlock, openNet } from "@phantasm/host";
import { firstAnswer } from "./first-answer.mjs";

const BOOTS = 15;
const DISK_BYTES = 64 * 2 ** 20;
const [path, kind, port] = process.argv.slice(2);
const bytes = readFileSync(path);
const protocol = kind === "dns" ? "udp" : "tcp";
const publish = [{ protocol, hostAddress: "127.0.0.1", hostPort: 0, guestPort: Number(port) }];

async function boot() {
  const start = performance.now();
  const link = await openNet({ kind: "user", publish });
  const image = Image.load(bytes);
  const disks = image.manifest.devices.filter(({ type }) => type === "block");
  const block = {};
  for (const { name } of disks)
    block[name] = await openBlock({ kind: "memory", bytes: DISK_BYTES });
  const domain = new Domain(image, { console: nullConsole, net: { service: link }, block });
  domain.start();
  await firstAnswer(kind, link.published[0].port);
  const ms = performance.now() - start;
  const { memoryBytes } = domain.stats;
  domain.shutdown();
  await domain.exited;
  return { ms, memoryBytes };
}

const { ms: firstMs, memoryBytes } = await boot();
const again = [];
for (let run = 0; run < BOOTS; run++) again.push((await boot()).ms);
process.stdout.write(JSON.stringify({ firstMs, again, memoryBytes }));
process.exit(0);
