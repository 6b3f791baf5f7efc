/** The life of a domain in this thread. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EVERYTHING, image, step } from "../test/images.js";
import { BootError } from "./attach.js";
import { MemoryDisk } from "./backends/block/memory.js";
import { newLinkCounters } from "./backends/link.js";
import { loopbackPair } from "./backends/loopback.js";
import type { NetBackend } from "./backends/types.js";
import { nullConsole } from "./console/types.js";
import { memoryConsole } from "./console/memory.js";
import { Domain, type DomainOptions } from "./domain.js";
import { HostError } from "./exit.js";
import { plainCall } from "./hypercalls/plain.js";
import { CallContext } from "./hypercalls/context.js";
import { MS, SECOND, simulate, VirtualHost } from "./testing/index.js";

const NEVER = "(i64.const 0x7fffffffffffffff)";
const CLOCKED = { capabilities: ["clock", "console"] } as const;

function boot(body: string, options: DomainOptions = {}, parts = {}): Domain {
  const domain = new Domain(image(body, parts), options);
  domain.start();
  return domain;
}

test("hello", async () => {
  const console = memoryConsole();
  const body = `(data (i32.const 16) "hello\\n")
    ${step("(drop (call $console_write (i32.const 16) (i32.const 6))) (call $exit (i32.const 7))")}`;
  const domain = boot(body, { console });
  expect(await domain.exited).toEqual({ status: 7, reason: "exit", message: "", trace: [] });
  expect(domain.exit?.status).toBe(7);
  expect(console.output).toBe("hello\n");
  expect(domain.stats).toEqual({
    steps: 1,
    memoryBytes: 65_536,
    hypercalls: { console_write: 1, exit: 1 },
  });
});

describe("traps", () => {
  test.each([
    ["unreachable", "unreachable", "trap", "unreachable"],
    ["(drop (i32.div_u (i32.const 1) (i32.const 0)))", "divide by zero", "trap", "divide by zero"],
    ["(drop (i32.load (i32.const 65536)))", "out of bounds", "trap", "memory access out of bounds"],
    ["(call $deep)", "overflow", "stack-overflow", "stack overflow"],
  ])("%s", async (code, _title, reason, message) => {
    const body = `(func $deep (local i64 i64) (call $deep) (call $deep)) (func $bad ${code}) ${step("(call $bad)")}`;
    const exit = await boot(body).exited;
    expect(exit).toMatchObject({ status: 101, reason });
    expect(exit.message).toContain(message);
    // imports: exit, abort, console_write, console_read
    const inside = exit.trace.map(({ functionIndex }) => functionIndex);
    if (reason === "trap") expect(inside).toEqual([6, 7]);
    else expect(new Set(inside)).toEqual(new Set([5]));
  });

  test("init may trap too", async () => {
    const exit = await boot(`(func $init unreachable) ${step("")}`).exited;
    expect(exit).toMatchObject({ status: 101, reason: "trap" });
  });

  test("a guest that recurses through a hypercall at the edge of the stack tears nothing", async () => {
    const body = `(func $deep
        (drop (call $console_write (i32.const 0) (i32.const 1))) (call $deep) (call $deep))
      ${step("(call $deep)")}`;
    const domain = boot(body, { console: { ...nullConsole } });
    expect(await domain.exited).toMatchObject({ status: 101, reason: "stack-overflow" });
  });
});

describe("memory", () => {
  const grow = "(drop (memory.grow (i32.const 1)))";

  test("the operator's limit is checked at the next hypercall", async () => {
    const code = `${grow} ${grow} (drop (call $console_write (i32.const 0) (i32.const 1))) (call $exit (i32.const 0))`;
    const console = memoryConsole();
    const exit = await boot(step(code), { console, memoryBytesMax: 2 * 65_536 }).exited;
    expect(exit).toMatchObject({
      status: 102,
      reason: "memory",
      message: "it grew to 196608 bytes of memory; the limit is 131072",
    });
    expect(console.output).toBe("");
  });

  test("… and after a step without one", async () => {
    const domain = boot(step(`${grow} ${grow}`), { memoryBytesMax: 2 * 65_536 });
    expect(await domain.exited).toMatchObject({ status: 102, reason: "memory" });
  });

  test("growth to the limit is fine, and views follow it", async () => {
    const code = `${grow} (i32.store8 (i32.const 65536) (i32.const 33))
      (drop (call $console_write (i32.const 65536) (i32.const 1))) (call $exit (i32.const 0))`;
    const console = memoryConsole();
    const exit = await boot(step(code), { console, memoryBytesMax: 2 * 65_536 }).exited;
    expect(exit.status).toBe(0);
    expect(console.output).toBe("!");
  });

  test("an image that starts above the limit is refused", () => {
    const guest = image(step(""), { memory: { minimum: 2, maximum: 4 } });
    const refused = (): Domain => new Domain(guest, { memoryBytesMax: 65_536 });
    expect(refused).toThrow(BootError);
    expect(refused).toThrow("test starts with 131072 bytes of memory; the limit is 65536.");
  });
});

describe("devices", () => {
  test("each needs a backend", () => {
    const guest = image(step(""), EVERYTHING);
    expect(() => new Domain(guest)).toThrow(/test needs a net device "net0"/);
  });

  test("each backend needs a device", () => {
    const host = new VirtualHost(image(step(""), EVERYTHING));
    expect(host.exit).toBeNull();
    const block = { disk1: {} as never };
    expect(() => new VirtualHost(image(step(""), EVERYTHING), { block })).toThrow(
      'test has no block device "disk1"; did you mean "disk0"?\n  Its block devices: disk0',
    );
  });
});

describe("steps", () => {
  test("follow deadlines, in order, never early", () => {
    const record = `(i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.load8_u (i32.const 8))))
      (i32.store8 (i32.const 8) (i32.add (i32.load8_u (i32.const 8)) (i32.const 1)))
      (drop (call $console_write (i32.const 0) (i32.const 1)))`;
    const body = step(record, "(i64.add (local.get $now) (i64.const 1000000))");
    const host = new VirtualHost(image(body));
    expect(host.output).toBe("0");
    host.advance(MS - 1n);
    expect(host.output).toBe("0");
    host.advance(1n);
    expect(host.output).toBe("01");
    host.advance(3n * MS);
    expect(host.output).toBe("01234");
    expect(host.domain.stats.steps).toBe(5);
  });

  test("a deadline that has passed means again, after the event loop has turned", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const body = `(global $n (mut i32) (i32.const 0)) (export "g0" (global $n))
      ${step("(global.set $n (i32.add (global.get $n) (i32.const 1)))", "(local.get $now)")}`;
    const domain = boot(body);
    await sleep(30);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(domain.stats.steps).toBeGreaterThan(10);
    expect(domain.capture()?.globals[0]).toBe(domain.stats.steps);
    domain.kill();
    await domain.exited;
    expect(domain.stats.steps).toBe(domain.capture()?.globals[0]);
  });

  test("a deadline years ahead neither fires at once nor overflows", async () => {
    const domain = boot(step("", "(i64.const 0x7ffffffffffffffe)"));
    await sleep(20);
    expect(domain.stats.steps).toBe(1);
    domain.kill();
    await domain.exited;
  });

  test("a real timer is met, never early", async () => {
    const code =
      "(if (i64.ge_u (local.get $now) (i64.const 20000000)) (then (call $exit (i32.const 0))))";
    const started = process.hrtime.bigint();
    const domain = boot(step(code, "(i64.const 20000000)"));
    expect((await domain.exited).status).toBe(0);
    expect(process.hrtime.bigint() - started).toBeGreaterThan(20_000_000n);
    expect(domain.stats.steps).toBe(2);
  });

  test("an idle domain takes no processor time", async () => {
    const console = memoryConsole();
    const body = step("(drop (call $console_read (i32.const 0) (i32.const 10)))");
    const domain = boot(body, { console });
    await sleep(50);
    const before = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    expect(domain.stats.steps).toBe(1);
    // The test runner itself ticks now and then.
    expect(user + system).toBeLessThan(50_000);
    console.feed("x");
    await sleep(10);
    expect(domain.stats.steps).toBe(2);
    domain.kill();
    await domain.exited;
  });

  test("waiting for nothing at all is reported", async () => {
    const stuck = await new Promise<string>((resolve) => {
      const domain = boot(step(""), { onStuck: () => resolve("stuck") });
      void domain.exited.then(() => resolve("ended"));
      setTimeout(() => domain.kill(), 50);
    });
    expect(stuck).toBe("stuck");
  });
});

describe("the end", () => {
  const onShutdown =
    "(if (i32.and (local.get $events) (i32.const 1)) (then (call $exit (i32.const 5))))";

  test("SHUTDOWN is seen, and stays", async () => {
    const domain = boot(step(onShutdown));
    await sleep(5);
    domain.shutdown();
    domain.shutdown();
    expect((await domain.exited).status).toBe(5);
  });

  test("who does not end is killed after ten seconds, and sees SHUTDOWN all that time", () => {
    const code = `(if (i32.and (local.get $events) (i32.const 1)) (then
      (drop (call $console_write (i32.const 0) (i32.const 1)))))`;
    const host = new VirtualHost(
      image(step(code, "(i64.add (local.get $now) (i64.const 1000000000))")),
    );
    host.advance(SECOND);
    host.shutdown();
    host.advance(10n * SECOND - 1n);
    expect(host.exit).toBeNull();
    host.advance(1n);
    expect(host.exit).toMatchObject({ status: 137, reason: "killed" });
    expect(host.output.length).toBeGreaterThanOrEqual(10);
  });

  test("kill takes effect at once, also before the start", async () => {
    const domain = new Domain(image(step("")));
    domain.kill();
    expect(await domain.exited).toMatchObject({ status: 137, reason: "killed" });
    expect(() => domain.start()).toThrow("a domain starts once");
  });

  test("a backend may kill the domain that calls it", async () => {
    const code = `(drop (call $console_write (i32.const 0) (i32.const 1)))
      (drop (call $console_write (i32.const 0) (i32.const 1)))`;
    let writes = 0;
    const domain: Domain = new Domain(image(step(code)), {
      console: { ...nullConsole, write: () => (domain.kill(), ++writes) },
    });
    domain.start();
    expect(await domain.exited).toMatchObject({ reason: "killed" });
    expect(writes).toBe(1);
  });

  test("a dead domain cannot call anything", () => {
    const context = new CallContext(65_536);
    context.setMemory(new WebAssembly.Memory({ initial: 1 }));
    context.state = "stepping";
    const options = {
      arguments: new Uint8Array(0),
      clock: { monotonic: () => 0n, wall: () => 0n },
      entropy: { fill: () => undefined },
      originNs: 0n,
    };
    const exit = plainCall(context, options, "exit") as (status: number) => void;
    const clock = plainCall(context, options, "wall_clock") as () => bigint;
    expect(clock()).toBe(0n);
    expect(() => exit(0)).toThrow();
    expect(context.state).toBe("dead");
    expect(() => clock()).toThrow("wall_clock: this domain has ended");
    expect(() => exit(0)).toThrow("exit: this domain has ended");
    expect(context.exit?.status).toBe(0);
  });

  test("a fault of the host is not an exit", async () => {
    const clock = {
      monotonic: () => 0n,
      wall: () => {
        throw new Error("the sundial is in the shade");
      },
    };
    const domain = boot(step("(drop (call $wall_clock))"), { clock }, CLOCKED);
    const error = await domain.exited.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostError);
    expect((error as HostError).cause).toMatchObject({ message: "the sundial is in the shade" });
    expect(domain.exit).toBeNull();
  });

  test("a console that throws is a device that failed", async () => {
    const console = {
      ...nullConsole,
      write: () => {
        throw new Error("out of paper");
      },
    };
    const code = "(drop (call $console_write (i32.const 0) (i32.const 1)))";
    expect(await boot(step(code), { console }).exited).toMatchObject({
      status: 105,
      message: "device console failed: out of paper",
    });
  });

  test("backends that throw at the end keep neither the others open nor the end from being told", async () => {
    const closed: string[] = [];
    const [net] = loopbackPair();
    const disk = new MemoryDisk(65_536);
    const options: DomainOptions = {
      net: {
        net0: Object.assign(Object.create(net) as typeof net, {
          attach: () => undefined,
          close: () => {
            throw new Error("the cable is stuck");
          },
        }),
      },
      block: {
        disk0: Object.assign(Object.create(disk) as typeof disk, {
          attach: () => undefined,
          close: () => Promise.resolve(void closed.push("disk0")),
        }),
      },
    };
    const exit = await boot(step("(call $exit (i32.const 0))"), options, EVERYTHING).exited;
    expect(exit).toMatchObject({
      status: 105,
      message: "device net0 could not be closed: the cable is stuck",
    });
    expect(closed).toEqual(["disk0"]);
    const console = { ...nullConsole, drained: () => Promise.reject(new Error("the drain is")) };
    expect(await boot(step("(call $exit (i32.const 0))"), { console }).exited).toMatchObject({
      status: 105,
      message: "the console could not be closed: the drain is",
    });
  });

  test("a callback that throws at the end is a fault of its own", async () => {
    const onExit = (): void => {
      throw new Error("no");
    };
    const domain = boot(step("(call $exit (i32.const 0))"), { onExit });
    await expect(domain.exited).rejects.toThrow(HostError);
  });

  test("the end of a link is told once, with its reason", async () => {
    const told: string[] = [];
    const net0: NetBackend = {
      mac: new Uint8Array(6),
      mtu: 1500,
      features: 0,
      attach: () => undefined,
      send: () => true,
      receive: () => 0,
      gone: true,
      reason: "the dog ate it",
      counters: newLinkCounters(),
      close: () => Promise.resolve(),
    };
    const receive =
      "(if (i32.ne (call $net_receive (i32.const 0) (i32.const 0) (i32.const 4096)) (i32.const -6)) (then unreachable))";
    const domain = boot(
      step(`${receive} ${receive} (call $exit (i32.const 0))`),
      { net: { net0 }, onLinkGone: (device, reason) => void told.push(`${device}: ${reason}`) },
      { ...EVERYTHING, devices: [{ name: "net0", type: "net", offloads: 0 }] },
    );
    expect(await domain.exited).toMatchObject({ reason: "exit" });
    expect(told).toEqual(["net0: the dog ate it"]);
  });

  test("output is out before the end is reported", async () => {
    const order: string[] = [];
    const console = {
      ...nullConsole,
      drained: () => sleep(20).then(() => void order.push("drained")),
      close: () => void order.push("closed"),
    };
    const onExit = (): void => void order.push("onExit");
    await boot(step("(call $exit (i32.const 0))"), { console, onExit }).exited;
    expect(order).toEqual(["drained", "closed", "onExit"]);
  });
});

describe("the console", () => {
  const write = (bytes: number): string =>
    `(call $console_write (i32.const 0) (i32.const ${bytes}))`;

  test("a full one answers AGAIN, and wakes when there is room", () => {
    const code = `(drop ${write(1000)}) (if (i32.eq ${write(1)} (i32.const -1)) (then (return ${NEVER})))
      (call $exit (i32.const 1))`;
    const console = memoryConsole({ capacityBytes: 1000 });
    const guest = image(step(code));
    const host = new VirtualHost(guest);
    expect(host.exit?.status).toBe(1);
    const domain = new Domain(guest, { console, scheduler: host.time, clock: host.time.clock });
    domain.start();
    host.time.settle();
    expect(domain.stats.steps).toBe(1);
    console.takeOutput();
    host.time.settle();
    expect(domain.stats.steps).toBe(2);
  });

  test("short writes are told", () => {
    const console = memoryConsole({ capacityBytes: 10 });
    const host = new VirtualHost(image(step("")));
    const guest = image(step(`(call $exit ${write(25)})`));
    const domain = new Domain(guest, { console, scheduler: host.time, clock: host.time.clock });
    domain.start();
    host.time.settle();
    expect(domain.exit?.status).toBe(10);
  });

  test("input wakes once for each time it was waited for", () => {
    const code = `(local $n i32) (local.set $n (call $console_read (i32.const 0) (i32.const 64)))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then
        (drop (call $console_write (i32.const 0) (local.get $n))) (return (local.get $now))))
      (if (i32.eqz (local.get $n)) (then (call $exit (i32.const 0))))`;
    const host = new VirtualHost(image(step(code)));
    host.feed("one ");
    host.feed("two ");
    expect(host.output).toBe("one two ");
    expect(host.domain.stats.steps).toBe(5);
    host.end();
    expect(host.exit?.status).toBe(0);
  });
});

test("the same seed gives the same transcript", () => {
  const code = `(call $entropy (i32.const 0) (i32.const 8))
    (drop (call $console_write (i32.const 0) (i32.const 8)))
    (if (i64.gt_u (local.get $now) (i64.const 5000)) (then (call $exit (i32.const 0))))`;
  const guest = image(
    step(code, "(i64.add (local.get $now) (i64.add (i64.const 1) (i64.load8_u (i32.const 0))))"),
    EVERYTHING,
  );
  expect(simulate(guest, { seed: 3 })).toEqual(simulate(guest, { seed: 3 }));
  expect(simulate(guest, { seed: 3 }).elapsedNs).not.toBe(simulate(guest, { seed: 4 }).elapsedNs);
});

test("the state at rest is memory and globals", () => {
  const body = `(global $a (mut i32) (i32.const 1)) (export "g0" (global $a))
    (global $b (mut i64) (i64.const 2)) (export "g1" (global $b))
    ${step("(global.set $a (i32.const 41)) (global.set $b (i64.const -1)) (i32.store8 (i32.const 9) (i32.const 8))")}`;
  const state = new VirtualHost(image(body)).domain.capture();
  expect(state?.globals).toEqual([41, -1n]);
  expect(state?.memory.length).toBe(65_536);
  expect(state?.memory[9]).toBe(8);
});

test("a thousand domains share one thread fairly", async () => {
  const guest = image(
    `(global $n (mut i32) (i32.const 0)) (export "g0" (global $n))
     ${step(
       `(global.set $n (i32.add (global.get $n) (i32.const 1)))
        (if (i32.eq (global.get $n) (i32.const 20)) (then (call $exit (i32.const 0))))`,
       "(i64.const 0)",
     )}`,
  );
  const domains = Array.from({ length: 1000 }, () => new Domain(guest));
  let ended = 0;
  const least: number[] = [];
  for (const domain of domains) {
    void domain.exited.then(() => {
      if (ended++ === 0) least.push(Math.min(...domains.map(({ stats }) => stats.steps)));
    });
    domain.start();
  }
  const exits = await Promise.all(domains.map(({ exited }) => exited));
  expect(new Set(exits.map(({ status }) => status))).toEqual(new Set([0]));
  // When the first has taken its 20 steps, nobody is far behind.
  expect(least[0]).toBeGreaterThanOrEqual(19);
});
