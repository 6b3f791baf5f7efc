/** What the build does for fibres: rewrites what can wait, refuses what must not, and nothing otherwise. */
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

const IMPORTS = `import { MILLISECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Fibre, WaitQueue, sleep, spawn, wait, yieldNow } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";
`;

type Profile = "speed" | "size" | "debug";

interface Built {
  readonly result: BuildResult;
  readonly names: readonly string[];
}

async function built(main: string, profile: Profile = "speed"): Promise<Built> {
  using made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": IMPORTS + main });
  const result = await build({ directory: made.directory, profile });
  const names = parseNames(readFileSync(`${result.path}.names`), result.digest);
  return { result, names: [...readFunctionNames(names).values()] };
}

function output({ result }: Built): string {
  const host = new VirtualHost(Image.load(result.image));
  const exit = host.run();
  return `${host.output}(${exit.reason} ${exit.status})`;
}

const WAITING = `
function helper(depth: i32): i32 {
  if (depth == 0) {
    sleep(MILLISECOND);
    return 0;
  }
  return helper(depth - 1) + 1;
}

class First extends Fibre {
  constructor(private readonly label: string, private readonly os: Devices) {
    super(label);
  }
  run(): i32 {
    let sum: f64 = 0.5;
    for (let i = 0; i < 3; i++) {
      sum += <f64>helper(i * 3);
      this.os.console.writeLine(this.label + " " + sum.toString());
      yieldNow();
    }
    return -5;
  }
}

function compare(a: i32, b: i32): i32 {
  return a - b;
}

export function main(os: Devices): void {
  const a = spawn(new First("a", os));
  const b = spawn(new First("b", os));
  const list = [3, 1, 2];
  list.sort(compare);
  const outcome = a.join() + b.join();
  os.console.writeLine(list.toString() + " " + outcome.toString());
}
`;

describe("an image with fibres", () => {
  const expected = "a 0.5\nb 0.5\na 3.5\nb 3.5\na 9.5\nb 9.5\n1,2,3 -10\n(exit 0)";

  test.each(["speed", "size", "debug"] as const)("runs the same in profile %s", async (profile) => {
    expect(output(await built(WAITING, profile))).toBe(expected);
  });

  test("is rewritten only where it can wait", async () => {
    const { result } = await built(WAITING);
    expect(result.suspending).not.toBeNull();
    const own = result.suspending?.filter((name) => name.startsWith("main/"));
    expect(own).toEqual(["main/First#run", "main/helper", "main/main"]);
    expect(result.suspending?.some((name) => name.includes("console"))).toBe(false);
  });

  test("has no trace of Asyncify among its exports and imports", async () => {
    const { result } = await built(WAITING);
    const module = new WebAssembly.Module(new Uint8Array(result.image));
    const all = [...WebAssembly.Module.exports(module), ...WebAssembly.Module.imports(module)];
    expect(all.filter(({ name }) => name.includes("asyncify") || name.includes("wind"))).toEqual(
      [],
    );
  });

  test("is the same bytes every time", async () => {
    const [first, second] = [await built(WAITING), await built(WAITING)];
    expect(second.result.digest).toBe(first.result.digest);
  });
});

test("an image that never waits has nothing of fibres, although it has their library", async () => {
  const { result, names } = await built(`
class Never implements TimerHandler {
  constructor(private readonly os: Devices, private readonly queue: WaitQueue) {}
  onTimer(timer: Timer): void {
    this.os.console.writeLine(this.queue.isEmpty.toString());
  }
}

export function main(os: Devices): void {
  os.clock.after(5, new Never(os, new WaitQueue("nothing")));
}
`);
  expect(result.suspending).toBeNull();
  expect(names.filter((name) => name.includes("fibre/switch") || name.includes("Fibre#"))).toEqual(
    [],
  );
  expect(output({ result, names })).toBe("true\n(exit 0)");
});

test("a class that only a handler makes has its overrides", async () => {
  const late = await built(`
class Worker extends Fibre {
  constructor(private readonly os: Devices) {
    super();
  }
  run(): i32 {
    sleep(1);
    this.os.console.writeLine("late");
    return 0;
  }
}

class Starter implements TimerHandler {
  constructor(private readonly os: Devices) {}
  onTimer(timer: Timer): void {
    spawn(new Worker(this.os));
  }
}

export function main(os: Devices): void {
  os.clock.after(5, new Starter(os));
}
`);
  expect(output(late)).toBe("late\n(exit 0)");
});

