/** Streams through the user network, between sockets on loopback and a guest with a small TCP of its own. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../testing/frames.js";
import { openUserNetwork, type UserNetwork, type UserNetworkOptions } from "./network.js";
import { lossy, type Faults } from "./testing/lossy.js";
import {
  ToyStack,
  type ToyConnection,
  type ToyHandlers,
  type ToyOptions,
} from "./testing/toy-stack.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function guest(
  options: UserNetworkOptions = {},
  toy: ToyOptions & { readonly seed?: number; readonly faults?: Faults } = {},
): Promise<{ network: UserNetwork; stack: ToyStack }> {
  const network = await openUserNetwork({ egress: ["allow:host-loopback"], ...options });
  const { seed = 0, faults } = toy;
  const stack = new ToyStack(faults === undefined ? network : lossy(network, seed, faults), toy);
  cleanups.push(
    () => network.close(),
    () => stack.close(),
  );
  return { network, stack };
}

const published = (guestPort: number) =>
  ({ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 0, guestPort }) as const;

async function server(handler: (socket: Socket) => void): Promise<number> {
  const listening: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    handler(socket);
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  cleanups.push(() => listening.close());
  return (listening.address() as AddressInfo).port;
}

function client(port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

function bytes(count: number, seed: number): Buffer {
  const data = Buffer.alloc(count);
  let state = seed;
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[at] = state >>> 24;
  }
  return data;
}

const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

async function readAll(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.resume();
  await once(socket, "end");
  return Buffer.concat(pieces);
}

const ECHO: ToyHandlers = {
  data: (connection, data) => connection.write(Uint8Array.from(data)),
  ended: (connection) => connection.end(),
};

describe("a published port", () => {
  it("reaches an echo server in the guest", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    stack.listen(7, ECHO);
    const socket = client(network.published[0]?.port ?? 0);
    socket.end("hello");
    expect((await readAll(socket)).toString()).toBe("hello");
    await until("the connection has rested", () => network.flows.tcp === 0);
  });

  it.each([1460, 65_480])("carries a megabyte each way in segments of %i", async (mss) => {
    const { network, stack } = await guest({ publish: [published(7)], mtu: mss + 40 }, { mss });
    stack.listen(7, ECHO);
    const data = bytes(3_000_000, mss);
    const socket = client(network.published[0]?.port ?? 0);
    socket.end(data);
    expect(digest(await readAll(socket))).toBe(digest(data));
  });
});

/** What the guest's end of a connection has come to. */
interface Seen {
  connection: ToyConnection | null;
  data: Uint8Array[];
  ended: boolean;
  reset: boolean;
}

function watched(then: ToyHandlers = {}): { seen: Seen; handlers: ToyHandlers } {
  const seen: Seen = { connection: null, data: [], ended: false, reset: false };
  return {
    seen,
    handlers: {
      opened(connection) {
        seen.connection = connection;
        then.opened?.(connection);
      },
      data(connection, data) {
        seen.data.push(Uint8Array.from(data));
        then.data?.(connection, data);
      },
      ended(connection) {
        seen.ended = true;
        then.ended?.(connection);
      },
      reset(connection) {
        seen.reset = true;
        then.reset?.(connection);
      },
    },
  };
}

/** A client of a port, and what its end has come to. */
function watchedClient(port: number) {
  const socket = client(port);
  const seen = { text: "", ended: false, closed: false, error: "" };
  socket.on("data", (data: Buffer) => (seen.text += data.toString()));
  socket.on("end", () => (seen.ended = true));
  socket.on("close", () => (seen.closed = true));
  socket.on("error", (error) => (seen.error = "code" in error ? String(error.code) : ""));
  return { socket, seen };
}

