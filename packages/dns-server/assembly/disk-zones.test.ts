import { xxh64 } from "@phantasm/checksum";
import { TestDisk } from "@phantasm/block/testing";
import { Errno, Log, LogLevel, LogSink, Logger, PENDING, SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { DiskZones } from "./disk-zones";
import { FixedRandom, TestClock } from "./testing";
import { TEST_ZONES, TEST_ZONES_BYTES } from "./testing-zones";
import { Zones } from "./zone-data";
import { BaseListener } from "./zone-disk";
import { ZoneSet } from "./zone-set";

/** "PHZDISK\0" */
const MAGIC: u64 = 0x004b_5349_445a_4850;
const HALF: i32 = 8192;
const SECTORS: u64 = 48;
/** Where the SOA record of the zone has its serial, and where the zone says so too. */
const SERIAL_AT: usize = 0x98;
const ZONE_SERIAL_AT: usize = 64 + 12;

class Lines implements Log, LogSink {
  text: string = "";
  source(name: string): Logger {
    return new Logger(name, this, LogLevel.DEBUG);
  }
  put(level: i32, source: string, text: string): void {
    const time = text.indexOf(", read in");
    this.text += (time < 0 ? text : text.substring(0, time)) + "|";
  }
}

class Listener implements BaseListener {
  count: i32 = 0;
  onBase(zones: Zones): void {
    this.count++;
  }
}

/** A server without its sockets. */
class Case {
  readonly disk: TestDisk = new TestDisk(SECTORS);
  readonly clock: TestClock = new TestClock();
  readonly lines: Lines = new Lines();
  readonly listener: Listener = new Listener();
  readonly set: ZoneSet = new ZoneSet(new Zones(TEST_ZONES, TEST_ZONES_BYTES));

  start(bytesMax: i32 = 65_536): void {
    const random = new FixedRandom();
    new DiskZones(this.disk, this.clock, this.lines, 10, bytesMax, random, 65_536, 8).start(
      this.set,
      this.listener,
    );
  }

  /** Ten seconds, and what the disk is asked for in them. */
  pass(): void {
    for (let i = 0; i < 110; i++) {
      this.clock.advance(SECOND / 10);
      this.disk.run();
    }
  }

  get base(): usize {
    return this.disk.content.dataStart;
  }

  /** The zone with this serial, in the half and the header of its generation. */
  put(generation: u64, serial: u32): void {
    const place = <usize>(generation & 1);
    const content = this.base + HALF + place * HALF;
    memory.copy(content, TEST_ZONES, TEST_ZONES_BYTES);
    store<u32>(content + SERIAL_AT, bswap(serial));
    store<u32>(content + ZONE_SERIAL_AT, serial);
    this.head(generation, xxh64(content, TEST_ZONES_BYTES, 0));
  }

  head(generation: u64, checksum: u64): void {
    const place = <usize>(generation & 1);
    const header = this.base + place * 4096;
    store<u64>(header, MAGIC);
    store<u32>(header, 1, 8);
    store<u64>(header, generation, 16);
    store<u64>(header, HALF + place * HALF, 24);
    store<u64>(header, TEST_ZONES_BYTES, 32);
    store<u64>(header, checksum, 40);
    store<u64>(header, xxh64(header, 64, 0), 64);
  }

  get serial(): u32 {
    return load<u32>(this.set.base.zone(0), 12);
  }

  /** The lines since it was asked last. */
  told(): string {
    const text = this.lines.text;
    this.lines.text = "";
    return text;
  }
}

test("zones are read at the boot, and again when they are new", () => {
  const it = new Case();
  it.put(1, 100);
  it.start();
  expect(it.set.hasBase).toBe(false);
  it.pass();
  expect(it.set.hasBase).toBe(true);
  expect(it.serial).toBe(100);
  it.pass();
  it.put(2, 101);
  it.pass();
  expect(it.serial).toBe(101);
  expect(it.listener.count).toBe(2);
  expect(it.told()).toBe("generation 1: 1 zones, 16 records|generation 2: 1 zones, 16 records|");
});

test("a zone that changes without a newer serial is named", () => {
  const it = new Case();
  it.put(1, 100);
  it.start();
  it.pass();
  it.told();
  it.put(2, 99);
  it.pass();
  expect(it.told()).toBe(
    "generation 2: 1 zones, 16 records|example.org has changed, and serial 99 is not newer: secondaries do not see it|",
  );
});

test("a disk without zones is told once, and looked at again", () => {
  const it = new Case();
  it.start();
  for (let i = 0; i < 5; i++) it.pass();
  expect(it.told()).toBe("the disk has no zones; no zones are served|");
  expect(it.set.hasBase).toBe(false);
  it.put(7, 100);
  it.pass();
  expect(it.serial).toBe(100);
});

test("a generation that is not good leaves the one before, also at the boot", () => {
  const it = new Case();
  it.put(4, 100);
  it.put(5, 101);
  store<u8>(it.base + 2 * HALF + 1000, 0xff);
  it.start();
  it.pass();
  it.pass();
  expect(it.serial).toBe(100);
  expect(it.told()).toBe(
    "generation 5: its checksum does not fit; no zones are served|generation 4: 1 zones, 16 records|",
  );
  // A checksum that fits, and zones that do not: a parent that is none.
  store<u32>(it.base + 2 * HALF + 96, 12);
  it.head(7, xxh64(it.base + 2 * HALF, TEST_ZONES_BYTES, 0));
  it.pass();
  it.pass();
  expect(it.serial).toBe(100);
  expect(it.told()).toBe(
    "generation 7: byte 96: the parent of a node is none; generation 4 is served|",
  );
  it.put(6, 102);
  it.put(8, 103);
  it.put(9, 104);
  it.pass();
  expect(it.serial).toBe(104);
});

test("headers that are damaged, or lead elsewhere", () => {
  const it = new Case();
  it.put(1, 100);
  it.put(2, 101);
  store<u8>(it.base + 20, 1);
  store<u64>(it.base + 4096, 8192 * 6, 24);
  store<u64>(it.base + 4096, xxh64(it.base + 4096, 64, 0), 64);
  it.start();
  it.pass();
  expect(it.told()).toBe(
    "header 0: its checksum does not fit, header 1: its content is at no place for it; no zones are served|",
  );
  store<u64>(it.base + 4096, HALF, 24);
  store<u64>(it.base + 4096, u64.MAX_VALUE - 4096, 32);
  store<u64>(it.base + 4096, xxh64(it.base + 4096, 64, 0), 64);
  it.pass();
  expect(it.told()).toBe(
    "header 0: its checksum does not fit, header 1: its content goes beyond the disk; no zones are served|",
  );
});

test("what is served does not become older when its header is damaged", () => {
  const it = new Case();
  it.put(2, 100);
  it.put(3, 101);
  it.start();
  it.pass();
  store<u8>(it.base + 4096 + 20, 1);
  it.pass();
  it.pass();
  expect(it.serial).toBe(101);
  // Whoever writes next sees the second generation as the newest.
  it.put(3, 102);
  it.pass();
  expect(it.serial).toBe(102);
});

test("a disk that was begun anew has older ones: it says so", () => {
  const it = new Case();
  it.put(4, 100);
  it.start();
  it.pass();
  it.told();
  memory.fill(it.base, 0, 2 * 4096);
  it.put(1, 101);
  it.pass();
  it.pass();
  expect(it.serial).toBe(100);
  expect(it.told()).toBe(
    "the disk has generation 1, which is older: it is taken after a restart; generation 4 is served|",
  );
});

test("what transfers still read counts: there are no more than twice bytesMax", () => {
  const it = new Case();
  it.put(1, 100);
  it.start(TEST_ZONES_BYTES);
  it.pass();
  const first = it.set.base;
  first.hold();
  it.put(2, 101);
  it.pass();
  expect(it.serial).toBe(101);
  it.put(3, 102);
  it.told();
  it.pass();
  it.pass();
  expect(it.serial).toBe(101);
  expect(it.told()).toBe(
    "generation 3 waits for transfers that read older ones; generation 2 is served|",
  );
  first.release();
  it.pass();
  expect(it.serial).toBe(102);
});

test("more bytes than there may be", () => {
  const it = new Case();
  it.put(1, 100);
  it.start(2000);
  it.pass();
  expect(it.told()).toBe(
    "generation 1: it has 3416 bytes, and bytesMax is 2000; no zones are served|",
  );
});

test("whatever request fails, it is made again", () => {
  for (let failing = 0; failing < 8; failing++) {
    const it = new Case();
    it.disk.requestSectorsMax = 8;
    it.disk.failAt = failing;
    it.put(1, 100);
    it.start();
    it.pass();
    it.put(2, 101);
    it.pass();
    it.pass();
    expect(it.serial).toBe(101);
  }
});

test("a disk that is not ready, and one that has little room for requests", () => {
  const it = new Case();
  it.disk.state = PENDING;
  it.disk.requestsMax = 1;
  it.disk.shuffles = true;
  it.disk.requestSectorsMax = 8;
  it.put(1, 100);
  it.start();
  it.pass();
  expect(it.set.hasBase).toBe(false);
  it.disk.state = 0;
  it.pass();
  expect(it.serial).toBe(100);
  it.disk.state = Errno.GONE;
  it.pass();
  it.pass();
  expect(it.serial).toBe(100);
  expect(it.told().includes("the disk cannot be used")).toBe(true);
});

test("zones that are written while others are read", () => {
  // Two are written in the time of one: the half that is read is another one's at its end.
  for (let moment = 0; moment < 12; moment++) {
    const it = new Case();
    it.disk.requestSectorsMax = 8;
    it.disk.requestsMax = 2;
    it.put(1, 100);
    it.start();
    it.pass();
    it.told();
    it.put(2, 101);
    for (let i = 0; i < 91; i++) {
      it.clock.advance(SECOND / 10);
      it.disk.run();
    }
    for (let i = 0; i < moment; i++) {
      it.clock.advance(SECOND / 10);
      it.disk.run(1);
    }
    it.put(3, 102);
    it.put(4, 103);
    it.pass();
    it.pass();
    expect(it.serial).toBe(103);
    expect(it.told().includes("checksum")).toBe(false);
  }
});
