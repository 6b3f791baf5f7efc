import { describe, expect, test } from "@phantasm/testing";
import { ADDRESSES_MAX, ALIASES_MAX, Answer, AnswerKind, RECORDS_MAX } from "./answer";
import { Reply } from "./testing";
import { MessageWriter, NAME_BUFFER_BYTES, RecordType, nameOfText } from "./wire";

const KINDS: string[] = ["strange", "addresses", "no address", "failed", "plain", "truncated"];

const answer = new Answer();
const writer = new MessageWriter();
const name: usize = heap.alloc(NAME_BUFFER_BYTES);
let nameBytes: i32 = 0;

/** The question of a.example, IN, of that type. */
function question(type: i32 = RecordType.A): Uint8Array {
  nameBytes = nameOfText("a.example", name);
  const query = new Uint8Array(64);
  writer.begin(query.dataStart, 64, 7, 0x0100);
  writer.question(name, nameBytes, type, 1);
  return query.subarray(0, writer.bytes);
}

function reply(flags: i32 = 0x8180): Reply {
  return new Reply(question(), flags);
}

/** What the message says: kind, addresses (last byte of each), seconds. */
function read(message: Reply, type: i32 = RecordType.A, bytes: i32 = -1): string {
  const length = bytes < 0 ? message.length : bytes;
  const kind = answer.read(message.bytes.dataStart, length, 7, name, nameBytes, type, false);
  let text = KINDS[kind];
  for (let i = 0; i < answer.count; i++)
    text += ` ${load<u64>(answer.addresses + 16 * i, 8) & 255}`;
  return answer.ttl > 0 ? `${text}, ${answer.ttl} s` : text;
}

describe("aliases", () => {
  test("in order, and the least time to live of all", () => {
    const message = reply().alias("a.example", "b.example", 50).alias("B.example", "c.other", 20);
    expect(read(message.a("c.other", 1, 30).a("c.other", 2, 40))).toBe("addresses 1 2, 20 s");
  });

  test("in any order", () => {
    const message = reply().a("c.other", 1, 30).alias("b.example", "c.other", 20);
    expect(read(message.alias("a.example", "b.example", 50))).toBe("addresses 1, 20 s");
  });

  test("that end nowhere: there is no address, for the lesser time", () => {
    const message = reply().alias("a.example", "b.other", 15).soa("other", 40, 60);
    expect(read(message)).toBe("no address, 15 s");
    // The SOA must be of the alias's zone.
    expect(read(reply().alias("a.example", "b.other", 15).soa("example", 40, 60))).toBe(
      "no address",
    );
  });

  test("in a circle", () => {
    const two = reply().alias("a.example", "b.example").alias("b.example", "a.example");
    expect(read(two)).toBe("failed");
    expect(read(reply().alias("a.example", "a.example"))).toBe("failed");
  });

  test("too many", () => {
    for (let count = ALIASES_MAX; count <= ALIASES_MAX + 1; count++) {
      let message = reply().alias("a.example", "0.example");
      for (let i = 1; i < count; i++) message = message.alias(`${i - 1}.example`, `${i}.example`);
      message = message.a(`${count - 1}.example`, 1);
      expect(read(message)).toBe(count == ALIASES_MAX ? "addresses 1, 60 s" : "failed");
    }
  });

  test("beside an address count for nothing", () => {
    expect(read(reply().alias("a.example", "b.example").a("a.example", 1).a("b.example", 2))).toBe(
      "addresses 1, 60 s",
    );
  });
});