describe("the end of a connection to a published port", () => {
  it("passes half by half: the client ends first, and still hears what comes", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    const { seen, handlers } = watched();
    stack.listen(7, handlers);
    const { socket, seen: heard } = watchedClient(network.published[0]?.port ?? 0);
    socket.end("question");
    await until("the guest has heard the end", () => seen.ended);
    expect(Buffer.concat(seen.data).toString()).toBe("question");
    expect(heard.ended).toBe(false);
    seen.connection?.write(Buffer.from("answer"));
    await until("the client has heard the answer", () => heard.text === "answer");
    expect(heard.ended).toBe(false);
    seen.connection?.end();
    await until("the client is done", () => heard.closed);
    expect(heard).toMatchObject({ ended: true, error: "" });
  });

  it("passes half by half: the guest ends first", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    const { seen, handlers } = watched({
      opened: (connection) => {
        connection.write(Buffer.from("bye"));
        connection.end();
      },
    });
    stack.listen(7, handlers);
    const { socket, seen: heard } = watchedClient(network.published[0]?.port ?? 0);
    await until("the client has heard the end", () => heard.ended);
    expect(heard.text).toBe("bye");
    expect(seen.ended).toBe(false);
    socket.end("late");
    await until("the guest has heard the end", () => seen.ended);
    expect(Buffer.concat(seen.data).toString()).toBe("late");
    await until("nothing is left", () => network.flows.tcp === 0);
  });

  it("is a reset for the client when the guest resets", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    stack.listen(7, { data: (connection) => connection.reset() });
    const { socket, seen } = watchedClient(network.published[0]?.port ?? 0);
    socket.write("x");
    await until("the client is closed", () => seen.closed);
    expect(seen.error).toBe("ECONNRESET");
    expect(network.flows.tcp).toBe(0);
  });

  it("is a reset for the guest when the client resets", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    const { seen, handlers } = watched();
    stack.listen(7, handlers);
    const { socket } = watchedClient(network.published[0]?.port ?? 0);
    socket.write("x");
    await until("the guest has heard", () => seen.data.length > 0);
    socket.resetAndDestroy();
    await until("the guest is reset", () => seen.reset);
    expect(network.flows.tcp).toBe(0);
  });

  it("comes at once where nobody listens in the guest", async () => {
    const { network } = await guest({ publish: [published(7)] });
    const { seen } = watchedClient(network.published[0]?.port ?? 0);
    await until("the client is closed", () => seen.closed);
    expect(seen.error).toBe("ECONNRESET");
  });
});

describe("a guest that is not there yet", () => {
  it("keeps clients waiting until it is", async () => {
    const network = await openUserNetwork({ publish: [published(7)] });
    cleanups.push(() => network.close());
    const { socket, seen } = watchedClient(network.published[0]?.port ?? 0);
    socket.write("early");
    await until("the client is held", () => network.flows.held === 1);
    const stack = new ToyStack(network);
    cleanups.push(() => stack.close());
    stack.listen(7, ECHO);
    await until("the echo is there", () => seen.text === "early");
    expect(network.flows).toEqual({ tcp: 1, udp: 0, held: 0 });
  });

  it("has an address but no answer for a while", async () => {
    const network = await openUserNetwork({ publish: [published(7)] });
    let deaf = 0;
    const slow = lossy(network, 1, {});
    const stack = new ToyStack({
      ...slow,
      get gone() {
        return network.gone;
      },
      receive(into) {
        const bytes = network.receive(into);
        // The first SYN falls on deaf ears.
        if (bytes > 0 && into[23] === 0 && deaf++ === 0) return network.receive(into);
        return bytes;
      },
    });
    cleanups.push(
      () => network.close(),
      () => stack.close(),
    );
    stack.listen(7, ECHO);
    const { socket, seen } = watchedClient(network.published[0]?.port ?? 0);
    socket.write("again");
    await until("the echo is there", () => seen.text === "again");
  });
});

describe("back-pressure", () => {
  it("stops a client whose guest does not read, and lets it go on", async () => {
    const { network, stack } = await guest({ publish: [published(7)] }, { windowBytes: 100_000 });
    const { seen, handlers } = watched({ ended: (connection) => connection.end() });
    let deaf = true;
    stack.listen(7, {
      ...handlers,
      opened: (connection) => {
        handlers.opened?.(connection);
        connection.reading = !deaf;
      },
    });
    const socket = client(network.published[0]?.port ?? 0);
    const data = bytes(8_000_000, 5);
    socket.end(data);
    const taken = () => seen.data.reduce((sum, piece) => sum + piece.length, 0);
    await until("the window is shut", () => taken() > 30_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(taken()).toBeLessThanOrEqual(100_000);
    expect(socket.writableLength).toBeGreaterThan(0);
    deaf = false;
    seen.connection?.resume();
    await until("all has arrived", () => seen.ended);
    expect(digest(Buffer.concat(seen.data))).toBe(digest(data));
  });

  it("stops a guest whose client does not read, and lets it go on", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    const data = bytes(12_000_000, 6);
    const { seen, handlers } = watched({
      opened: (connection) => {
        connection.write(data);
        connection.end();
      },
    });
    stack.listen(7, handlers);
    const socket = client(network.published[0]?.port ?? 0);
    socket.pause();
    await until("the window is shut", () => seen.connection?.peerWindow === 0);
    const left = seen.connection?.queuedBytes ?? 0;
    expect(left).toBeGreaterThan(0);
    socket.end();
    expect(digest(await readAll(socket))).toBe(digest(data));
  });
});