describe("what must not wait", () => {
  async function refused(main: string): Promise<string> {
    using made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": IMPORTS + main });
    return await diagnosticsOf(made.directory, build({ directory: made.directory }));
  }

  test("a handler that waits is told so at its call, with the way there", async () => {
    expect(
      await refused(`
function pause(): void {
  sleep(MILLISECOND);
}

class Bad implements TimerHandler {
  onTimer(timer: Timer): void {
    pause();
  }
}

export function main(os: Devices): void {
  os.clock.after(5, new Bad());
}
`),
    )
      .toBe(`main.ts:11:5: Bad#onTimer waits, but the library OS calls it and cannot wait: TimerHandler#onTimer → Bad#onTimer → pause → sleep
      pause();
      ^
  A handler never waits: let it spawn a fibre, or wake one that waits in a WaitQueue.`);
  });

  test("through a function value as well", async () => {
    expect(
      await refused(`
function pause(): void {
  yieldNow();
}

let action: () => void = pause;

class Bad implements TimerHandler {
  onTimer(timer: Timer): void {
    action();
  }
}

export function main(os: Devices): void {
  os.clock.after(5, new Bad());
}
`),
    ).toContain("main.ts:13:5: Bad#onTimer waits");
  });

  test("the comparison of a sort", async () => {
    expect(
      await refused(`
function compare(a: i32, b: i32): i32 {
  yieldNow();
  return a - b;
}

export function main(os: Devices): void {
  const list = [3, 1, 2];
  list.sort(compare);
  os.console.writeLine(list.toString());
}
`),
    ).toContain("main.ts:6:3: compare waits, and sort or join may call it");
  });

  test("a toString that a join calls", async () => {
    expect(
      await refused(`
class Slow {
  toString(): string {
    yieldNow();
    return "slow";
  }
}

export function main(os: Devices): void {
  os.console.writeLine([new Slow(), new Slow()].join());
}
`),
    ).toContain("main.ts:7:5: Slow#toString waits, and sort or join may call it");
  });

  test("a module of the library OS, too", async () => {
    using made = project({
      "phantasm.config.ts": `import { device, unikernel } from "phantasm";
const slow = device({ name: "slow", module: "slow-module", class: "Slow", provides: "Slow", interfaces: "slow-module" });
export default unikernel("waits", { devices: { slow } });
`,
      "main.ts": `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  os.slow.work();
}
`,
      "node_modules/slow-module/package.json": JSON.stringify({
        name: "slow-module",
        version: "1.0.0",
        phantasm: { assembly: "./assembly", provides: ["Slow"] },
      }),
      "node_modules/slow-module/assembly/index.ts": `import { sleep } from "@phantasm/fibre";
export class Slow {
  work(): void {
    sleep(1);
  }
}
`,
    });
    const text = await diagnosticsOf(made.directory, build({ directory: made.directory }));
    expect(text).toContain("node_modules/slow-module/assembly/index.ts:4:11: ");
    expect(text).toContain("Slow#work waits, but slow-module does not say that it may");
  });
});

test("fibres that never wait are rewritten nowhere, and run", async () => {
  const quick = await built(`
class Quick extends Fibre {
  constructor(private readonly os: Devices) {
    super();
  }
  run(): i32 {
    this.os.console.writeLine("quick");
    return 0;
  }
}

export function main(os: Devices): void {
  spawn(new Quick(os));
}
`);
  expect(quick.result.suspending).toEqual([]);
  expect(output(quick)).toBe("quick\n(exit 0)");
});

describe("a fibre that calls too deep", () => {
  const deep = (calls: number): Promise<Built> =>
    built(`
function down(depth: i64): i64 {
  if (depth == 0) {
    sleep(1);
    return 0;
  }
  return down(depth - 1) + 1;
}

export function main(os: Devices): void {
  os.console.writeLine(down(500).toString());
  os.console.writeLine(down(${calls}).toString());
}
`);

  test("and then waits is reported, not corrupted", async () => {
    const host = new VirtualHost(Image.load((await deep(6000)).result.image));
    const exit = host.run();
    expect(host.output).toBe("500\n");
    expect(exit.reason).toBe("abort");
    expect(exit.message).toContain("a fibre waits too deep");
  });

  test("for the engine ends the domain as well", async () => {
    expect(output(await deep(1_000_000))).toBe("500\n(stack-overflow 101)");
  });
});

test.each(["speed", "size", "debug"] as const)(
  "names that Binaryen's lists do not understand, in profile %s",
  async (profile) => {
    const image = await built(
      `
class Box<T> {
  constructor(public v: T) {}
  each(f: (v: T) => i32): i32 {
    return f(this.v);
  }
}

function double(x: i32): i32 {
  return x * 2;
}

const slow: Array<(x: i64) => i64> = [
  (x: i64): i64 => {
    sleep(1000);
    return x;
  },
];

export function main(os: Devices): void {
  const box = new Box<(x: i32) => i32>(double);
  const n = box.each((f: (x: i32) => i32): i32 => f(3));
  os.console.writeLine(n.toString() + " " + slow[0](5).toString());
}
`,
      profile,
    );
    expect(output(image)).toBe("6 5\n(exit 0)");
  },
);

test("a small memory is collected in time", async () => {
  using made = project({
    "phantasm.config.ts": CONFIGURATION.replace(
      "{ devices",
      '{ memory: { maximum: "1M" }, devices',
    ),
    "main.ts": `${IMPORTS}
class Cell {
  constructor(public next: Cell | null) {}
}

let live: Cell | null = null;
let turns = 0;

class Maker extends Fibre {
  run(): i32 {
    for (let k = 0; k < 100; k++) {
      let cell: Cell | null = null;
      for (let i = 0; i < 20; i++) cell = new Cell(cell);
      turns++;
      yieldNow();
    }
    return 0;
  }
}

export function main(os: Devices): void {
  for (let i = 0; i < 9000; i++) {
    live = new Cell(live);
    if (i % 100 == 0) yieldNow();
  }
  for (let i = 0; i < 1000; i++) spawn(new Maker());
  while (turns < 99000) yieldNow();
  os.console.writeLine("done");
}
`,
  });
  const result = await build({ directory: made.directory });
  expect(output({ result, names: [] })).toBe("done\n(exit 0)");
});
