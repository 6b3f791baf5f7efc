/** The same queries answered by NSD, by Knot and by us, compared field by field. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Comparison, fields, section } from "./comparison.js";
import { Core } from "./core.js";
import { type Peer, peersProblem, startPeers } from "./peers.js";
import { namesNear } from "./queries.js";
import { type WireRecord, makeQuery, optRecord, readMessage, wireName } from "./wire.js";
import { ZONE_NAMES, compiledTestZones, plainZoneFiles, testZones } from "./zone-files.js";

const QUERIES = Number(process.env["PHANTASM_DNS_QUERIES"] ?? 4000);
const SEED = Number(process.env["PHANTASM_DNS_SEED"] ?? 1);
const problem = peersProblem();
if (problem !== null) console.warn(`dns-server: not compared with others: ${problem}`);

const WWW = wireName("www.example.org");

/** One more record in the section whose number lies there. */
function count(query: Buffer, at: number): Buffer {
  query.writeUInt16BE(query.readUInt16BE(at) + 1, at);
  return query;
}

function two(query: Buffer): Buffer {
  return Buffer.concat([count(query, 4), query.subarray(12)]);
}

/** What the README explains. */
const ODD: readonly string[] = [
  "class HS",
  "class NONE",
  "two OPT records",
  "an option that is cut off",
  "type IXFR",
  "a NOTIFY",
];

/** Some errors of NSD count a question that is not there. */
function fieldsOf(answer: Buffer): Record<string, unknown> {
  return fields(readMessage(answer.length === 12 ? Buffer.from(answer).fill(0, 4) : answer));
}

