/** Frames that nobody should send: the network drops and counts, and stays what it is. */
import { afterEach, describe, expect, it } from "vitest";
import { SeededEntropy } from "../../entropy.js";
import { turn } from "../testing/frames.js";
import { GUEST_ADDRESSES_MAX } from "./guests.js";
import { USER_LIMITS } from "./limits.js";
import { arpFrame, ipFrame, ScriptGuest } from "./testing/script-guest.js";

const FRAMES = 20_000;
const SEEDS = [1, 2, 3];

let guest: ScriptGuest | null = null;
afterEach(() => guest?.network.close());

class Dice {
  readonly #entropy: SeededEntropy;

  constructor(seed: number) {
    this.#entropy = new SeededEntropy(seed);
  }

  /** 0 to `below` - 1. */
  roll(below: number): number {
    return Number(this.#entropy.next() % BigInt(below));
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    this.#entropy.fill(bytes);
    return bytes;
  }
}

/** Good frames of each kind that something is done about; none leaves the process. */
function corpus(): Uint8Array[] {
  const four = { from: "10.0.2.15", to: "10.0.2.2" };
  const six = { from: "fd00::15", to: "fd00::2" };
  const tcp = (flags: number): Uint8Array => {
    const segment = new Uint8Array(32);
    segment.set([0x10, 0, 0, 80, 0, 0, 0, 9, 0, 0, 0, 1, 0x80, flags, 4, 0, 0, 0, 0, 0]);
    segment.set([2, 4, 5, 0xb4, 1, 3, 3, 7, 0, 0, 0, 0], 20);
    return segment;
  };
  const udp = (port: number, data: Uint8Array): Uint8Array => {
    const datagram = new Uint8Array(8 + data.length);
    datagram.set([0x10, 0, port >> 8, port & 0xff, datagram.length >> 8, datagram.length & 0xff]);
    datagram.set(data, 8);
    return datagram;
  };
  const dhcp = new Uint8Array(260);
  dhcp.set([1, 1, 6, 0]);
  dhcp.set([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255], 236);
  const dns = Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1);
  const echo = new Uint8Array(64);
  const frames = [arpFrame(1, "10.0.2.15", "10.0.2.2"), arpFrame(2, "10.0.2.15", "10.0.2.2")];
  for (const flags of [2, 18, 16, 17, 4, 20, 24, 63]) {
    frames.push(ipFrame({ ...four, protocol: 6, payload: tcp(flags), checksumAt: 16 }));
    frames.push(ipFrame({ ...six, protocol: 6, payload: tcp(flags), checksumAt: 16 }));
  }
  for (const [port, data] of [
    [67, dhcp],
    [53, dns],
    [9, dns],
  ] as const) {
    const to = port === 53 ? "10.0.2.3" : "10.0.2.2";
    const ends = { from: "10.0.2.15", to };
    frames.push(ipFrame({ ...ends, protocol: 17, payload: udp(port, data), checksumAt: 6 }));
  }
  echo[0] = 8;
  frames.push(ipFrame({ ...four, protocol: 1, payload: echo, checksumAt: 2 }));
  for (const type of [128, 133, 134, 135, 136]) {
    echo[0] = type;
    const payload = Uint8Array.from(echo);
    frames.push(ipFrame({ ...six, protocol: 58, payload, checksumAt: 2, hopLimit: 255 }));
  }
  frames.push(ipFrame({ ...six, protocol: 0, payload: new Uint8Array(48) }));
  return frames;
}

/** Changes, cuts and joins. Half of them with a checksum that counts as right. */
function mutate(dice: Dice, frames: readonly Uint8Array[]): Uint8Array {
  const base = Uint8Array.from(frames[dice.roll(frames.length)] ?? []);
  for (let changes = dice.roll(6); changes > 0; changes--) {
    base[dice.roll(base.length)] = dice.roll(256);
  }
  const cut = dice.roll(8) === 0 ? base.slice(0, dice.roll(base.length + 1)) : base;
  const more = dice.roll(8) === 0 ? dice.bytes(dice.roll(200)) : new Uint8Array(0);
  const frame = new Uint8Array(10 + cut.length + more.length);
  // NEEDS_CSUM: the parsers behind the checksum are met as well.
  frame[0] = dice.roll(2);
  frame.set(cut, 10);
  frame.set(more, 10 + cut.length);
  fixHeader(frame);
  return frame;
}

