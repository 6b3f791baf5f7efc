import { test } from "vitest";
import { Core } from "./core.js";
import { compileZones } from "../src/compile.js";
import { readZones } from "../src/zones.js";
import { Problems } from "../src/problems.js";
test("try", async () => {
const text = `$TTL 1h
@ SOA ns1 hostmaster 1 1h 15m 1w 5m
 NS ns1
 NS ns2
ns1 A 192.0.2.1
ns2 A 192.0.2.2
www A 192.0.2.3
`;
const problems = new Problems();
const zones = readZones([{path:"/x/example.org.zone", origin: "\x07example\x03org\0"}], { read: () => text, display: (p)=>p }, problems);
console.log(problems.errors, problems.warnings);
const blob = compileZones(zones);
const core = await Core.of(blob);
const q = (n: string, t: number) => Buffer.concat([Buffer.from([1,2,1,0,0,1,0,0,0,0,0,0]), Buffer.from(n,"latin1"), Buffer.from([0,t,0,1])]);
console.log(core.ask(q("\x03wWw\x07example\x03org\0", 1))?.toString("hex"));
console.log(core.ask(q("\x07example\x03org\0", 2))?.toString("hex"));
console.log(core.ask(q("\x01x\x07example\x03org\0", 2))?.toString("latin1"));
});
