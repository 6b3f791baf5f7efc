/** Semaphores, channels and the like in whole images: with fibres, with handlers alone, with both. */
import { readFileSync } from "node:fs";
import { readFunctionNames, parseNames } from "@phantasm/seal";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { describe, expect, test } from "vitest";
import { build, type BuildResult } from "../../toolchain/dist/build.js";
import { diagnosticsOf, project } from "../support/project.js";

const CONFIGURATION = `import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("waits", { devices: { clock: clock(), console: console() } });
`;

const DEVICES = `import { Devices } from "./.phantasm/devices";\n`;

type Profile = "speed" | "size" | "debug";

interface Built {
  readonly result: BuildResult;
  readonly names: readonly string[];
}

async function built(main: string, profile: Profile = "speed"): Promise<Built> {
  using made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": DEVICES + main });
  const result = await build({ directory: made.directory, profile });
  const names = parseNames(readFileSync(`${result.path}.names`), result.digest);
  return { result, names: [...readFunctionNames(names).values()] };
}

function output({ result }: Built): string {
  const host = new VirtualHost(Image.load(result.image));
  const exit = host.run();
  return `${host.output}(${exit.reason} ${exit.status})`;
}

/** A producer and a consumer that are called, a semaphore between them, and an event at the end. */
const HANDLERS = `
import { Console, MILLISECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import {
  AcquireHandler, Acquirer, CLOSED, Channel, Event, EventHandler, ReceiveHandler, Receiver, Semaphore,
  SendHandler, Sender, Watcher, within,
} from "@phantasm/fibre";

const words = new Channel<string>(1);
const permits = new Semaphore(1);
const done = new Event();

class Producer implements SendHandler<string> {
  private count: i32 = 0;
  onSend(sender: Sender<string>, outcome: i32): void {
    if (++this.count < 4) sender.again("word " + this.count.toString());
    else words.close();
  }
}

class Consumer implements ReceiveHandler<string>, AcquireHandler, TimerHandler {
  private receiver: Receiver<string> | null = null;
  constructor(private readonly os: Devices) {}
  onReceive(receiver: Receiver<string>, outcome: i32): void {
    this.receiver = receiver;
    if (outcome == 0) permits.onAcquire(this);
    else if (outcome == CLOSED) done.set();
  }
  onAcquire(acquirer: Acquirer, outcome: i32): void {
    this.os.clock.after(MILLISECOND, this);
  }
  onTimer(timer: Timer): void {
    const receiver = this.receiver!;
    this.os.console.writeLine(receiver.value);
    permits.release();
    receiver.again();
  }
}

class End implements EventHandler {
  constructor(private readonly console: Console) {}
  onSet(watcher: Watcher, outcome: i32): void {
    this.console.writeLine("end " + outcome.toString());
    if (outcome != 0) watcher.again();
  }
}

export function main(os: Devices): void {
  words.onReceive(new Consumer(os));
  words.onSend("word 0", new Producer());
  done.onSet(new End(os.console), within(2 * MILLISECOND));
  if (words.tryReceive() == 0) os.console.writeLine(words.value);
  if (words.trySend("second") == 0) os.console.writeLine("sent");
}
`;