/** The checksum of the IPv4 header, so that what is behind it is looked at. */
function fixHeader(frame: Uint8Array): void {
  const headerBytes = ((frame[24] ?? 0) & 15) * 4;
  if (frame.length < 24 + headerBytes || headerBytes < 20 || frame[22] !== 8) return;
  const view = new DataView(frame.buffer);
  view.setUint16(34, 0);
  let sum = 0;
  for (let at = 24; at < 24 + headerBytes; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(34, ~sum);
}

describe.each(SEEDS)("seed %i", (seed) => {
  it.each(["random", "mutated"])(`${FRAMES} %s frames change nothing`, async (kind) => {
    const dice = new Dice(seed);
    guest = await ScriptGuest.open({ egress: ["none"] }, 15);
    const { network, station } = guest;
    const frames = corpus();
    for (let count = 0; count < FRAMES; count++) {
      const frame = kind === "random" ? dice.bytes(10 + dice.roll(120)) : mutate(dice, frames);
      expect(network.send(frame)).toBe(true);
      if (count % 256 !== 0) continue;
      await turn();
      guest.time.advance(1_000_000_000n);
      station.drain();
    }
    await guest.settle();
    station.drain();
    expect(network.flows).toMatchObject({ udp: 0, held: 0 });
    expect(network.flows.tcp).toBeLessThanOrEqual(USER_LIMITS.tcpFlows);
    expect(network.counters.sentFrames).toBe(FRAMES);
    // It still answers.
    guest.sendsArp(1, "10.0.2.15", "10.0.2.2");
    expect(await guest.receives()).toEqual(["ARP 10.0.2.2 is at 52:55:0a:00:02:02"]);
  });
});

describe("limits", () => {
  it("a guest with more addresses than are kept is still reached at the last", async () => {
    guest = await ScriptGuest.open({
      publish: [{ protocol: "udp", hostAddress: "127.0.0.1", hostPort: 0, guestPort: 9 }],
    });
    for (let host = 0; host <= GUEST_ADDRESSES_MAX + 4; host++) {
      guest.sendsArp(1, `10.0.2.${100 + host}`, "10.0.2.2");
    }
    expect(await guest.receives()).toHaveLength(GUEST_ADDRESSES_MAX + 5);
  });

  it("UDP flows: the quietest makes room", async () => {
    guest = await ScriptGuest.open({
      egress: ["allow:host-loopback"],
      limits: { udpFlows: 8 },
    });
    for (let port = 0; port < 11; port++) {
      // The first goes on speaking.
      if (port > 0) guest.sendsUdp("10.0.2.15:10000", "10.0.2.2:9", "x");
      guest.sendsUdp(`10.0.2.15:${10_000 + port}`, "10.0.2.2:9", "x");
    }
    await guest.settle();
    expect(guest.network.flows.udp).toBe(8);
    expect(guest.network.counters).toMatchObject({ udpOpened: 11, udpEvicted: 3 });
    guest.sendsUdp("10.0.2.15:10000", "10.0.2.2:9", "x");
    await guest.settle();
    expect(guest.network.counters.udpOpened).toBe(11);
    // RFC 4787: after two quiet minutes there are none.
    await guest.after(119_000);
    expect(guest.network.flows.udp).toBe(8);
    await guest.after(1_001);
    expect(guest.network.flows.udp).toBe(0);
  });

  it("a guest that does not receive: frames are dropped and counted, nothing grows", async () => {
    guest = await ScriptGuest.open();
    const payload = new Uint8Array(60_000);
    payload[0] = 8;
    const frame = ipFrame({
      from: "10.0.2.15",
      to: "10.0.2.2",
      protocol: 1,
      payload,
      checksumAt: 2,
    });
    for (let count = 0; count < 100; count++) {
      guest.sendsRaw(frame);
      await turn();
    }
    const received = guest.station.drain().length;
    expect(received).toBeLessThan(20);
    expect(guest.network.counters.droppedFrames).toBe(100 - received);
  });

  it("a guest that sends faster than it is heard is told so, and woken", async () => {
    guest = await ScriptGuest.open();
    const frame = new Uint8Array(60_000);
    let accepted = 0;
    while (guest.network.send(frame)) accepted++;
    expect(accepted).toBe(17);
    const { wakes } = guest.station;
    await turn();
    expect(guest.station.wakes).toBe(wakes + 1);
    expect(guest.network.send(frame)).toBe(true);
  });
});
