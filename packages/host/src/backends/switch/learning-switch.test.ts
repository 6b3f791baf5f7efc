import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameDecoder } from "./framing.js";
import { LearningSwitch, type SwitchPort } from "./learning-switch.js";

const BROADCAST = "ff:ff:ff:ff:ff:ff";
const MULTICAST = "01:00:5e:00:00:01";
const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const C = "02:00:00:00:00:0c";

function frame(to: string, from: string, bytes = 60): Uint8Array {
  const result = new Uint8Array(bytes);
  result.set([...to.split(":"), ...from.split(":")].map((pair) => Number.parseInt(pair, 16)));
  return result;
}

/** Frames that wait for a port, as "to<from". */
function output(port: SwitchPort): string[] {
  const bytes = port.output.take();
  if (bytes === null) return [];
  const decoder = new FrameDecoder();
  decoder.push(Buffer.from(bytes));
  port.output.written();
  const result: string[] = [];
  const address = (at: number): string =>
    Array.from(decoder.chunk.subarray(at, at + 6), (b) => b.toString(16).padStart(2, "0")).join(
      ":",
    );
  while (decoder.next()) result.push(`${address(decoder.start)}<${address(decoder.start + 6)}`);
  return result;
}

function bench(options = {}) {
  const core = new LearningSwitch(options);
  const ports = [core.addPort(), core.addPort(), core.addPort()] as const;
  const send = (port: SwitchPort, to: string, from: string, nowMs = 0, bytes = 60): string[][] => {
    const padded = new Uint8Array(bytes + 7);
    padded.set(frame(to, from, bytes), 3);
    core.forward(port, padded, 3, 3 + bytes, nowMs);
    return ports.map(output);
  };
  return { core, ports, send };
}

