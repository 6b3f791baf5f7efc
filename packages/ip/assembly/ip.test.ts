import {
  IPV4_HIGH,
  IPV4_PREFIX,
  LinkWaiter,
  Packet,
  Path,
  Random,
  SECOND,
  TransportHandler,
} from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/ethernet/testing";
import { checksumIsValid, fold, pseudoSum4, sumOf } from "./checksum";
import { KeyedHash } from "./hash";
import { Internet } from "./internet";
import { largePacket } from "./large";
import { TokenBucket } from "./token-bucket";
import { Transports } from "./transports";
import { IpVersion } from "./version";

let calls: string = "";

class Version implements IpVersion {
  constructor(private readonly name: string) {}

  register(protocol: u8, handler: TransportHandler): void {
    calls += `${this.name} register ${protocol};`;
  }
  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    calls += `${this.name} path;`;
    return null;
  }
  pathBack(packet: Packet): Path | null {
    calls += `${this.name} back;`;
    return null;
  }
  isLocal(high: u64, low: u64): bool {
    return this.name == "4";
  }
  reject(packet: Packet, error: i32): void {
    calls += `${this.name} reject ${error};`;
  }
  confirm(path: Path): void {
    calls += `${this.name} confirm;`;
  }
  whenReady(waiter: LinkWaiter): void {
    calls += `${this.name} ready;`;
  }
}

class Way extends Path {
  begin(): usize {
    return 0;
  }
  send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32 {
    return 0;
  }
  beginLarge(bytes: i32): usize {
    return 0;
  }
  sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32 {
    return 0;
  }
}

class Transport implements TransportHandler, LinkWaiter {
  onPacket(packet: Packet): void {}
  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    return true;
  }
  onAddressLost(high: u64, low: u64): void {
    calls += `lost ${low};`;
  }
  onLinkReady(): void {}
}

test("each call goes to the version of its address", () => {
  const both = new Internet(new Version("4"), new Version("6"));
  const transport = new Transport();
  both.register(17, transport);
  both.path(0, 0, IPV4_HIGH, IPV4_PREFIX | 1);
  both.path(0, 0, 0x2001_0db8_0000_0000, 1);
  both.path(0, 0, 0, 1);
  const packet = new Packet();
  packet.destinationLow = IPV4_PREFIX | 1;
  both.pathBack(packet);
  both.reject(packet, 2);
  packet.destinationLow = 1;
  both.pathBack(packet);
  both.reject(packet, 3);
  const way = new Way();
  way.destinationLow = IPV4_PREFIX;
  both.confirm(way);
  way.destinationHigh = 1;
  both.confirm(way);
  both.whenReady(transport);
  expect(calls).toBe(
    "4 register 17;6 register 17;4 path;6 path;6 path;4 back;4 reject 2;6 back;6 reject 3;" +
      "4 confirm;6 confirm;4 ready;",
  );
  expect(both.isLocal(IPV4_HIGH, IPV4_PREFIX)).toBe(true);
  expect(both.isLocal(1, 0)).toBe(false);
});

describe("transports", () => {
  test("are found by their protocol, and all told of a lost address", () => {
    const table = new Transports();
    const udp = new Transport();
    const tcp = new Transport();
    table.register(17, udp);
    table.register(6, tcp);
    expect(table.find(17)).toBe(udp);
    expect(table.find(6)).toBe(tcp);
    expect(table.find(1)).toBeNull();
    table.addressLost(0, 5);
    expect(calls).toBe("lost 5;lost 5;");
  });

  test("are one for each protocol", () => {
    expectAbort(() => {
      const table = new Transports();
      table.register(17, new Transport());
      table.register(17, new Transport());
    }, "ip: a protocol twice, or more than four");
  });
});

describe("a token bucket", () => {
  test("gives a burst, and then as fast as it fills", () => {
    const bucket = new TokenBucket(SECOND / 10, 3);
    const start: i64 = 1_000_000 * SECOND;
    for (let i = 0; i < 3; i++) expect(bucket.take(start)).toBe(true);
    expect(bucket.take(start)).toBe(false);
    expect(bucket.take(start + SECOND / 10 - 1)).toBe(false);
    expect(bucket.take(start + SECOND / 10)).toBe(true);
    expect(bucket.take(start + SECOND / 10)).toBe(false);
    let taken = 0;
    for (let ms = 0; ms < 10_000; ms++)
      if (bucket.take(start + SECOND + ms * (SECOND / 1000))) taken++;
    expect(taken).toBe(3 + 99);
  });

  test("is full at the beginning of time", () => {
    const bucket = new TokenBucket(SECOND, 2);
    expect(bucket.take(0)).toBe(true);
    expect(bucket.take(0)).toBe(true);
    expect(bucket.take(0)).toBe(false);
  });
});

/** How many of 256 places 4096 keys that differ by `step` fill, and the fullest. */
function spread(hash: KeyedHash, step: u64): string {
  const places = new StaticArray<i32>(256);
  for (let i: u64 = 0; i < 4096; i++) places[hash.of(i * step, 7) & 255]++;
  let used = 0;
  let fullest = 0;
  for (let at = 0; at < 256; at++) {
    if (places[at] > 0) used++;
    fullest = max(fullest, places[at]);
  }
  return used == 256 && fullest < 45 ? "even" : `${used} places, ${fullest} in one`;
}

describe("the hash", () => {
  test("spreads keys that follow a pattern", () => {
    const hash = new KeyedHash(new TestRandom(3));
    const steps: u64[] = [1, 256, 0x1_0000, 0x1_0000_0000, 0x1_0000_0001, 0x100_0000_0000_0000];
    for (let at = 0; at < steps.length; at++)
      if (steps[at] < 0x100_0000_0000_0000) expect(spread(hash, steps[at])).toBe("even");
  });

  test("depends on its secret and on both halves", () => {
    const random: Random = new TestRandom(5);
    const one = new KeyedHash(random);
    const other = new KeyedHash(random);
    let same = 0;
    for (let i: u64 = 0; i < 1000; i++) {
      if ((one.of(i, 0) & 255) == (other.of(i, 0) & 255)) same++;
      expect(one.of(i, 1)).not.toBe(one.of(i, 2));
    }
    expect(same).toBeLessThan(20);
  });
});

test("the checksum of a packet is right, wrong, or vouched for", () => {
  const bytes = new Uint8Array(33);
  for (let at = 0; at < 33; at++) bytes[at] = <u8>(at * 11);
  const packet = new Packet();
  packet.payload = bytes.dataStart;
  packet.bytes = 33;
  packet.pseudoSum = pseudoSum4(0x0a000001, 0x0a000002, 17, 33);
  store<u16>(bytes.dataStart, 0, 6);
  store<u16>(bytes.dataStart, <u16>~fold(sumOf(bytes.dataStart, 33) + packet.pseudoSum), 6);
  expect(checksumIsValid(packet)).toBe(true);
  for (let at = 0; at < 33; at++) {
    bytes[at] ^= 4;
    expect(checksumIsValid(packet)).toBe(false);
    packet.isTrusted = true;
    expect(checksumIsValid(packet)).toBe(true);
    packet.isTrusted = false;
    bytes[at] ^= 4;
  }
});

test("there is one place for large packets", () => {
  expect(largePacket()).toBe(largePacket());
  expect(largePacket() & 7).toBe(0);
});
