/** The core by itself: tables from the RFCs, limits, cookies, rates, and bytes of all kinds. */
import { beforeAll, describe, expect, test } from "vitest";
import { compileZones } from "@phantasm/zone-format";
import { nameText } from "@phantasm/zone-format";
import { Core } from "./core.js";
import { Dice, drawQuery, namesNear } from "./queries.js";
import {
  FLAG,
  type WireMessage,
  lower,
  makeQuery,
  optRecord,
  readMessage,
  wireName,
} from "./wire.js";
import { compiledTestZones, testZones, zoneOf } from "./zone-files.js";

async function coreOf(text: string, origin = "example"): Promise<Core> {
  const { zones, problems } = zoneOf(text, origin);
  expect(problems.errors).toEqual([]);
  return Core.of(compileZones(zones));
}

function answer(core: Core, query: Buffer, options?: Parameters<Core["ask"]>[1]): WireMessage {
  const bytes = core.ask(query, options);
  if (!bytes) throw new Error("there is no answer");
  return readMessage(bytes);
}

/** `NOERROR aa: owner type | owner type`, the answer and authority sections. */
function summary({ rcode, flags, answers, authorities }: WireMessage): string {
  const records = (list: WireMessage["answers"]): string =>
    list.map(({ name, type }) => `${nameText(lower(name))} ${type}`).join(", ");
  return `${rcode}${flags & FLAG.AA ? " aa" : ""}${flags & FLAG.TC ? " tc" : ""}: ${records(answers)} | ${records(authorities)}`;
}

// RFC 4592 §2.2.1, its zone and its table.
describe("wildcards", () => {
  let core: Core;
  beforeAll(async () => {
    core = await coreOf(`$TTL 3600
$ORIGIN example.
example. SOA ns.example.com. a.example.com. 1 2 3 4 5
example. NS ns.example.com.
example. NS ns.example.net.
*.example. TXT "this is a wildcard"
*.example. MX 10 host1.example.
sub.*.example. TXT "this is not a wildcard"
host1.example. A 192.0.2.1
_ssh._tcp.host1.example. SRV 0 0 22 host1
_ssh._tcp.host2.example. SRV 0 0 22 host1
subdel.example. NS ns.example.com.
subdel.example. NS ns.example.net.
`);
  }, 60_000);

  test.each([
    ["host3.example", 15, "0 aa: host3.example. 15 | "],
    ["host3.example", 1, "0 aa:  | example. 6"],
    ["foo.bar.example", 16, "0 aa: foo.bar.example. 16 | "],
    ["host1.example", 15, "0 aa:  | example. 6"],
    ["sub.*.example", 15, "0 aa:  | example. 6"],
    ["_telnet._tcp.host1.example", 33, "3 aa:  | example. 6"],
    ["host.subdel.example", 1, "0:  | subdel.example. 2, subdel.example. 2"],
    ["ghost.*.example", 15, "3 aa:  | example. 6"],
  ])("%s type %i", (name, type, expected) => {
    expect(summary(answer(core, makeQuery(wireName(name), type)))).toBe(expected);
  });
});

