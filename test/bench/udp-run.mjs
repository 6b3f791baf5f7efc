// One process: what ethernet, ip and udp take for a datagram, the link left out. Prints JSON. `node udp-run.mjs IMAGE`
import { Driver } from "./driver.mjs";

const driver = new Driver(process.argv[2]);
driver.run();
const run = JSON.parse(driver.output);
if (run.heard !== 5 * run.frames || run.sent < 3 * run.frames)
  throw new Error(`${run.heard} datagrams were heard, ${run.sent} frames sent`);
console.log(JSON.stringify(run));
