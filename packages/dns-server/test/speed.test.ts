import { test } from "vitest";
import { compileZones } from "../src/compile.js";
import { Core } from "./core.js";
import { Dice } from "./queries.js";
import { makeQuery, wireName } from "./wire.js";
import { zoneOf } from "./zone-files.js";

const names = (n: number): string => {
  const lines = ["$TTL 1h", "@ SOA ns1 hostmaster 1 2h 30m 2w 10m", " NS ns1", " NS ns2", "ns1 A 192.0.2.1", "ns2 A 192.0.2.2"];
  for (let i = 0; i < n; i++) lines.push(`host${i} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  return lines.join("\n") + "\n";
};
test.skipIf(!process.env["SPEED"])("speed", async () => {
  for (const n of [100, 10_000, 1_000_000]) {
    let t = performance.now();
    const { zones, problems } = zoneOf(names(n));
    const parse = performance.now() - t;
    if (problems.errors.length) throw new Error(problems.errors.join());
    t = performance.now();
    const blob = compileZones(zones);
    const compile = performance.now() - t;
    const core = await Core.of(blob);
    const run = (make: (dice: Dice) => Buffer): number => {
      const dice = new Dice(3);
      const count = 100_000;
      const parts: Buffer[] = [];
      for (let i = 0; i < count; i++) {
        const q = make(dice);
        const head = Buffer.alloc(4);
        head.writeUInt32LE(q.length);
        parts.push(head, q);
      }
      const at = core.put(Buffer.concat(parts));
      const into = core.exports.allocate(2048);
      core.exports.repeat(at, count, 1, into);
      core.exports.repeat(at, count, 1, into);
      let best = 1e9;
      for (let i = 0; i < 7; i++) {
        const s = performance.now();
        core.exports.repeat(at, count, 1, into);
        best = Math.min(best, performance.now() - s);
      }
      return Math.round((best * 1e6) / count);
    };
    console.log(n, "parse ms", Math.round(parse), "compile ms", Math.round(compile), "bytes", blob.length,
      "A ns", run((d) => makeQuery(wireName(`host${d.below(n)}.example.org`), 1)),
      "A edns ns", run((d) => makeQuery(wireName(`host${d.below(n)}.example.org`), 1, {edns: 1232})),
      "nx ns", run((d) => makeQuery(wireName(`none${d.below(n)}.example.org`), 1, {edns: 1232})),
      "apex NS ns", run((d) => makeQuery(wireName(`example.org`), 2, {edns: 1232})),
      "refused ns", run((d) => makeQuery(wireName(`example.com`), 2, {edns: 1232})));
  }
}, 200_000);
