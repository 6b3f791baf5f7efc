/** Without root: pairs of sockets that carry a frame a message stand in for a tap. */
import { readdirSync } from "node:fs";
import koffi from "koffi";
import { afterEach, describe, expect, it } from "vitest";
import { frame, numberOf, Station, turn, until } from "../testing/frames.js";
import type { NetBackend } from "../types.js";
import { inspectInherited, InheritedLink } from "./inherited.js";
import { loadLibc } from "./libc.js";
import { openTap, openTapDescriptor } from "./open.js";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const HERE = Uint8Array.of(2, 0, 0, 0, 0, 1);
const THERE = Uint8Array.of(2, 0, 0, 0, 0, 2);

const socketpair = koffi.load(null).func("socketpair", "int", ["int", "int", "int", "void *"]) as (
  ...parameters: [number, number, number, Int32Array]
) => number;
const close = koffi.load(null).func("close", "int", ["int"]) as (descriptor: number) => number;

const opened: number[] = [];
const links: NetBackend[] = [];

function pair(type: number): [number, number] {
  const descriptors = new Int32Array(2);
  expect(socketpair(AF_UNIX, type, 0, descriptors)).toBe(0);
  const [a = -1, b = -1] = descriptors;
  opened.push(a, b);
  return [a, b];
}

function keep<T extends NetBackend>(link: T): T {
  links.push(link);
  return link;
}

/** With koffi: a copy of the descriptor. */
async function copied(descriptor: number, mac: Uint8Array): Promise<NetBackend> {
  return keep(await openTapDescriptor(descriptor, { mac }));
}

/** Without: the descriptor itself. */
function taken(descriptor: number, mac: Uint8Array): NetBackend {
  opened.splice(opened.indexOf(descriptor), 1);
  return keep(new InheritedLink(inspectInherited(descriptor), { mac, mtu: 1500 }));
}

afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
  for (const descriptor of opened.splice(0)) close(descriptor);
});