describe("limits", () => {
  let core: Core;
  beforeAll(async () => {
    core = await Core.of(compiledTestZones());
  });

  test.each([
    [undefined, 512],
    [0, 512],
    [511, 512],
    [700, 700],
    [1232, 1232],
    [4096, 1232],
    [65_535, 1232],
  ])("EDNS of %s bytes: at most %i are sent", (edns, most) => {
    for (const name of ["huge", "big", "example.org", "web"]) {
      const query = makeQuery(
        wireName(name === "example.org" ? name : `${name}.example.org`),
        name === "big" ? 16 : 1,
        edns === undefined ? {} : { edns },
      );
      const udp = core.ask(query)!;
      const tcp = core.ask(query, { tcp: true })!;
      expect(udp.length).toBeLessThanOrEqual(most);
      const isCut = (readMessage(udp).flags & FLAG.TC) !== 0;
      expect(isCut).toBe(tcp.length > most);
      expect(readMessage(tcp).flags & FLAG.TC).toBe(0);
    }
  });

  test("every size from 512 on is kept to", () => {
    const query = makeQuery(wireName("sub.example.org"), 1, { edns: 4096 });
    for (let room = 512; room < 1300; room += 7)
      expect(answer(core, query, { room }).rcode).toBe(0);
    const long = makeQuery(wireName("big.example.org"), 16, { edns: 4096 });
    for (let room = 512; room < 1300; room++)
      expect(core.ask(long, { room })!.length).toBeLessThanOrEqual(room);
  });

  test("the case of a question comes back, and stands in the answer", () => {
    const name = wireName("Ns1.eXample.ORG");
    const { questions, answers } = answer(core, makeQuery(name, 1));
    expect(questions[0]?.name).toBe(name);
    expect(answers[0]?.name).toBe(name);
  });

  test("IXFR in a datagram: the SOA record", () => {
    const soa = Buffer.from(
      `\x07example\x03org\0\0\x06\0\x01\0\0\0\0\0\x16\0\0${"\0".repeat(20)}`,
      "latin1",
    );
    const query = makeQuery(wireName("example.org"), 251, { authority: soa });
    expect(summary(answer(core, query))).toBe("0 aa: example.org. 6 | ");
  });

  test("IXFR in a connection: all, or the SOA record for who has it", () => {
    const soa = (serial: number): Buffer => {
      const data = Buffer.alloc(22);
      data.writeUInt32BE(serial, 2);
      return Buffer.concat([
        Buffer.from("\x07example\x03org\0\0\x06\0\x01\0\0\0\0\0\x16", "latin1"),
        data,
      ]);
    };
    const ask = (serial: number): number => {
      const messages = core.transfer(
        makeQuery(wireName("example.org"), 251, { authority: soa(serial) }),
      );
      return typeof messages === "number"
        ? -1
        : messages.flatMap((one) => readMessage(one).answers).length;
    };
    const whole = core.transfer(makeQuery(wireName("example.org"), 252, { edns: 1232 }));
    if (typeof whole === "number") throw new Error(`refused: ${whole}`);
    for (const message of whole) expect(readMessage(message).opt?.class).toBe(1232);
    expect(ask(2024010101)).toBe(1);
    expect(ask(2024010102)).toBe(1);
    expect(ask(2024010100)).toBeGreaterThan(200);
    expect(core.transfer(makeQuery(wireName("www.example.org"), 252))).toBe(5);
    expect(core.transfer(makeQuery(wireName("example.com"), 252))).toBe(5);
  });

  test("version.bind and id.server", async () => {
    const told = await Core.of(compiledTestZones());
    told.exports.tell();
    const ask = (name: string): string | undefined =>
      answer(told, makeQuery(wireName(name), 16, { class: 3 })).answers[0]?.data;
    expect(ask("version.bind")).toBe("0474657374");
    expect(ask("ID.Server")).toBe("036f6e65");
    expect(ask("other.server")).toBeUndefined();
  });
});

describe("zones in zones", () => {
  test("DS is answered from above, everything else from below", async () => {
    const core = await Core.of(compiledTestZones());
    const ask = (name: string, type: number): string =>
      summary(answer(core, makeQuery(wireName(name), type)));
    expect(ask("child.example.org", 43)).toBe("0 aa: child.example.org. 43 | ");
    expect(ask("child.example.org", 2)).toBe("0 aa: child.example.org. 2 | ");
    expect(ask("www.child.example.org", 43)).toBe("0 aa:  | child.example.org. 6");
    expect(ask("example.org", 43)).toBe("0 aa:  | example.org. 6");
    expect(ask("up.child.example.org", 1)).toBe(
      "0 aa: up.child.example.org. 5, web.example.org. 1, web.example.org. 1 | ",
    );
  });
});