describe("a link that is not perfect", () => {
  it.each([
    ["loss", { loss: 0.05 }],
    ["much loss", { loss: 0.2 }],
    ["duplicates", { duplicate: 0.2 }],
    ["swaps", { swap: 0.2 }],
    ["all of it", { loss: 0.05, duplicate: 0.05, swap: 0.05 }],
  ] as const)(
    "with %s still carries streams exactly, both ways",
    async (_, faults) => {
      const { network, stack } = await guest(
        { publish: [published(7)], mtu: 1500 },
        { seed: 7, faults },
      );
      stack.listen(7, ECHO);
      const data = bytes(60_000, 11);
      const socket = client(network.published[0]?.port ?? 0);
      socket.end(data);
      expect(digest(await readAll(socket))).toBe(digest(data));
    },
    60_000,
  );
});

describe("a connection of the guest", () => {
  it("reaches a server on the host's loopback", async () => {
    const port = await server((socket) => socket.pipe(socket));
    const { stack } = await guest();
    const received: Uint8Array[] = [];
    let ended = false;
    const data = bytes(500_000, 3);
    const connection = stack.connect("10.0.2.2", port, {
      data: (_, piece) => received.push(Uint8Array.from(piece)),
      ended: () => (ended = true),
    });
    connection.write(data);
    connection.end();
    await until("the echo has ended", () => ended);
    expect(digest(Buffer.concat(received))).toBe(digest(data));
  });

  it("is refused when nobody listens there", async () => {
    const { stack } = await guest();
    const { seen, handlers } = watched();
    const free = await server(() => undefined);
    await cleanups.pop()?.();
    stack.connect("10.0.2.2", free, handlers);
    await until("it is reset", () => seen.reset);
  });

  it("is reset by a rule, and counted", async () => {
    const port = await server((socket) => socket.end("secret"));
    const { network, stack } = await guest({ egress: [] });
    const { seen, handlers } = watched();
    stack.connect("10.0.2.2", port, handlers);
    await until("it is reset", () => seen.reset);
    expect(network.counters.egressDenied).toBe(1);
    expect(network.flows.tcp).toBe(0);
  });

  it("ends half by half, whichever side is first", async () => {
    const port = await server((socket) => {
      socket.end("hello");
      socket.on("data", () => undefined);
    });
    const { network, stack } = await guest();
    const { seen, handlers } = watched();
    const connection = stack.connect("10.0.2.2", port, handlers);
    await until("the guest has heard the end", () => seen.ended);
    expect(Buffer.concat(seen.data).toString()).toBe("hello");
    connection.write(Buffer.from("and good-bye"));
    connection.end();
    await until("nothing is left", () => network.flows.tcp === 0);
    expect(seen.reset).toBe(false);
  });

  it("is reset when the server resets", async () => {
    const port = await server((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const { stack } = await guest();
    const { seen, handlers } = watched();
    stack.connect("10.0.2.2", port, handlers).write(Buffer.from("x"));
    await until("it is reset", () => seen.reset);
  });

  it("resets the server when the guest resets", async () => {
    let error = "";
    const port = await server((socket) => {
      socket.on("error", (reason) => (error = "code" in reason ? String(reason.code) : ""));
      socket.resume();
    });
    const { network, stack } = await guest();
    const { seen, handlers } = watched();
    const connection = stack.connect("10.0.2.2", port, handlers);
    await until("it is open", () => seen.connection !== null);
    connection.reset();
    await until("the server has heard", () => error === "ECONNRESET");
    expect(network.flows.tcp).toBe(0);
  });
});

describe("many connections", () => {
  it("come and go without leaving anything", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    stack.listen(7, ECHO);
    const port = network.published[0]?.port ?? 0;
    for (let round = 0; round < 10; round++) {
      const texts = Array.from({ length: 30 }, async (_, at) => {
        const socket = client(port);
        socket.end(`message ${round} ${at}`);
        return (await readAll(socket)).toString();
      });
      const answers = await Promise.all(texts);
      expect(answers).toEqual(Array.from({ length: 30 }, (_, at) => `message ${round} ${at}`));
    }
    expect(network.counters.tcpOpened).toBe(300);
    await until("nothing is left", () => network.flows.tcp === 0);
    expect(network.counters).toMatchObject({ tcpRefused: 0, tcpTimedOut: 0, malformed: 0 });
  });

  it("end with the network", async () => {
    const { network, stack } = await guest({ publish: [published(7)] });
    stack.listen(7, {});
    const { seen } = watchedClient(network.published[0]?.port ?? 0);
    await until("it is open", () => network.counters.tcpOpened === 1);
    await network.close();
    await until("the client is closed", () => seen.closed);
    expect(network.flows).toEqual({ tcp: 0, udp: 0, held: 0 });
    const late = watchedClient(network.published[0]?.port ?? 0);
    await until("nobody listens any more", () => late.seen.error === "ECONNREFUSED");
  });
});
