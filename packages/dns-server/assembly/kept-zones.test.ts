/** A secondary that keeps its zones in a store: boots with and without a primary, in virtual time. */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { Format } from "@phantasm/kv/settings";
import { KeyValueStore } from "@phantasm/kv/store";
import { TestStore } from "@phantasm/kv/testing";
import { Batch, Endpoint, Errno, IpAddress, PENDING, SECOND } from "@phantasm/interfaces";
import {
  MessageReader,
  MessageWriter,
  NAME_BUFFER_BYTES,
  nameOfText,
  u32At,
} from "@phantasm/dns/wire";
import { describe, expect, test } from "@phantasm/testing";
import { KeptInStore, TIMES_NS } from "./kept-in-store";
import { ZONE_PREFIX, keyOf } from "./kept-layout";
import { KeptReader } from "./kept-reader";
import { Responder } from "./responder";
import { SecondaryZones } from "./secondary-zones";
import { TestClock } from "./testing";
import { Counting, PrimaryMessage, TestLog, TestStack, arrive } from "./testing-secondary";
import { Listener } from "./testing-scene";
import { TEST_ZONES, TEST_ZONES_BYTES } from "./testing-zones";
import { ZoneAccount, Zones } from "./zone-data";
import { ServedZone, ZoneSet } from "./zone-set";

const ZONE = "example.net";
const SOA: i32 = 6;
const AXFR: i32 = 252;
const TXT: i32 = 16;
const SECTORS: u64 = 2048;
/** Texts of 6000 bytes. */
const FILLING: u8[] = new Array<u8>(6000).fill(199);
const PRIMARY = new Endpoint(IpAddress.ipv4(192, 0, 2, 1), 53);
/** Of `PrimaryMessage.soa`. */
const REFRESH_NS: i64 = 1000 * SECOND;
const EXPIRE_NS: i64 = 5000 * SECOND;
const BEGUN_NS: i64 = 1_700_000_000_000_000_000;

const output: usize = heap.alloc(65_536);
const reader = new MessageReader();

/** From one start of the domain to its end. */
class Boot {
  readonly clock: TestClock = new TestClock();
  readonly stack: TestStack = new TestStack();
  readonly log: TestLog = new TestLog();
  readonly listener: Listener = new Listener();
  readonly set: ZoneSet = new ZoneSet(new Zones(TEST_ZONES, TEST_ZONES_BYTES));
  readonly responder: Responder = new Responder(this.set);
  zones: string = "example.net=192.0.2.1";
  bytesMax: i32 = 1 << 20;
  fillers: i32 = 0;
  private started: SecondaryZones | null = null;

  constructor(
    readonly disk: TestDisk,
    wallNs: i64 = BEGUN_NS,
  ) {
    this.clock.wallNs = wallNs;
  }

  get secondary(): SecondaryZones {
    return this.started!;
  }

  start(): Boot {
    const disk = this.disk;
    const clock = this.clock;
    disk.forgetRequests();
    const store = new KeyValueStore(disk, clock, 1 << 18, 64, 4, 4, 2, 4, 1024, Format.BLANK);
    const kept = new KeptInStore(store, clock, this.log);
    const secondary = new SecondaryZones(
      this.stack,
      new Counting(),
      clock,
      this.log,
      this.zones,
      "",
      1,
      this.bytesMax,
      200,
      kept,
    );
    this.started = secondary;
    this.responder.secondary = secondary;
    secondary.start(this.set, this.listener);
    this.settle();
    return this;
  }

  /** What takes no time. */
  settle(): void {
    for (let i = 0; i < 300; i++) {
      this.clock.advance(1, 1);
      this.disk.run();
    }
  }

  pass(ns: i64): void {
    for (const end = this.clock.nowNs + ns; this.clock.nowNs < end;) {
      this.clock.advance(SECOND, SECOND);
      this.disk.run();
    }
    this.settle();
  }

  /** The primary says what it has, and sends it if it is asked to. */
  primary(serial: u32, transfers: bool = true, zone: string = ZONE): void {
    const sent = this.stack.asked.sent;
    const question = sent[sent.length - 1];
    const id = ((<i32>question[0]) << 8) | (<i32>question[1]);
    arrive(this.stack.asked, new PrimaryMessage(id, SOA, zone).soa(zone, serial).message, PRIMARY);
    if (!transfers) return;
    const connection = this.stack.transfer;
    connection.handler!.onConnected(connection);
    const request = ((<i32>connection.sent[2]) << 8) | (<i32>connection.sent[3]);
    const type = <i32>connection.sent[2 + 12 + zone.length + 3];
    const answer = new PrimaryMessage(request, type, zone)
      .soa(zone, serial)
      .a("ns." + zone, 1)
      .a("www." + zone, <u8>serial);
    // So many messages more, of 60 kB each.
    for (let left = this.fillers; left > 0; left--) {
      connection.receive(
        (left == this.fillers ? answer : new PrimaryMessage(request, type, zone)).framed,
      );
      const filler = new PrimaryMessage(request, type, zone);
      for (let i = 0; i < 10; i++) filler.raw(`f${left}-${i}.${zone}`, TXT, FILLING);
      connection.receive(filler.framed);
    }
    const last = this.fillers > 0 ? new PrimaryMessage(request, type, zone) : answer;
    connection.receive(last.soa(zone, serial).framed);
    this.settle();
  }