// RFC 9018 appendix A.
describe("cookies", () => {
  const SECRET = Buffer.from("e5e973e5a6b2a43f48e7dc849e37bfcf", "hex");
  const CLIENT = "2464c4abcf10c957";
  const FROM = 0xc6336464;
  const option = (cookie: string): Buffer => {
    const bytes = Buffer.from(cookie, "hex");
    return Buffer.concat([Buffer.of(0, 10, 0, bytes.length), bytes]);
  };
  const ask = (core: Core, cookie: string): WireMessage =>
    answer(
      core,
      makeQuery(wireName("ns1.example.org"), 1, { edns: 1232, options: option(cookie) }),
      { from: FROM },
    );
  let core: Core;
  beforeAll(async () => {
    core = await Core.of(compiledTestZones());
    core.exports.setCookies(SECRET.readBigUInt64LE(0), SECRET.readBigUInt64LE(8), 1559731985);
  });

  test("a new one, as in A.1", () => {
    expect(ask(core, CLIENT).opt?.data).toBe(`000a0018${CLIENT}010000005cf79f111f8130c3eee29480`);
  });

  test("one that is known comes back as it is; later, as in A.2, a new one", async () => {
    const known = `${CLIENT}010000005cf79f111f8130c3eee29480`;
    expect(ask(core, known).opt?.data).toBe(`000a0018${known}`);
    const later = await Core.of(compiledTestZones());
    later.exports.setCookies(SECRET.readBigUInt64LE(0), SECRET.readBigUInt64LE(8), 1559734385);
    expect(ask(later, known).opt?.data).toBe(`000a0018${CLIENT}010000005cf7a871d4a564a1442aca77`);
  });

  test("lengths that are none are refused", () => {
    for (const bytes of [0, 1, 7, 9, 15, 41]) expect(ask(core, "00".repeat(bytes)).rcode).toBe(1);
    for (const bytes of [8, 16, 24, 40]) expect(ask(core, "00".repeat(bytes)).rcode).toBe(0);
  });

  test("a cookie without a question (RFC 7873 §5.4)", () => {
    const query = makeQuery("\0", 1, { edns: 1232, options: option(CLIENT) });
    const bare = Buffer.concat([query.subarray(0, 12), query.subarray(17)]);
    bare.writeUInt16BE(0, 4);
    const { rcode, questions, opt } = answer(core, bare, { from: FROM });
    expect({ rcode, questions }).toEqual({ rcode: 0, questions: [] });
    expect(opt?.data).toMatch(/^000a0018/);
  });
});

describe("NOTIFY", () => {
  const NOTIFY = { flags: 0x2400 };
  const RECORD = Buffer.from("c00c00060001000000000016" + "00".repeat(22), "hex");
  const TSIG = Buffer.from("0000fa00ff000000000000", "hex");
  let core: Core;
  beforeAll(async () => {
    core = await Core.of(compiledTestZones());
  });

  function notified(answers: number, additionals: number, behind: Buffer): Buffer {
    const query = makeQuery(wireName("example.org"), 6, NOTIFY);
    query.writeUInt16BE(answers, 6);
    query.writeUInt16BE(additionals, 10);
    return Buffer.concat([query, behind]);
  }

  test("with EDNS is answered with EDNS, whatever hints it has (RFC 6891 §6.1.1)", () => {
    for (const query of [
      makeQuery(wireName("example.org"), 6, { ...NOTIFY, edns: 1232 }),
      notified(1, 2, Buffer.concat([RECORD, optRecord({}), TSIG])),
    ]) {
      const { rcode, opt, questions } = answer(core, query);
      expect([rcode, opt !== null, questions.length]).toEqual([4, true, 1]);
    }
    expect(answer(core, notified(1, 0, RECORD)).opt).toBeNull();
  });

  test("is malformed when its records are", () => {
    for (const query of [
      notified(1, 0, RECORD.subarray(0, 20)),
      notified(0xffff, 0xffff, RECORD),
      notified(1, 2, Buffer.concat([RECORD, optRecord({}), optRecord({})])),
    ])
      expect(answer(core, query).rcode).toBe(1);
  });
});