describe("addresses", () => {
  test("at most ADDRESSES_MAX", () => {
    let message = reply();
    for (let i = 1; i <= 20; i++) message = message.a("a.example", <u8>i);
    expect(read(message)).toBe("addresses 1 2 3 4 5 6 7 8, 60 s");
    expect(answer.count).toBe(ADDRESSES_MAX);
  });

  test("that no host can have are left out", () => {
    const message = reply()
      .raw(0, "a.example", 1, [0, 0, 0, 0])
      .raw(0, "a.example", 1, [224, 0, 0, 1]);
    expect(read(message)).toBe("no address");
    expect(read(reply().raw(0, "a.example", 1, [255, 255, 255, 255]).a("a.example", 3))).toBe(
      "addresses 3, 60 s",
    );
  });

  test("of IPv6, and those that stand for others", () => {
    const mapped: u8[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1];
    const group: u8[] = [255, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const message = new Reply(question(RecordType.AAAA)).raw(0, "a.example", 28, mapped);
    message.raw(0, "a.example", 28, group).raw(0, "a.example", 28, new Array<u8>(16));
    expect(read(message.aaaa("a.example", 5), RecordType.AAAA)).toBe("addresses 5, 60 s");
    expect(load<u64>(answer.addresses)).toBe(0x20010db800000000);
  });

  test("of the wrong size", () => {
    expect(read(reply().raw(0, "a.example", 1, [10, 0, 0]))).toBe("failed");
    expect(read(reply().raw(0, "a.example", 1, [10, 0, 0, 1, 0]))).toBe("failed");
  });

  test("of another class or type are not looked at", () => {
    const message = reply().raw(0, "a.example", 46, [1, 2, 3]).a("a.example", 1);
    expect(read(message)).toBe("addresses 1, 60 s");
  });

  test("of a name that does not exist make no sense", () => {
    expect(read(reply(0x8183).a("a.example", 1))).toBe("failed 1, 60 s");
  });

  test("a time to live with the highest bit is 0 (RFC 2181 §8)", () => {
    expect(read(reply().a("a.example", 1, 0x80000000))).toBe("addresses 1");
    expect(read(reply().a("a.example", 1, 0x7fffffff))).toBe("addresses 1, 2147483647 s");
  });

  test("behind RECORDS_MAX others are not found", () => {
    for (let others = RECORDS_MAX - 1; others <= RECORDS_MAX; others++) {
      let message = reply();
      for (let i = 0; i < others; i++) message = message.raw(0, "x", 99, []);
      message = message.a("a.example", 1);
      expect(read(message)).toBe(others < RECORDS_MAX ? "addresses 1, 60 s" : "no address");
    }
  });
});

describe("no address", () => {
  test("the lesser of the SOA's two times", () => {
    expect(read(reply(0x8183).soa("example", 40, 60))).toBe("no address, 40 s");
    expect(read(reply(0x8180).soa("example", 60, 40))).toBe("no address, 40 s");
    expect(read(reply().soa(".", 60, 40))).toBe("no address, 40 s");
    expect(read(reply().soa("a.example", 60, 40))).toBe("no address, 40 s");
  });

  test("a SOA of another zone, or one that is cut off, says nothing", () => {
    expect(read(reply().soa("b.a.example", 60, 40))).toBe("no address");
    expect(read(reply().soa("other", 60, 40))).toBe("no address");
    expect(read(reply().raw(1, "example", 6, [0, 0, 1, 2]))).toBe("no address");
  });

  test("a referral is no answer (RFC 2308 §2.2)", () => {
    expect(read(reply().ns("example"))).toBe("failed");
    expect(read(reply().ns("example").soa("example", 60, 40))).toBe("no address, 40 s");
    expect(read(reply(0x8183).ns("example"))).toBe("no address");
  });

  test("a version of EDNS that the server does not have", () => {
    expect(read(reply().opt(1))).toBe("plain");
    expect(read(reply().opt(0))).toBe("no address");
  });
});

describe("the message", () => {
  test("truncated: what there is, for once", () => {
    expect(read(reply(0x8380).a("a.example", 1))).toBe("truncated 1");
    const message = reply(0x8380).a("a.example", 1).a("a.example", 2);
    expect(read(message, RecordType.A, message.length - 3)).toBe("truncated 1");
  });

  test("cut off anywhere: nothing is made of it", () => {
    const message = reply().alias("a.example", "b.example").a("b.example", 1);
    for (let bytes = 0; bytes < message.length; bytes++) {
      const text = read(message, RecordType.A, bytes);
      expect(text == "strange" || text.startsWith("failed")).toBe(true);
      expect(text.startsWith("strange")).toBe(bytes < 27);
    }
  });

  test("what the server says of itself", () => {
    expect(read(reply(0x8181))).toBe("plain");
    expect(read(reply(0x8184))).toBe("plain");
    for (const rcode of [2, 5, 6, 9, 15]) expect(read(reply(0x8180 | rcode))).toBe("failed");
    // Format error, and not even the question.
    const bare = reply(0x8181);
    bare.bytes[5] = 0;
    expect(read(bare, RecordType.A, 12)).toBe("plain");
  });
});