describe("an image of handlers alone", () => {
  const expected = "sent\nword 0\nsecond\nend -17\nword 1\nword 2\nword 3\nend 0\n(exit 0)";

  test.each(["speed", "size", "debug"] as const)("runs in profile %s", async (profile) => {
    expect(output(await built(HANDLERS, profile))).toBe(expected);
  });

  test("carries nothing of fibres", async () => {
    // In the debug profile every function that was compiled still has its name.
    for (const profile of ["speed", "debug"] as const) {
      const { result, names } = await built(HANDLERS, profile);
      expect(result.suspending).toBeNull();
      expect(
        names.filter((name) => /fibre\/(switch|fibre|table|main|select)\/|Fibre#/.test(name)),
      ).toEqual([]);
    }
  });
});

const FIBRES = `
import { Console, MILLISECOND } from "@phantasm/interfaces";
import {
  ChildFactory, Channel, Condition, Event, Fibre, Group, Mutex, ReceiveHandler, Receiver, Select, Semaphore,
  Supervisor, Terminal, Ticker, sleep, spawn, within,
} from "@phantasm/fibre";

class Stage extends Fibre {
  constructor(private readonly from: Channel<i32>, private readonly to: Channel<string>) { super("stage"); }
  run(): i32 {
    while (this.from.receive() == 0) {
      const outcome = this.to.send("<" + this.from.value.toString() + ">");
      if (outcome != 0) return outcome;
    }
    this.to.close();
    return 0;
  }
}

class Prints implements ReceiveHandler<string> {
  constructor(private readonly console: Console, readonly done: Event) {}
  onReceive(receiver: Receiver<string>, outcome: i32): void {
    if (outcome != 0) this.done.set();
    else {
      this.console.writeLine(receiver.value);
      receiver.again();
    }
  }
}

class Fails extends Fibre {
  constructor(private readonly console: Console) { super("fails"); }
  run(): i32 {
    sleep(MILLISECOND);
    this.console.writeLine("fails");
    return -7;
  }
}

class Makes implements ChildFactory {
  constructor(private readonly console: Console) {}
  create(): Fibre { return new Fails(this.console); }
}

class Locks extends Fibre {
  constructor(private readonly mutex: Mutex, private readonly ready: Condition, private readonly permits: Semaphore) { super(); }
  run(): i32 {
    this.mutex.lock();
    const outcome = this.ready.wait(within(5 * MILLISECOND));
    this.mutex.unlock();
    this.permits.release();
    return outcome;
  }
}

export function main(os: Devices): void {
  const numbers = new Channel<i32>(0);
  const words = new Channel<string>(2);
  const prints = new Prints(os.console, new Event());
  const group = new Group();
  group.spawn(new Stage(numbers, words));
  words.onReceive(prints);
  for (let i = 0; i < 3; i++) numbers.send(i);
  numbers.close();
  os.console.writeLine("joined " + group.join().toString());
  prints.done.wait();

  const supervisor = new Supervisor("top");
  supervisor.restartsMax = 2;
  supervisor.restartDelayMinNs = MILLISECOND;
  supervisor.add(new Makes(os.console));
  const permits = new Semaphore(0);
  const mutex = new Mutex();
  const locks = new Locks(mutex, new Condition(mutex), permits);
  const select = new Select();
  const ended = select.end(spawn(supervisor));
  const permit = select.acquire(permits);
  select.end(spawn(locks));
  for (let i = 0; i < 3; i++) {
    const chosen = select.next();
    os.console.writeLine((chosen == ended ? "supervisor " : chosen == permit ? "permit " : "locks ") + select.outcome.toString());
  }

  const ticker = new Ticker(MILLISECOND);
  ticker.wait();
  const terminal = new Terminal(os.console);
  const line = terminal.readLine(within(MILLISECOND));
  terminal.writeLine(line === null ? "no line " + terminal.outcome.toString() : line);
}
`;

describe("an image of fibres", () => {
  const expected = `<0>
<1>
<2>
joined 0
fails
fails
permit 0
locks -17
fails
supervisor -7
no line -17
(exit 0)`;

  test.each(["speed", "size", "debug"] as const)("runs in profile %s", async (profile) => {
    expect(output(await built(FIBRES, profile))).toBe(expected);
  });
});

test("an image carries only what it uses", async () => {
  const { names } = await built(
    `
import { MILLISECOND } from "@phantasm/interfaces";
import { Fibre, Semaphore, sleep, spawn } from "@phantasm/fibre";

class Worker extends Fibre {
  constructor(private readonly permits: Semaphore) { super(); }
  run(): i32 {
    this.permits.acquire();
    sleep(MILLISECOND);
    this.permits.release();
    return 0;
  }
}

export function main(os: Devices): void {
  const permits = new Semaphore(1);
  for (let i = 0; i < 3; i++) spawn(new Worker(permits));
}
`,
    "debug",
  );
  expect(names.some((name) => name.includes("fibre/semaphore/Semaphore#acquire"))).toBe(true);
  // Of what a waiter may carry, the collector knows the class.
  expect(
    names.filter((name) =>
      /fibre\/(channel|cases|condition|event|group|handler|item|mutex|select|supervisor|terminal|time)\/(?!.*~visit)/.test(
        name,
      ),
    ),
  ).toEqual([]);
});

test("a handler cannot call a method that waits", async () => {
  using made = project({
    "phantasm.config.ts": CONFIGURATION,
    "main.ts": `${DEVICES}
import { Channel, ReceiveHandler, Receiver } from "@phantasm/fibre";

const words = new Channel<string>(1);

class Bad implements ReceiveHandler<string> {
  onReceive(receiver: Receiver<string>, outcome: i32): void {
    words.send(receiver.value);
  }
}

export function main(os: Devices): void {
  words.onReceive(new Bad());
}
`,
  });
  expect(await diagnosticsOf(made.directory, build({ directory: made.directory }))).toContain(
    "main.ts:9:16: Bad#onReceive waits, but the library OS calls it and cannot wait",
  );
});
