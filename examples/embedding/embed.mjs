// Boots an image inside this program, talks to its console, and stops it.
//   node embed.mjs IMAGE [TEXT …]
import { readFile } from "node:fs/promises";
import { argv, exit, stdout } from "node:process";
import { Domain, Image, memoryConsole } from "@phantasm/host";

const [path, ...lines] = argv.slice(2);
if (path === undefined) {
  console.error("usage: node embed.mjs IMAGE [TEXT …]");
  exit(2);
}

// Verify and compile once; any number of domains can be booted from it.
const image = Image.load(await readFile(path));
console.log(`${image.manifest.name}, ${image.digest.slice(0, 19)}…`);

const terminal = memoryConsole({ open: true, onOutput: (bytes) => stdout.write(bytes) });
const domain = new Domain(image, { console: terminal, memoryBytesMax: 64 * 1024 * 1024 });
domain.start();

// Type something in, then end the input as Ctrl-D does.
for (const line of lines) terminal.feed(`${line}\n`);
terminal.end();

// An image that has not ended by itself is asked to, and killed after ten seconds.
const stop = setTimeout(() => domain.shutdown(), 1000);
const { status, reason, message } = await domain.exited;
clearTimeout(stop);
console.log(
  `${reason} ${status}${message === "" ? "" : `: ${message}`}, ${domain.stats.steps} steps`,
);