  /** Response code and number of answers. */
  ask(name: string = "www.example.net", type: i32 = 1): string {
    const wire = heap.alloc(NAME_BUFFER_BYTES);
    const bytes = new Uint8Array(512);
    const writer = new MessageWriter();
    writer.begin(bytes.dataStart, 512, 7, 0);
    writer.question(wire, nameOfText(name, wire), type, 1);
    const responder = this.responder;
    const length = responder.respond(bytes.dataStart, writer.bytes, output, 65_535, true, 0, 1);
    reader.begin(output, length);
    return `${reader.rcode}:${reader.answers}`;
  }

  /** The version that is served; negative: none. */
  get serial(): i64 {
    if (this.ask(ZONE, SOA) != "0:1") return -1;
    reader.question();
    reader.record();
    return <i64>u32At(output + <usize>(reader.at - 20));
  }

  get wallNs(): i64 {
    return this.clock.wall();
  }
}

/** A disk that has version 5 of the zone, from a boot in which it was current until `BEGUN_NS`. */
function kept(): TestDisk {
  const disk = new TestDisk(SECTORS);
  const first = new Boot(disk).start();
  expect(first.ask()).toBe("2:0");
  first.primary(5);
  expect(first.ask()).toBe("0:1");
  expect(first.log.count("not kept")).toBe(0);
  return disk;
}

function nameOf(text: string): usize {
  const name = heap.alloc(NAME_BUFFER_BYTES);
  nameOfText(text, name);
  return name;
}

/** A store that takes values of its own. */
function opened(disk: TestDisk): TestStore {
  disk.forgetRequests();
  return new TestStore(disk);
}

function value(disk: TestDisk, key: Uint8Array): Uint8Array {
  const it = opened(disk);
  it.fetch(key);
  return it.value.copy();
}

function put(disk: TestDisk, key: Uint8Array, bytes: Uint8Array): void {
  expect(opened(disk).commit(new Batch().put(key, bytes))).toBe(0);
}

describe("at a boot", () => {
  test("what was kept is answered, and looked after", () => {
    const it = new Boot(kept(), BEGUN_NS + 100 * SECOND).start();
    expect(it.serial).toBe(5);
    expect(it.ask()).toBe("0:1");
    expect(it.log.count("example.net: serial 5, 3 records, as it was kept, current 99 s ago")).toBe(
      1,
    );
    // Those that have it from here are told.
    expect(it.listener.changes).toBe(1);
    // It looks at once.
    expect(it.stack.sockets.all.length).toBe(1);
    it.primary(6);
    expect(it.serial).toBe(6);
    expect(new Boot(it.disk, it.wallNs).start().serial).toBe(6);
  });

  test("without a network it is answered until it expires", () => {
    const it = new Boot(kept(), BEGUN_NS + 100 * SECOND);
    it.stack.isUp = false;
    it.start();
    expect(it.serial).toBe(5);
    it.pass(EXPIRE_NS - 110 * SECOND);
    expect(it.serial).toBe(5);
    it.pass(20 * SECOND);
    expect(it.ask()).toBe("2:0");
    expect(it.log.count("expired")).toBe(1);
  });

  test("when no primary answers it is answered until it expires", () => {
    const it = new Boot(kept(), BEGUN_NS + 100 * SECOND).start();
    it.stack.connections.isExhausted = true;
    it.pass(EXPIRE_NS - 200 * SECOND);
    expect(it.serial).toBe(5);
    it.pass(200 * SECOND);
    expect(it.ask()).toBe("2:0");
    expect(it.secondary.counters.expired).toBe(1);
  });

  test("what has expired meanwhile is not", () => {
    const it = new Boot(kept(), BEGUN_NS + EXPIRE_NS + SECOND).start();
    expect(it.ask()).toBe("2:0");
    expect(it.log.count("example.net: what is kept has expired")).toBe(1);
    it.primary(5);
    expect(it.serial).toBe(5);
    expect(new Boot(it.disk, it.wallNs).start().serial).toBe(5);
  });

  test("a clock that went back does not count", () => {
    const it = new Boot(kept(), SECOND).start();
    expect(it.serial).toBe(5);
    it.stack.connections.isExhausted = true;
    it.pass(EXPIRE_NS - 10 * SECOND);
    expect(it.serial).toBe(5);
    it.pass(20 * SECOND);
    expect(it.serial).toBe(-1);
  });

  test("a notification that comes before it was read changes nothing", () => {
    const it = new Boot(kept());
    it.disk.state = PENDING;
    it.start();
    const wire = heap.alloc(NAME_BUFFER_BYTES);
    const address = PRIMARY.address;
    const bytes = nameOfText(ZONE, wire);
    expect(it.secondary.notified(wire, bytes, address.high, address.low)).toBe(0);
    it.pass(5 * SECOND);
    expect(it.stack.sockets.all.length).toBe(0);
    it.disk.state = 0;
    it.settle();
    expect(it.serial).toBe(5);
    expect(it.stack.sockets.all.length).toBe(1);
  });
});