describe.each([
  ["with koffi", copied],
  ["without koffi", taken],
])("frames over a pair of sockets, %s", (_, open) => {
  it("pass both ways, in order, with an empty header", async () => {
    const [a, b] = pair(SOCK_DGRAM);
    const here = new Station(await open(a, HERE));
    const there = new Station(await open(b, THERE));
    expect(here.link).toMatchObject({ mac: HERE, mtu: 1500, features: 0, gone: false });
    for (let round = 0; round < 20; round++) {
      const numbers = [0, 1, 2, 3, 4].map((number) => round * 5 + number);
      for (const number of numbers) {
        expect(here.link.send(frame(THERE, HERE, number, 46 + number * 10))).toBe(true);
        expect(there.link.send(frame(HERE, THERE, number, 1500))).toBe(true);
      }
      const arrived = await there.expect(5);
      expect(arrived).toEqual(numbers.map((n) => frame(THERE, HERE, n, 46 + n * 10)));
      expect((await here.expect(5)).map(numberOf)).toEqual(numbers);
    }
    expect(here.link.counters).toMatchObject({
      sentFrames: 100,
      receivedFrames: 100,
      droppedFrames: 0,
    });
    const { wakes } = here;
    there.link.send(frame(HERE, THERE, 1));
    await until("a wake-up", () => here.wakes > wakes);
  });

  it("are dropped and counted when nobody takes them", async () => {
    const [a] = pair(SOCK_DGRAM);
    const here = new Station(await open(a, HERE));
    for (let number = 0; number < 2000; number++) {
      expect(here.link.send(frame(THERE, HERE, number, 1500))).toBe(true);
    }
    const { sentFrames, droppedFrames } = here.link.counters;
    expect(droppedFrames).toBeGreaterThan(0);
    expect(sentFrames + droppedFrames).toBe(2000);
  });

  it("are dropped and counted when they are longer than the MTU, or no frames", async () => {
    const [a, b] = pair(SOCK_DGRAM);
    const here = new Station(await open(a, HERE));
    const there = new Station(await open(b, THERE));
    for (const bytes of [1501, 3000, 1500]) here.link.send(frame(THERE, HERE, bytes, bytes));
    here.link.send(new Uint8Array(23));
    here.link.send(frame(THERE, HERE, 7));
    expect((await there.expect(2)).map(numberOf)).toEqual([1500, 7]);
    await until("three dropped", () => there.link.counters.droppedFrames === 3);
  });

  it("wait until they are asked for", async () => {
    const [a, b] = pair(SOCK_DGRAM);
    const sender = new Station(await open(a, HERE));
    const link = await open(b, THERE);
    for (let number = 0; number < 5; number++) sender.link.send(frame(THERE, HERE, number));
    await turn();
    const there = new Station(link);
    expect((await there.expect(5)).map(numberOf)).toEqual([0, 1, 2, 3, 4]);
  });

  it("end when the other end is closed, with a reason, after the last one", async () => {
    const [a, b] = pair(SOCK_SEQPACKET);
    const here = await open(a, HERE);
    const there = new Station(await open(b, THERE));
    here.send(frame(THERE, HERE, 1));
    await here.close();
    // A copy leaves the original open.
    if (opened.includes(a)) close(opened.splice(opened.indexOf(a), 1)[0] ?? -1);
    expect((await there.expect(1)).map(numberOf)).toEqual([1]);
    await until("gone", () => there.link.gone);
    expect(there.link.reason).toBe(`descriptor ${b} was closed at its other end`);
    expect(there.link.send(frame(HERE, THERE, 2))).toBe(true);
    expect(there.link.counters.droppedFrames).toBe(1);
  });

  it("leave no descriptor open", async () => {
    const count = () => readdirSync("/proc/self/fd").length;
    const before = count();
    for (let round = 0; round < 20; round++) {
      const [a, b] = pair(SOCK_DGRAM);
      const left = new Station(await open(a, HERE));
      const right = new Station(await open(b, THERE));
      left.link.send(frame(THERE, HERE, 1));
      await right.expect(1);
      await Promise.all([left.link.close(), right.link.close(), left.link.close()]);
      expect(left.link.gone).toBe(true);
      expect(left.link.receive(new Uint8Array(65_559))).toBe(0);
      for (const descriptor of opened.splice(0)) close(descriptor);
    }
    expect(count()).toBe(before);
  });
});

it("a copied descriptor can be used again", async () => {
  const [a, b] = pair(SOCK_DGRAM);
  await (await openTapDescriptor(a)).close();
  const again = keep(await openTapDescriptor(a));
  const there = new Station(await copied(b, THERE));
  again.send(frame(THERE, again.mac, 3));
  expect((await there.expect(1)).map(numberOf)).toEqual([3]);
});

it("reads into a memory that has grown", async () => {
  const [a, b] = pair(SOCK_DGRAM);
  const sender = await copied(a, HERE);
  const receiver = new Station(await copied(b, THERE));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 40 });
  for (let pages = 1; pages < 40; pages++) {
    for (const number of [pages, pages + 100]) sender.send(frame(THERE, HERE, number, 1500));
    await until("a frame", () => {
      const into = new Uint8Array(memory.buffer, pages, 1524);
      const bytes = receiver.link.receive(into);
      if (bytes > 0) expect(into.slice(0, bytes)).toEqual(frame(THERE, HERE, pages, 1500));
      return bytes > 0;
    });
    memory.grow(1);
    const into = new Uint8Array(memory.buffer, memory.buffer.byteLength - 1524);
    await until("another", () => receiver.link.receive(into) > 0);
    expect(into).toEqual(frame(THERE, HERE, pages + 100, 1500));
  }
});

it("says what cannot be opened", async () => {
  expect(await loadLibc()).not.toBeNull();
  await expect(openTapDescriptor(987)).rejects.toThrow("--tap-fd 987: this descriptor is not open");
  expect(() => inspectInherited(987)).toThrow("--tap-fd 987: this descriptor is not open");
  await expect(openTap("phantasm-none")).rejects.toThrow(
    "there is no network interface phantasm-none; make one",
  );
});
