// npm run bench: prints figures, never fails over time. `npm run bench -- starts boots` runs some parts only;
// parts.mjs lists them.
import { machine, Report } from "./report.mjs";
import { PARTS } from "./parts.mjs";

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")}; there are: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
const report = new Report();
for (const [name, part] of Object.entries(PARTS))
  if (chosen.length === 0 || chosen.includes(name)) await part(report);
console.log(`${machine()}\n\n${report}`);
