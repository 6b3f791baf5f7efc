/** The memory of all streams: bounded, shared, and given back by those that are stalled. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../testing/frames.js";
import { openUserNetwork, type UserNetwork } from "./network.js";
import { Holding, StreamMemory, Waits } from "./tcp/memory.js";
import { ToyStack, type ToyHandlers } from "./testing/toy-stack.js";

const BUDGET = 4 << 20;
/** A segment that is handled before it is counted. */
const SLACK = 65_536;
const HOARDERS = 16;

const ECHO: ToyHandlers = {
  data: (connection, data) => connection.write(Uint8Array.from(data)),
  ended: (connection) => connection.end(),
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function guest(): Promise<{ network: UserNetwork; stack: ToyStack; most: () => number }> {
  const network = await openUserNetwork({
    limits: { tcpBytes: BUDGET },
    publish: [7, 8].map((guestPort) => ({
      protocol: "tcp" as const,
      hostAddress: "127.0.0.1",
      hostPort: 0,
      guestPort,
    })),
  });
  const stack = new ToyStack(network, { windowBytes: 100_000 });
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, network.streamBytes)), 1);
  cleanups.push(
    () => network.close(),
    () => stack.close(),
    () => clearInterval(watch),
  );
  return { network, stack, most: () => most };
}

function client(network: UserNetwork, index: 0 | 1): Socket {
  const socket = connect({ port: network.published[index]?.port ?? 0, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

async function echoed(network: UserNetwork, bytes: number): Promise<number> {
  const socket = client(network, 1);
  let heard = 0;
  socket.on("data", (piece: Buffer) => {
    heard += piece.length;
    if (heard === bytes) socket.end();
  });
  socket.write(Buffer.alloc(bytes));
  await once(socket, "close");
  return heard;
}

describe("the memory of streams", () => {
  it("is bounded where clients do not read, and others are served", async () => {
    const { network, stack, most } = await guest();
    const page = new Uint8Array(12_000_000);
    stack.listen(7, { opened: (connection) => connection.write(page) });
    stack.listen(8, ECHO);
    const hoarders = Array.from({ length: HOARDERS }, () => client(network, 0).pause());
    await Promise.all(hoarders.map((socket) => once(socket, "connect")));
    await until("there is little memory", () => network.streamBytes > BUDGET / 2);
    expect(await echoed(network, 100_000)).toBe(100_000);
    await until("some have made room", () => network.counters.tcpEvicted > 0);
    expect(await echoed(network, 1_000_000)).toBe(1_000_000);
    expect(most()).toBeLessThanOrEqual(BUDGET + SLACK);
    for (const socket of hoarders) socket.destroy();
    await until("nothing is left", () => network.streamBytes === 0);
  });

  it("is bounded where the guest does not read, and others are served", async () => {
    const { network, stack, most } = await guest();
    stack.listen(7, { opened: (connection) => (connection.reading = false) });
    stack.listen(8, ECHO);
    for (let at = 0; at < HOARDERS; at++) client(network, 0).write(Buffer.alloc(4_000_000));
    await until("there is little memory", () => network.streamBytes > (BUDGET * 3) / 4);
    await until("some have made room", () => network.counters.tcpEvicted > 0);
    expect(await echoed(network, 1_000_000)).toBe(1_000_000);
    expect(most()).toBeLessThanOrEqual(BUDGET + SLACK);
  });

  it("keeps a connection until the host has taken its last bytes", async () => {
    const { network, stack } = await guest();
    const page = new Uint8Array(12_000_000);
    stack.listen(7, {
      opened: (connection) => {
        connection.write(page);
        connection.end();
      },
    });
    const socket = client(network, 0).pause();
    socket.end();
    await until("the host holds some", () => network.streamBytes > 100_000);
    expect(network.flows.tcp).toBe(1);
    let heard = 0;
    socket.on("data", (piece: Buffer) => (heard += piece.length));
    socket.resume();
    await once(socket, "close");
    expect(heard).toBe(page.length);
    expect(network.streamBytes).toBe(0);
  });
});

describe("who is stalled", () => {
  it("is who holds something of which nothing has left for a second, in some direction", () => {
    const memory = new StreamMemory(1_000_000);
    const holding = new Holding(memory);
    expect(holding.stalledSinceMs(5_000)).toBe(Infinity);
    holding.set(Waits.FOR_GUEST, 10_000, 0);
    holding.set(Waits.FOR_HOST, 20_000, 500);
    expect(holding.stalledSinceMs(999)).toBe(Infinity);
    expect(holding.stalledSinceMs(1_000)).toBe(0);
    holding.set(Waits.FOR_GUEST, 30_000, 1_000);
    expect(holding.stalledSinceMs(1_000)).toBe(0);
    holding.set(Waits.FOR_GUEST, 29_999, 1_100);
    expect(holding.stalledSinceMs(1_100)).toBe(0);
    holding.set(Waits.FOR_GUEST, 25_000, 1_200);
    expect(holding.stalledSinceMs(1_600)).toBe(500);
    holding.set(Waits.FOR_HOST, 0, 1_600);
    expect(holding.stalledSinceMs(2_200)).toBe(1_200);
    expect(memory.used).toBe(25_000);
  });

  it("is nobody whose bytes wait for a gap to be filled: that may be of our making", () => {
    const memory = new StreamMemory(1_000_000);
    const holding = new Holding(memory);
    holding.set(Waits.FOR_GAP, 10_000, 0);
    expect(memory.used).toBe(10_000);
    expect(holding.bytes).toBe(10_000);
    expect(holding.stalledSinceMs(60_000)).toBe(Infinity);
    holding.set(Waits.FOR_HOST, 10_000, 1_000);
    holding.set(Waits.FOR_GAP, 0, 1_000);
    expect(holding.stalledSinceMs(2_000)).toBe(1_000);
  });

  it("may not take the last of it, who holds little may", () => {
    const memory = new StreamMemory(1_000_000);
    const hoarder = new Holding(memory);
    expect(memory.promise(500_000)).toBe(500_000);
    hoarder.set(Waits.FOR_GUEST, 900_000, 0);
    expect(memory.admits(900_000, 50_000)).toBe(false);
    expect(memory.admits(0, 50_000)).toBe(true);
    expect(memory.admits(0, 150_000)).toBe(false);
    expect(memory.promise(500_000)).toBe(12_500);
  });
});
