/** DNS over TCP, a byte at a time and many queries at once. */
import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { AllowList } from "./addresses";
import { Responder } from "./responder";
import { ServerTime } from "./server-time";
import { TcpService } from "./tcp-service";
import { TestClock, TestConnection, TestTcp } from "./testing";
import { TEST_ZONES, TEST_ZONES_BYTES } from "./testing-zones";
import { Zones } from "./zone-data";
import { ZoneSet } from "./zone-set";

const CONNECTIONS: i32 = 4;
/** Two of the long answers, of about 3 kB. */
const OUTPUT_BYTES: usize = 7000;
const clock = new TestClock();
const responder = new Responder(new ZoneSet(new Zones(TEST_ZONES, TEST_ZONES_BYTES)));
const tcp = new TestTcp();
const service = new TcpService(
  responder,
  new ServerTime(clock, responder),
  clock,
  new AllowList("10.0.0.5,2001:db8::/32"),
  CONNECTIONS,
  3,
  10 * SECOND,
  1,
  OUTPUT_BYTES,
);
service.listen(tcp);

/** A query behind its length. `label` is in front of example.org. */
function query(id: u8, label: string, type: u8): Uint8Array {
  const name: u8[] = [];
  if (label.length > 0) {
    name.push(<u8>label.length);
    for (let i = 0; i < label.length; i++) name.push(<u8>label.charCodeAt(i));
  }
  const rest: u8[] = [
    7,
    0x65,
    0x78,
    0x61,
    0x6d,
    0x70,
    0x6c,
    0x65,
    3,
    0x6f,
    0x72,
    0x67,
    0,
    0,
    type,
    0,
    1,
  ];
  const message: u8[] = [0, id, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const bytes = new Uint8Array(2 + message.length + name.length + rest.length);
  bytes[1] = <u8>(bytes.length - 2);
  for (let i = 0; i < message.length; i++) bytes[2 + i] = message[i];
  for (let i = 0; i < name.length; i++) bytes[14 + i] = name[i];
  for (let i = 0; i < rest.length; i++) bytes[14 + name.length + i] = rest[i];
  return bytes;
}

/** Ids and response codes of all answers, in order; their bytes must add up. */
function answers(connection: TestConnection): string {
  const sent = connection.sent;
  let text = "";
  let at = 0;
  while (at < sent.length) {
    const length = ((<i32>sent[at]) << 8) | (<i32>sent[at + 1]);
    if (text.length > 0) text += " ";
    text += `${sent[at + 3]}:${sent[at + 5] & 15}`;
    at += 2 + length;
  }
  expect(at).toBe(sent.length);
  return text;
}

describe("queries", () => {
  test("one, and another in the same connection", () => {
    const client = tcp.accept(1);
    client.receive(query(1, "www", 1));
    expect(answers(client)).toBe("1:0");
    client.receive(query(2, "none", 1));
    expect(answers(client)).toBe("1:0 2:3");
  });

  test("many at once, in their order", () => {
    const client = tcp.accept(1);
    const all = new Uint8Array(100 * 35);
    for (let i = 0; i < 100; i++) all.set(query(<u8>i, "www", 1), i * 35);
    client.receive(all);
    expect(client.sent.length).toBe(100 * (35 + 16));
    answers(client);
  });

  test("a byte at a time, and in small pieces", () => {
    const client = tcp.accept(1);
    const bytes = query(1, "www", 1);
    for (let i = 0; i < bytes.length; i++) client.receive(bytes.slice(i, i + 1));
    client.piece = 3;
    client.receive(query(2, "www", 1));
    expect(answers(client)).toBe("1:0 2:0");
  });

  test("who does not read is not read from", () => {
    const client = tcp.accept(1);
    client.room = 10;
    client.receive(query(1, "long", 16));
    client.receive(query(2, "www", 1));
    expect(client.sent.length).toBe(10);
    expect(client.readable).toBe(35);
    client.makeRoom(1000);
    expect(client.sent.length).toBe(1010);
    client.makeRoom(i32.MAX_VALUE);
    expect(answers(client)).toBe("1:0 2:0");
    expect(client.readable).toBe(0);
  });

  test("who has not read for longest makes room for another answer that is not taken", () => {
    const deaf = [tcp.accept(1), tcp.accept(2)];
    for (let i = 0; i < 2; i++) {
      deaf[i].room = 10;
      deaf[i].receive(query(1, "long", 16));
      clock.advance(SECOND / 4);
    }
    // Nobody has been silent for a second: it is the new one that ends.
    const early = tcp.accept(3);
    early.room = 10;
    early.receive(query(1, "long", 16));
    expect(early.isAborted).toBe(true);
    expect(deaf[0].isAborted).toBe(false);
    clock.advance(SECOND);
    const late = tcp.accept(3);
    late.room = 10;
    late.receive(query(1, "long", 16));
    expect(late.isAborted).toBe(false);
    expect(deaf[0].isAborted).toBe(true);
    expect(deaf[1].isAborted).toBe(false);
    // What has been taken does not count.
    deaf[1].makeRoom(i32.MAX_VALUE);
    late.makeRoom(i32.MAX_VALUE);
    expect(answers(late)).toBe("1:0");
    late.room = 10;
    late.receive(query(2, "long", 16));
    deaf[1].room = 10;
    deaf[1].receive(query(2, "long", 16));
    expect(late.isAborted || deaf[1].isAborted).toBe(false);
    late.makeRoom(i32.MAX_VALUE);
    expect(answers(late)).toBe("1:0 2:0");
  });

  test("an end after the last answer", () => {
    const client = tcp.accept(1);
    client.receive(query(1, "www", 1));
    client.end();
    expect(answers(client)).toBe("1:0");
    expect(client.isClosed).toBe(true);
  });
});

describe("what is no query", () => {
  test("one that is too short", () => {
    const client = tcp.accept(1);
    client.receive(Uint8Array.wrap(changetype<ArrayBuffer>(String.UTF8.encode("\0\x05hello"))));
    expect(client.isAborted).toBe(true);
    expect(responder.counters.connectionsBroken).toBe(1);
  });

  test("one that is too long", () => {
    const client = tcp.accept(1);
    const bytes = new Uint8Array(2);
    bytes[0] = 0xff;
    client.receive(bytes);
    expect(client.isAborted).toBe(true);
  });

  test("an answer is not answered", () => {
    const client = tcp.accept(1);
    const bytes = query(1, "www", 1);
    bytes[4] = 0x80;
    client.receive(bytes);
    client.receive(query(2, "www", 1));
    expect(answers(client)).toBe("2:0");
  });
});

describe("limits", () => {
  test("who says nothing goes, and others stay", () => {
    const silent = tcp.accept(1);
    const slow = tcp.accept(2);
    const busy = tcp.accept(3);
    slow.receive(query(1, "www", 1).slice(0, 20));
    for (let i = 0; i < 12; i++) {
      clock.advance(SECOND);
      busy.receive(query(<u8>i, "www", 1));
    }
    expect(silent.isClosed).toBe(true);
    expect(slow.isAborted).toBe(true);
    expect(busy.isGone).toBe(false);
    expect(responder.counters.connectionsIdle).toBe(2);
  });

  test("an address has only so many", () => {
    for (let i = 0; i < 3; i++) expect(tcp.accept(1).isGone).toBe(false);
    expect(tcp.accept(1).isAborted).toBe(true);
    expect(tcp.accept(2).isGone).toBe(false);
    expect(responder.counters.connectionsRefused).toBe(1);
  });

  test("when all places are taken, who is idle makes room, or nobody", () => {
    const first = tcp.accept(1);
    clock.advance(SECOND / 2);
    for (let i = 2; i <= CONNECTIONS; i++) tcp.accept(<u8>i);
    expect(tcp.accept(9).isAborted).toBe(true);
    clock.advance(SECOND / 2);
    const last = tcp.accept(9);
    expect(last.isGone).toBe(false);
    expect(first.isAborted).toBe(true);
    last.receive(query(1, "www", 1));
    expect(answers(last)).toBe("1:0");
    // What comes for the one that is gone is not mixed up with its successor.
    first.receive(query(2, "www", 1));
    expect(first.sent.length).toBe(0);
  });
});

describe("transfers", () => {
  test("are refused to strangers", () => {
    const client = tcp.accept(4);
    client.receive(query(1, "", 252));
    expect(answers(client)).toBe("1:5");
    expect(responder.counters.transfersRefused).toBe(1);
  });

  test("one at a time, the next query waits for its end", () => {
    const client = tcp.accept(5);
    client.room = 100;
    client.receive(query(1, "", 252));
    client.receive(query(2, "www", 1));
    const other = tcp.accept(5);
    other.receive(query(3, "", 252));
    expect(answers(other)).toBe("3:2");
    client.makeRoom(i32.MAX_VALUE);
    expect(answers(client)).toBe("1:0 2:0");
    expect(client.sent.length).toBeGreaterThan(12 * 250);
    other.receive(query(4, "", 252));
    expect(answers(other)).toBe("3:2 4:0");
    expect(responder.counters.transfers).toBe(2);
  });

  test("one that is broken off makes room for another", () => {
    const client = tcp.accept(5);
    client.room = 100;
    client.receive(query(1, "", 252));
    clock.advance(12 * SECOND);
    expect(client.isAborted).toBe(true);
    const other = tcp.accept(5);
    other.receive(query(2, "", 252));
    expect(answers(other)).toBe("2:0");
  });

  test("of a name that is no zone", () => {
    const client = tcp.accept(5);
    client.receive(query(1, "www", 252));
    expect(answers(client)).toBe("1:5");
  });
});