describe("the rate limit", () => {
  const SECOND = 1_000_000_000n;
  let core: Core;
  let sent = { whole: 0, slipped: 0, none: 0 };
  const ask = (
    count: number,
    name = "ns1.example.org",
    from = 0x0a000001,
    options = {},
  ): typeof sent => {
    sent = { whole: 0, slipped: 0, none: 0 };
    for (let i = 0; i < count; i++) {
      const bytes = core.ask(makeQuery(wireName(name.replace("$", String(i))), 1, options), {
        from,
      });
      if (!bytes) sent.none++;
      else if (readMessage(bytes).flags & FLAG.TC) sent.slipped++;
      else sent.whole++;
    }
    return sent;
  };
  beforeAll(async () => {
    core = await Core.of(compiledTestZones());
  });

  test("so many in a second, every second of the others asks for TCP", () => {
    core.exports.setLimit(10, 2, 1024);
    core.exports.setTime(100n * SECOND);
    expect(ask(30)).toEqual({ whole: 10, slipped: 10, none: 10 });
    // Another name, another network.
    expect(ask(10, "mail.example.org").whole).toBe(10);
    expect(ask(10, "ns1.example.org", 0x0b000001).whole).toBe(10);
    expect(ask(2, "ns1.example.org", 0x0a0000ff).whole).toBe(0);
    // Who was limited waits until the account is even.
    core.exports.setTime(101n * SECOND);
    expect(ask(2).whole).toBe(0);
    core.exports.setTime(120n * SECOND);
    expect(ask(2).whole).toBe(2);
  });

  test("names that do not exist count together", () => {
    core.exports.setLimit(10, 0, 1024);
    core.exports.setTime(100n * SECOND);
    expect(ask(30, "none$.example.org")).toEqual({ whole: 10, slipped: 0, none: 20 });
    core.exports.setLimit(10, 0, 1024);
    expect(ask(30, "none$.sub.example.org")).toEqual({ whole: 10, slipped: 0, none: 20 });
  });

  test("what is told of the server counts together, whatever was asked in between", () => {
    core.exports.tell();
    core.exports.setLimit(10, 0, 1024);
    core.exports.setTime(200n * SECOND);
    let told = 0;
    for (let i = 0; i < 30; i++) {
      ask(1, ["ns1", "mail", "www"][i % 3]?.concat(".example.org"));
      if (core.ask(makeQuery(wireName("id.server"), 16, { class: 3 }), { from: 0x0a000001 }))
        told++;
    }
    expect(told).toBe(10);
  });

  test("not over TCP, nor with a good cookie", () => {
    core.exports.setLimit(1, 0, 16);
    core.exports.setCookies(1n, 2n, 1000);
    const query = makeQuery(wireName("ns1.example.org"), 1, {
      edns: 1232,
      options: Buffer.concat([Buffer.of(0, 10, 0, 8), Buffer.alloc(8, 5)]),
    });
    const cookie = answer(core, query).opt?.data ?? "";
    const options = { edns: 1232, options: Buffer.from(cookie, "hex") };
    expect(ask(20, "ns1.example.org", 0x0a000001, options).whole).toBe(20);
    expect(core.ask(makeQuery(wireName("ns1.example.org"), 1), { tcp: true })).not.toBeNull();
  });
});

describe("bytes of all kinds", () => {
  const SEED = Number(process.env["PHANTASM_DNS_SEED"] ?? 1);
  const ROUNDS = Number(process.env["PHANTASM_DNS_QUERIES"] ?? 30_000);

  test(`changed queries are answered well or not at all (PHANTASM_DNS_SEED=${SEED})`, async () => {
    const core = await Core.of(compiledTestZones());
    core.exports.setCookies(1n, 2n, 1000);
    const dice = new Dice(SEED);
    const names = namesNear(testZones());
    let answered = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let query = Buffer.from(drawQuery(names, dice, round & 0xffff).query);
      for (let changes = dice.below(4); changes > 0; changes--) {
        const at = dice.below(query.length);
        const kind = dice.below(4);
        if (kind === 0) query[at] = dice.below(256);
        else if (kind === 1) query[at] = (query[at] ?? 0) ^ (1 << dice.below(8));
        else if (kind === 2) query = Buffer.from(query.subarray(0, at + 1));
        else
          query = Buffer.concat([
            query.subarray(0, at),
            Buffer.from([dice.below(256)]),
            query.subarray(at),
          ]);
      }
      const tcp = dice.below(4) === 0;
      const room = 512 + dice.below(1000);
      const bytes = core.ask(query, { tcp, room });
      if (!bytes) continue;
      answered++;
      try {
        const message = readMessage(bytes);
        if (message.id !== query.readUInt16BE(0) || !(message.flags & FLAG.QR))
          throw new Error("it is no answer to it");
        if (query.readUInt8(2) & 0x80) throw new Error("it answers an answer");
      } catch (error) {
        throw new Error(
          `round ${round}, ${query.toString("hex")}: ${(error as Error).message}\n${bytes.toString("hex")}`,
          { cause: error },
        );
      }
    }
    expect(answered).toBeGreaterThan(ROUNDS / 3);
  }, 60_000);
});