describe("LearningSwitch", () => {
  it.each([BROADCAST, MULTICAST, B])("floods %s to every port but the one it came from", (to) => {
    const { core, ports, send } = bench();
    expect(send(ports[1], to, A)).toEqual([[`${to}<${A}`], [], [`${to}<${A}`]]);
    expect(core.counters).toMatchObject({ frames: 1, bytes: 60, floodedFrames: 1 });
  });

  it("sends to the one port where the address was seen", () => {
    const { ports, send } = bench();
    send(ports[2], BROADCAST, B);
    expect(send(ports[0], B, A)).toEqual([[], [], [`${B}<${A}`]]);
    expect(send(ports[2], A, B)).toEqual([[`${A}<${B}`], [], []]);
  });

  it("never reflects: a destination behind the port of the sender goes nowhere", () => {
    const { core, ports, send } = bench();
    send(ports[0], BROADCAST, A);
    send(ports[0], BROADCAST, B);
    expect(send(ports[0], B, A)).toEqual([[], [], []]);
    expect(core.counters.filteredFrames).toBe(1);
  });

  it("follows a station that moves", () => {
    const { core, ports, send } = bench();
    send(ports[0], BROADCAST, A);
    send(ports[1], BROADCAST, A);
    expect(send(ports[2], A, C)).toEqual([[], [`${A}<${C}`], []]);
    expect(core.addresses).toBe(2);
  });

  it("floods again once an address has aged, and not a moment before", () => {
    const { ports, send } = bench({ ageingMs: 1000 });
    send(ports[0], BROADCAST, A, 0);
    expect(send(ports[2], A, C, 999)[1]).toEqual([]);
    expect(send(ports[2], A, C, 1000)[1]).toEqual([`${A}<${C}`]);
    send(ports[0], BROADCAST, A, 1500);
    expect(send(ports[2], A, C, 2000)[1]).toEqual([]);
  });

  it("forgets the addresses of a port that left", () => {
    const { core, ports, send } = bench();
    send(ports[0], BROADCAST, A);
    core.removePort(ports[0]);
    expect(core.addresses).toBe(0);
    expect(send(ports[2], A, C)).toEqual([[], [`${A}<${C}`], []]);
  });

  it("never learns a group address as a source", () => {
    const { core, ports, send } = bench();
    send(ports[0], BROADCAST, MULTICAST);
    expect(core.addresses).toBe(0);
  });

  it("bounds what one port may teach it, and keeps the addresses of the others", () => {
    const { core, ports, send } = bench({ addressesMax: 10, addressesPerPortMax: 4 });
    send(ports[1], BROADCAST, B);
    for (let i = 0; i < 100; i++) {
      send(ports[0], BROADCAST, `02:00:00:01:00:${i.toString(16).padStart(2, "0")}`);
    }
    expect(core.addresses).toBe(5);
    expect(core.counters.unlearntAddresses).toBe(96);
    expect(send(ports[2], B, C)).toEqual([[], [`${B}<${C}`], []]);
  });

  it("gives a port back its share when stations move away", () => {
    const { core, ports, send } = bench({ addressesPerPortMax: 2 });
    for (const port of [ports[0], ports[1]]) {
      send(port, BROADCAST, A);
      send(port, BROADCAST, B);
    }
    send(ports[0], BROADCAST, C);
    expect(core.counters.unlearntAddresses).toBe(0);
    // A third one moves to a full port: it is not there any more, so its frames are flooded.
    send(ports[1], BROADCAST, C);
    expect(core.counters.unlearntAddresses).toBe(1);
    expect(send(ports[2], C, A)).toEqual([[`${C}<${A}`], [`${C}<${A}`], []]);
  });

  it("makes room in a full table by what has aged", () => {
    const { core, ports, send } = bench({ addressesMax: 2, ageingMs: 5000 });
    send(ports[0], BROADCAST, A, 0);
    send(ports[1], BROADCAST, B, 3000);
    send(ports[2], BROADCAST, C, 4000);
    expect(core.counters.unlearntAddresses).toBe(1);
    send(ports[2], BROADCAST, C, 5000);
    expect(core.addresses).toBe(2);
    expect(send(ports[0], C, A, 5001)).toEqual([[], [], [`${C}<${A}`]]);
  });

  it("drops what a port cannot take, counts it, and still serves the others", () => {
    const { core, ports } = bench({ queueBytesMax: 1000 });
    const big = frame(BROADCAST, A, 400);
    core.forward(ports[0], big, 0, big.length, 0);
    core.forward(ports[0], big, 0, big.length, 0);
    output(ports[1]);
    core.forward(ports[0], big, 0, big.length, 0);
    expect(ports[2].counters).toMatchObject({ sentFrames: 2, droppedFrames: 1 });
    expect(ports[1].counters).toMatchObject({ sentFrames: 3, droppedFrames: 0 });
    expect(core.counters.droppedFrames).toBe(1);
  });

  it("names each port with something to write once", () => {
    const { core, ports } = bench();
    const bytes = frame(BROADCAST, A);
    core.forward(ports[0], bytes, 0, 60, 0);
    core.forward(ports[0], bytes, 0, 60, 0);
    expect(core.takeDirty()).toEqual([ports[1], ports[2]]);
    expect(core.takeDirty()).toEqual([]);
  });

  it("agrees with the definition for any traffic", () => {
    const station = fc.integer({ min: 0, max: 5 });
    const event = fc.record({ port: fc.nat(3), from: station, to: station, gap: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const core = new LearningSwitch({ ageingMs: 1000 });
        const ports = Array.from({ length: 4 }, () => core.addPort());
        const seen = new Map<number, { port: number; ms: number }>();
        const name = (n: number): string => `02:00:00:00:00:0${n}`;
        let now = 0;
        for (const { port, from, to, gap } of events) {
          now += gap;
          const bytes = frame(name(to), name(from));
          core.forward(ports[port]!, bytes, 0, bytes.length, now);
          seen.set(from, { port, ms: now });
          const known = seen.get(to);
          const wanted = known !== undefined && now - known.ms < 1000 ? [known.port] : [0, 1, 2, 3];
          const got = ports.map(output).flatMap((frames, i) => (frames.length === 1 ? [i] : []));
          expect(got).toEqual(wanted.filter((i) => i !== port));
        }
      }),
    );
  });
});
