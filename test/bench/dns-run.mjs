// One process: what a query takes in the core of the DNS server. Prints JSON. `node dns-run.mjs IMAGE NAMES`
import { Driver } from "./driver.mjs";

const [image, names] = process.argv.slice(2);
const driver = new Driver(image, { names });
driver.run();
console.log(JSON.stringify(JSON.parse(driver.output)));