describe.skipIf(problem !== null)("the same answers", () => {
  let core: Core;
  let peers: Peer[] = [];
  let directory = "";

  beforeAll(async () => {
    core = await Core.of(compiledTestZones());
    directory = plainZoneFiles();
    const served = ZONE_NAMES.map((name) => ({ name, file: join(directory, `${name}.zone`) }));
    peers = await startPeers(directory, served);
  }, 60_000);

  afterAll(() => {
    for (const peer of peers) peer.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Headers and shapes that no client should send, and what is asked of no zone. */
  const odd: Record<string, Buffer> = {
    "a response": makeQuery(WWW, 1, { flags: 0x8000 }),
    "an inverse query": makeQuery(WWW, 1, { flags: 1 << 11 }),
    "a status query": makeQuery(WWW, 1, { flags: 2 << 11 }),
    "an update": makeQuery(WWW, 1, { flags: 5 << 11 }),
    "an unknown opcode": makeQuery(WWW, 1, { flags: 15 << 11, edns: 1232 }),
    "all flags": makeQuery(WWW, 1, { flags: 0x07f0 }),
    "a response code": makeQuery(WWW, 1, { flags: 3 }),
    "class ANY": makeQuery(WWW, 1, { class: 255 }),
    "class HS": makeQuery(WWW, 1, { class: 4 }),
    "class NONE": makeQuery(WWW, 1, { class: 254, edns: 1232 }),
    "class CH": makeQuery(WWW, 16, { class: 3 }),
    "version.bind": makeQuery(wireName("version.bind"), 16, { class: 3 }),
    "id.server": makeQuery(wireName("id.server"), 16, { class: 3, edns: 1232 }),
    "no question": Buffer.from("126700000000000000000000", "hex"),
    "two questions": two(makeQuery(WWW, 1)),
    "a record of another section": Buffer.concat([count(makeQuery(WWW, 1), 6), optRecord({})]),
    "a record in the authority section": Buffer.concat([
      count(makeQuery(WWW, 1), 8),
      optRecord({}),
    ]),
    "a record that is not there": count(makeQuery(WWW, 1), 10),
    "two OPT records": Buffer.concat([makeQuery(WWW, 1), optRecord({}), optRecord({})]).fill(
      2,
      11,
      12,
    ),
    "bytes behind": Buffer.concat([makeQuery(WWW, 1), Buffer.alloc(3, 7)]),
    "EDNS version 1": makeQuery(WWW, 1, { edns: 1232, version: 1 }),
    "EDNS version 1 for a name of nobody": makeQuery(wireName("example.com"), 1, {
      edns: 1232,
      version: 1,
    }),
    "an unknown option": makeQuery(WWW, 1, {
      edns: 1232,
      options: Buffer.from("fde900020102", "hex"),
    }),
    "an option that is cut off": makeQuery(WWW, 1, {
      edns: 1232,
      options: Buffer.from("fde9000501", "hex"),
    }),
    "a pointer for a name": makeQuery("\xc0\x0c", 1),
    "a label of 64": makeQuery(`@${"a".repeat(64)}\0`, 1),
    "a name of 256 bytes": makeQuery(
      `${"\x3f".padEnd(64, "a").repeat(3)}\x3e${"b".repeat(62)}\0`,
      1,
    ),
    "a name of 255 bytes": makeQuery(
      `${"\x3f".padEnd(64, "a").repeat(3)}\x3d${"b".repeat(61)}\0`,
      1,
    ),
    "127 labels": makeQuery(`${"\x01a".repeat(127)}\0`, 1),
    "type 0": makeQuery(WWW, 0),
    "type OPT": makeQuery(WWW, 41),
    "type MAILB": makeQuery(WWW, 253),
    "type MAILA": makeQuery(WWW, 254),
    "type AXFR": makeQuery(wireName("example.org"), 252),
    "type IXFR": makeQuery(wireName("example.org"), 251),
    "type ANY": makeQuery(wireName("ns3.example.org"), 255),
    "type ANY of an alias": makeQuery(wireName("out.example.org"), 255),
    "type ANY of nothing": makeQuery(wireName("ent.example.org"), 255),
    "type ANY below a delegation": makeQuery(wireName("x.noglue.example.org"), 255),
    "type ANY below a DNAME": makeQuery(wireName("x.dnout.example.org"), 255),
    "type CNAME below a DNAME": makeQuery(wireName("x.dnout.example.org"), 5),
    "type DNAME below a DNAME": makeQuery(wireName("x.dnout.example.org"), 39),
    "a NOTIFY": makeQuery(wireName("example.org"), 6, { flags: 0x2400 }),
  };
  for (let bytes = 0; bytes < 45; bytes++)
    odd[`the first ${bytes} bytes`] = makeQuery(WWW, 1, { edns: 1232 }).subarray(0, bytes);

  test("to what is odd, as nsd", async () => {
    const peer = peers.find((one) => one.name === "nsd")!;
    const found: string[] = [];
    for (const [what, query] of Object.entries(odd)) {
      const ours = core.ask(query);
      const theirs = query.length < 2 ? null : await peer.ask(query, ours ? 1000 : 50);
      const told = (answer: Buffer | null): string =>
        answer ? JSON.stringify(fieldsOf(answer)) : "nothing";
      if (told(ours) !== told(theirs) && !ODD.includes(what))
        found.push(`${what}\n  ours ${told(ours)}\n  nsd ${told(theirs)}`);
    }
    expect(found.join("\n")).toBe("");
  });

  test.each(["nsd", "knot"])("transfers of the same records, as %s", async (name) => {
    const peer = peers.find((one) => one.name === name)!;
    for (const zone of ZONE_NAMES) {
      const query = makeQuery(wireName(zone), 252);
      const ours = core.transfer(query);
      if (typeof ours === "number") throw new Error(`refused: ${ours}`);
      const records = (messages: readonly Buffer[]): WireRecord[] =>
        messages.flatMap((one) => readMessage(one).answers);
      const isComplete = (messages: readonly Buffer[]): boolean =>
        records(messages).filter(({ type }) => type === 6).length === 2;
      const theirs = await peer.askTcp(query, isComplete);
      expect(isComplete(ours)).toBe(true);
      expect(section(records(ours))).toEqual(section(records(theirs)));
    }
  });

  test.each(["nsd", "knot"])(
    "as %s",
    async (name) => {
      const peer = peers.find((one) => one.name === name)!;
      const comparison = new Comparison(core, namesNear(testZones()), ZONE_NAMES);
      const { different, shown, explained } = await comparison.run(peer, QUERIES, SEED);
      if (process.env["PHANTASM_DNS_SEED"] !== undefined) console.log(explained);
      expect(
        shown.join("\n\n"),
        `${different} of ${QUERIES} answers differ (PHANTASM_DNS_SEED=${SEED})`,
      ).toBe("");
    },
    120_000,
  );
});