describe("times", () => {
  test("of a zone that was current again count", () => {
    const it = new Boot(kept(), BEGUN_NS).start();
    it.primary(5, false);
    for (let i = 0; i < 4; i++) {
      it.pass(REFRESH_NS);
      it.primary(5, false);
    }
    it.pass(TIMES_NS + SECOND);
    const later = it.wallNs + EXPIRE_NS - 100 * SECOND;
    expect(new Boot(it.disk, later).start().serial).toBe(5);
    expect(new Boot(it.disk, later + 101 * SECOND).start().serial).toBe(-1);
  });

  test("are written now and then, however often a zone is looked at", () => {
    const it = new Boot(kept(), BEGUN_NS).start();
    it.primary(5, false);
    const writes = it.disk.flushes;
    it.pass(TIMES_NS / 2);
    expect(it.disk.flushes).toBe(writes);
    it.pass(TIMES_NS);
    expect(it.disk.flushes > writes).toBe(true);
  });
});

describe("a store", () => {
  test("that is too small says so, and what is served stays", () => {
    const it = new Boot(new TestDisk(16)).start();
    it.primary(5);
    expect(it.serial).toBe(5);
    expect(it.log.count("zones are not kept")).toBe(1);
  });

  test("that is something else is left alone", () => {
    const disk = new TestDisk(SECTORS);
    memory.fill(disk.content.dataStart, 0x55, 1 << 16);
    const it = new Boot(disk).start();
    it.primary(5);
    expect(it.serial).toBe(5);
    expect(it.log.count("zones are not kept")).toBe(1);
    expect(disk.writes).toBe(0);
  });

  test("that fails later says so once, and the zone is answered", () => {
    const it = new Boot(kept(), BEGUN_NS).start();
    it.disk.status = Errno.IO;
    it.primary(6);
    it.pass(TIMES_NS);
    expect(it.serial).toBe(6);
    expect(it.log.count("zones are not kept")).toBe(1);
  });

  test("that cannot be written is read", () => {
    const disk = kept();
    disk.writable = false;
    const it = new Boot(disk, BEGUN_NS).start();
    expect(it.serial).toBe(5);
    it.primary(6);
    expect(it.log.count("zones are not kept: the store is read-only")).toBe(1);
    disk.writable = true;
    expect(new Boot(disk, BEGUN_NS).start().serial).toBe(5);
  });

  test("forgets zones that are not listed any more", () => {
    const disk = kept();
    const other = new Boot(disk);
    other.zones = "example.com=192.0.2.1";
    other.start();
    expect(other.log.count("removed")).toBe(1);
    expect(other.ask("www.example.net")).toBe("5:0");
    other.primary(9, true, "example.com");
    const it = new Boot(disk);
    it.zones = "example.net=192.0.2.1;example.com=192.0.2.1";
    it.start();
    expect(it.ask("www.example.net")).toBe("2:0");
    expect(it.ask("www.example.com")).toBe("0:1");
  });

  test("is whole after a crash at any moment: this version, or the one before", () => {
    const disk = kept();
    const image = new TestDisk(SECTORS);
    disk.records = true;
    const before = disk.content.slice(0);
    const it = new Boot(disk).start();
    it.primary(6);
    const ends = disk.journalLength;
    expect(ends > 5).toBe(true);
    let older = 0;
    for (let seed = 0; seed < 60; seed++) {
      memory.copy(image.content.dataStart, before.dataStart, before.length);
      const random = new TestRandom(seed);
      disk.crash(<i32>random.below(ends + 1), random, image.content);
      const serial = new Boot(image).start().serial;
      if (serial == 5) older++;
      else expect(`seed ${seed}: ${serial}`).toBe(`seed ${seed}: 6`);
    }
    expect(older > 0).toBe(true);
  });

  test("whose bytes were changed never gives another zone, and traps nothing", () => {
    const disk = kept();
    const before = disk.content.slice(0);
    const random = new TestRandom(7);
    for (let round = 0; round < 60; round++) {
      memory.copy(disk.content.dataStart, before.dataStart, before.length);
      for (let flips = 0; flips < 40; flips++) {
        // Most of the disk is empty.
        const at = <i32>random.below(flips & 1 ? before.length : 200_000);
        disk.content[at] ^= <u8>((<u32>1) << random.below(8));
      }
      const serial = new Boot(disk).start().serial;
      if (serial >= 0) expect(`round ${round}: ${serial}`).toBe(`round ${round}: 5`);
    }
  });

  test("that somebody else has written to gives nothing that is no zone", () => {
    const disk = kept();
    const key = keyOf(ZONE_PREFIX, nameOf(ZONE), 13);
    const good = value(disk, key);
    const random = new TestRandom(11);
    for (let round = 0; round < 200; round++) {
      const bytes = good.slice(
        0,
        round % 3 == 0 ? <i32>random.below(good.length + 1) : good.length,
      );
      for (let left = <i32>random.below(4); left > 0 && bytes.length > 0; left--)
        bytes[<i32>random.below(bytes.length)] = <u8>random.below(256);
      put(disk, key, bytes);
      const it = new Boot(disk).start();
      const serial = it.serial;
      const told = it.log.count("example.net: ") > 0 ? "told" : "silent";
      if (serial < 0) expect(`round ${round}: ${told}`).toBe(`round ${round}: told`);
      it.ask("x.example.net");
      it.ask("ns.example.net");
      if (serial < 0) expect(it.secondary.account.bytes).toBe(0);
    }
    // The zone of another name.
    put(disk, keyOf(ZONE_PREFIX, nameOf("example.com"), 13), good);
    const it = new Boot(disk);
    it.zones = "example.com=192.0.2.1";
    it.start();
    expect(it.ask("www.example.com")).toBe("2:0");
    expect(it.log.count("it is another zone")).toBe(1);
  });

  test("takes and gives a zone of many pieces, while its disk is slow", () => {
    const disk = new TestDisk(16 * SECTORS);
    disk.shuffles = true;
    const first = new Boot(disk);
    first.bytesMax = 2 << 20;
    first.fillers = 15;
    first.start();
    first.primary(5);
    expect(first.serial).toBe(5);
    for (let i = 0; i < 5; i++) first.settle();
    expect(first.log.count("example.net: kept")).toBe(1);
    const it = new Boot(disk);
    it.bytesMax = 2 << 20;
    it.start();
    for (let i = 0; i < 5; i++) it.settle();
    expect(it.serial).toBe(5);
    expect(it.ask("f1-0.example.net", TXT)).toBe("0:1");
    expect(it.ask("f15-9.example.net", TXT)).toBe("0:1");
    expect(it.secondary.account.bytes > 900_000).toBe(true);
    expect(it.log.count("153 records, as it was kept")).toBe(1);
  });

  test("that others use too: between two steps they open what they like", () => {
    const it = opened(kept());
    it.put("other", "value");
    const other = Uint8Array.wrap(String.UTF8.encode("other"));
    const one = new KeptReader(it.store, new Uint8Array(65_536));
    const account = new ZoneAccount(1 << 20);
    it.results[0] = PENDING;
    let result = one.begin(new ServedZone(nameOf(ZONE), 13), it);
    for (let steps = 0; !one.isDone && steps < 200; steps++) {
      if (result == PENDING) result = it.wait(result, 0);
      else {
        const tag = it.tag();
        expect(it.wait(it.store.open(other, it.value, it, tag), tag)).toBe(0);
        const stream = it.store.takeStream();
        expect(stream.size).toBe(5);
        stream.close();
      }
      it.results[0] = PENDING;
      result = one.step(result, account);
    }
    expect(one.problem).toBe("");
    const zones = one.zones;
    expect(zones === null ? 0 : zones.records).toBe(3);
    if (zones !== null) zones.release();
    expect(account.bytes).toBe(0);
  });

  test("whose zone is larger than may be is not taken", () => {
    const it = new Boot(kept());
    it.bytesMax = 100;
    it.start();
    expect(it.serial).toBe(-1);
    expect(it.log.count("example.net: what is kept is not taken")).toBe(1);
    expect(it.secondary.account.bytes).toBe(0);
  });
});
