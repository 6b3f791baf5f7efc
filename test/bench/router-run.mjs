// One process: what a router takes for a packet, the links left out. Prints JSON. `node router-run.mjs IMAGE`
import { Driver } from "./driver.mjs";

const driver = new Driver(process.argv[2]);
driver.run();
const run = JSON.parse(driver.output);
if (run.out < 4 * run.frames || run.in !== 2 * run.frames + 1 || run.sent < run.out + run.in)
  throw new Error(`${run.out} packets went out, ${run.in} in, ${run.sent} frames were sent`);
console.log(JSON.stringify(run));
