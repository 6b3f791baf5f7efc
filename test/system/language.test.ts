/** for…of and defer in images, and what is said of those that are not understood. */
import { readFileSync } from "node:fs";
import { parseNames, readFunctionNames } from "@phantasm/seal";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { describe, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { HELLO_CONFIGURATION, diagnosticsOf, project } from "../support/project.js";

const CONFIGURATION = `import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";

export default unikernel("language", { devices: { clock: clock(), console: console() } });
`;

async function output(main: string, profile: "speed" | "size" | "debug"): Promise<string> {
  using made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": main });
  const { image } = await build({ directory: made.directory, profile });
  const host = new VirtualHost(Image.load(image));
  const exit = host.run();
  return `${host.output}(${exit.reason} ${exit.message})`;
}

const EVERYTHING = `import { MILLISECOND, type Clock } from "@phantasm/interfaces";
import type { Random } from "@phantasm/interfaces";
import { Fibre, sleep, spawn } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

let os: Devices | null = null;

function say(text: string): void {
  os!.console.writeLine(text);
}

class Point {
  x: i32 = 0;
  y: i32 = 0;
}

class Ring {
  private readonly values: i32[] = [7, 8];
  get length(): i32 {
    return this.values.length;
  }
  /** Not those that a loop over the ring would find. */
  keys(): i32[] {
    return [70, 80];
  }
  @operator("[]") at(index: i32): i32 {
    return this.values[index];
  }
}

class Registry<T> {
  readonly items: T[] = [];
  values(): StaticArray<i32> {
    return [41, 42];
  }
  indexOf(wanted: T): i32 {
    for (const [index, item] of this.items.entries()) if (item == wanted) return index;
    return -1;
  }
}

class Names {
  static keys(): string[] {
    return ["static"];
  }
}

namespace inner {
  export function sum(numbers: i64[]): i64 {
    let sum: i64 = 0;
    for (const one of numbers) sum += one;
    return sum;
  }
}

const topLevel: string[] = [];
for (const letter of "tôp") topLevel.push(letter);
{
  defer(topLevel.push("deferred"));
  topLevel.push("block");
}

function everyKind(): void {
  for (const x of [1, 2]) say("array " + x.toString());
  const fixed: StaticArray<f64> = [0.5, 1.5];
  for (let x of fixed) {
    x *= 2;
    say("static " + x.toString());
  }
  const bytes = new Uint8Array(2);
  bytes[1] = 250;
  for (const x of bytes) say("bytes " + x.toString());
  const floats = new Float32Array(1);
  for (const x of floats) say("floats " + x.toString());
  const set = new Set<u64>();
  set.add(u64.MAX_VALUE);
  for (const x of set) say("set " + x.toString());
  const points = new Map<string, Point>();
  points.set("a", { x: 1, y: 2 });
  for (const [name, point] of points) say("map " + name + point.y.toString());
  for (const [, point] of points) point.x = 9;
  for (const entry of points) say("entry " + entry.key + entry.value.x.toString());
  for (const key of points.keys()) say("key " + key);
  for (const value of points.values()) say("value " + value.x.toString());
  for (const x of new Ring()) say("ring " + x.toString());
  for (const key of new Ring().keys()) say("own " + key.toString());
  for (const key of Names.keys()) say(key);
  for (const value of new Registry<i32>().values()) say("own " + value.toString());
  const maybe: (Point | null)[] = [null, new Point()];
  for (const point of maybe) say(point == null ? "null" : "point");
  const functions: ((x: i32) => i32)[] = [(x) => x + 1, (x) => x * 10];
  for (const f of functions) say("function " + f(4).toString());
  let last = 0;
  for (last of [5, 6]) {}
  say("last " + last.toString());
  for (const x of [1, 2, 3]) {
    const double = [10, 20].map<i32>((y) => {
      for (const z of [1]) return y + z;
      return 0;
    });
    for (const y of double) {
      if (y == 11) continue;
      say((x * y).toString());
      break;
    }
    if (x == 2) break;
  }
  const registry = new Registry<string>();
  registry.items.push("p");
  registry.items.push("q");
  say("found " + registry.indexOf("q").toString() + registry.indexOf("z").toString());
  say("sum " + inner.sum([1, 2]).toString());
}

function note(text: string): i32 {
  say(text);
  return text.length;
}

class Counter {
  count: i32 = 0;
  next(): this {
    defer(this.count++);
    return this;
  }
  get current(): i32 {
    defer(note("current"));
    return this.count;
  }
}

function deferred(how: i32): i32 {
  defer(note("function"));
  for (const x of [1, 2, 3]) {
    defer(note("loop " + x.toString()));
    if (x == 2 && how == 0) continue;
    if (x == 2 && how == 1) break;
    if (x == 2 && how == 2) {
      defer(note("inner"));
      return note("value");
    }
    switch (how) {
      case 3: {
        defer(note("case"));
        if (x == 1) continue;
        break;
      }
      default:
        note("default");
    }
  }
  const apply = (x: i32): i32 => {
    defer(note("arrow"));
    return x + note("before");
  };
  return apply(1);
}

let cleaned = 0;
function nothing(): void {
  defer([1].forEach((x) => { cleaned += x; }));
  if (cleaned > 0) return note2();
  note("nothing");
}
function note2(): void {
  note("cleaned " + cleaned.toString());
}

class Changer extends Fibre {
  constructor(private readonly map: Map<string, i32>) {
    super("changer");
  }
  run(): i32 {
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 200; i++) this.map.set(round.toString() + "-" + i.toString(), i);
      for (let i = 1; i < 200; i++) this.map.delete(round.toString() + "-" + i.toString());
      os!.heap.collect();
      sleep(MILLISECOND);
      // Takes the places of what was collected.
      for (let size = 8; size < 2000; size += 8) new StaticArray<i32>(size).fill(-1);
    }
    return 0;
  }
}

/** Goes on over a map that another fibre changes, through tables that are collected. */
function whileOthersChange(): void {
  const map = new Map<string, i32>();
  map.set("first", 0);
  const changer = spawn(new Changer(map));
  defer(changer.join());
  let seen = 0;
  for (const [key] of map) {
    sleep(3 * MILLISECOND);
    seen += key.length;
  }
  say("seen " + seen.toString() + " of " + map.size.toString());
}

export function main(devices: Devices): void {
  os = devices;
  defer(say("end of main"));
  say(topLevel.join());
  everyKind();
  for (let how = 0; how < 4; how++) say("= " + deferred(how).toString());
  say(new Counter().next().next().count.toString());
  say(new Counter().current.toString());
  nothing();
  nothing();
  whileOthersChange();
}
`;

const SAID = `t,ô,p,block,deferred
array 1
array 2
static 1.0
static 3.0
bytes 0
bytes 250
floats 0.0
set 18446744073709551615
map a2
entry a9
key a
value 9
ring 7
ring 8
own 70
own 80
static
own 41
own 42
null
point
function 5
function 40
last 6
21
42
found 1-1
sum 3
default
loop 1
loop 2
default
loop 3
before
arrow
function
= 7
default
loop 1
loop 2
before
arrow
function
= 7
default
loop 1
value
inner
loop 2
function
= 5
case
loop 1
case
loop 2
case
loop 3
before
arrow
function
= 7
2
current
0
nothing
cleaned 1
seen 115 of 31
end of main
(exit )`;

describe("an image that uses everything", () => {
  test.each(["speed", "size", "debug"] as const)("runs the same in profile %s", async (profile) => {
    expect(await output(EVERYTHING, profile)).toBe(SAID);
  });
});

test("tables in memory that was in use before, without fibres", async () => {
  const main = `import { TimerHandler, Timer } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

class Rounds implements TimerHandler {
  private count: i32 = 0;
  private sum: i32 = 0;
  private readonly kept: Map<i32, i32>[] = [];

  constructor(private readonly os: Devices) {}

  onTimer(timer: Timer): void {
    for (let size = 8; size < 500; size++) new StaticArray<i32>(size).fill(-1);
    if (this.count++ == 10) {
      this.os.console.writeLine(this.sum.toString());
      return;
    }
    for (let size = 1; size < 50; size++) {
      const map = new Map<i32, i32>();
      for (let i = 0; i < size; i++) map.set(i, i);
      for (const [key] of map) this.sum += key;
      this.kept.push(map);
    }
    this.os.heap.collect();
    this.os.clock.after(1, this);
  }
}

export function main(os: Devices): void {
  os.clock.after(1, new Rounds(os));
}
`;
  expect(await output(main, "speed")).toBe("196000\n(exit )");
});

test("an array with a hole ends the domain at the loop", async () => {
  const main = `import { Devices } from "./.phantasm/devices";
class Point {}
export function main(os: Devices): void {
  for (const point of new Array<Point>(2)) os.exit(point == null ? 1 : 0);
}
`;
  expect(await output(main, "speed")).toBe(
    "(abort for…of met an element that was never set (main.ts:4:23))",
  );
});

describe("an image has nothing in it", () => {
  const main = (body: string): string => `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  const map = new Map<i32, i32>();
  map.set(1, 2);
  ${body}
}
`;
  /** Names of its functions for loops. */
  async function functions(body: string): Promise<readonly string[]> {
    using made = project({ "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": main(body) });
    const { path, digest } = await build({ directory: made.directory, profile: "debug" });
    const names = readFunctionNames(parseNames(readFileSync(`${path}.names`), digest));
    return [...names.values()].filter((name) => name.includes("iteration"));
  }

  test("of loops that are not there", async () => {
    expect(await functions("os.exit(map.get(1));")).toEqual([]);
    expect(await functions("/* At the end:\n */ defer(os.exit(map.get(1)));")).toEqual([]);
    const some = await functions("for (const [key] of map) os.exit(key);");
    expect(some.join()).toContain("newTable");
  });
});

/** What a user reads of a mistake in the function \`test\`, which starts at line 5. */
async function report(body: string, before = ""): Promise<string> {
  const main = `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  test(os);
}
${before}function test(os: Devices): void {
${body}
}
`;
  using made = project({ "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": main });
  return await diagnosticsOf(made.directory, build({ directory: made.directory }));
}

test.each([
  [
    "in the body of a loop",
    `  for (const text of ["a"]) {
    os.exit(text);
  }`,
    `main.ts:7:13: Type 'string' is not assignable to type 'i32'.
      os.exit(text);
              ^^^^`,
  ],
  [
    "a name of a pattern, over lines",
    `  for (const [
    /* of the map */ key, value,
  ] of new Map<string, i32>()) os.exit(key);`,
    `main.ts:8:40: Type 'string' is not assignable to type 'i32'.
    ] of new Map<string, i32>()) os.exit(key);
                                         ^^^`,
  ],
  [
    "a constant of a pattern",
    `  for (const [key] of new Map<i32, i32>()) key++;`,
    `main.ts:6:44: Cannot assign to 'key' because it is a constant or a read-only property.
    for (const [key] of new Map<i32, i32>()) key++;
                                             ^^^`,
  ],
  [
    "a name that there is not, once",
    `  for (const [key, value] of nothing) os.exit(key + value);`,
    `main.ts:6:30: Cannot find name 'nothing'.
    for (const [key, value] of nothing) os.exit(key + value);
                               ^^^^^^^`,
  ],
  [
    "what cannot be looped over",
    `  for (const x of os) os.exit(0);`,
    `main.ts:6:19: Type 'Devices' cannot be looped over
    for (const x of os) os.exit(0);
                    ^^
  for…of goes over arrays, typed arrays, strings, Map and Set.`,
  ],
  [
    "the characters of text have no keys",
    `  for (const x of "text".keys()) os.exit(x);`,
    `main.ts:6:19: Property 'keys' does not exist on type 'string'.
    for (const x of "text".keys()) os.exit(x);
                    ^^^^^^^^^^^^^`,
  ],
  [
    "what may be null",
    `  const list: i32[] | null = null;
  for (const x of list) os.exit(x);`,
    `main.ts:7:19: Type 'Array<i32> | null' is not assignable to type 'Array<i32>'.
    for (const x of list) os.exit(x);
                    ^^^^
  Keep it in a const and test that: if (value != null) …; where it is never null: value!`,
  ],
  [
    "a third part of an entry",
    `  for (const [a, b, c] of new Map<i32, i32>()) os.exit(a + b + c);`,
    `main.ts:6:27: An entry has two parts: [key, value]
    for (const [a, b, c] of new Map<i32, i32>()) os.exit(a + b + c);
                            ^^^^^^^^^^^^^^^^^^^
  Take the others out.`,
  ],
  [
    "two variables",
    `  for (const a, b of [1]) os.exit(a);`,
    `main.ts:6:17: for…of declares one variable
    for (const a, b of [1]) os.exit(a);
                  ^
  Remove the others.`,
  ],
])("a mistake in a loop is told where it is: %s", async (_, body, message) => {
  expect(await report(body)).toBe(message);
});

const IN_A_BLOCK = "Put it in the braces of the block at whose end it is to be evaluated.";

test.each([
  [
    "outside of braces",
    `  if (os.now > 0) defer(os.exit(1));`,
    "6:19: defer stands outside of a block",
  ],
  [
    "in a case",
    `  switch (1) {
    case 1:
      defer(os.exit(1));
  }`,
    "8:7: defer stands outside of a block",
  ],
  [
    "as an arrow function",
    `  [1].forEach((x) => defer(x));`,
    "6:22: defer stands outside of a block",
  ],
  [
    "in an expression",
    `  const x = 1 + defer(os.exit(1));`,
    "6:17: defer is no part of an expression",
  ],
])("defer %s is refused", async (_, body, message) => {
  const text = await report(body);
  expect(text.split("\n")[0]).toBe(`main.ts:${message}`);
  expect(text).toContain(IN_A_BLOCK);
});

test.each([
  [
    "two expressions",
    "",
    `  defer(os.exit(1), os.exit(2));`,
    "6:3: defer takes one expression, not 2",
  ],
  [
    "a name that an inner block declares again, where the block is left",
    "",
    `  const code = 1;
  defer(os.exit(code));
  {
    const code = 2;
    if (code == 2) return;
  }`,
    "9:11: code hides the code that is deferred around it",
  ],
  [
    "a name that a loop declares again",
    "",
    `  const code = 1;
  defer(os.exit(code));
  for (const [code] of new Map<i32, i32>()) if (code == 2) return;`,
    "8:15: code hides the code that is deferred around it",
  ],
  [
    "a name that its block declares later",
    "const code = 1;\n",
    `  defer(os.exit(code));
  const code = 2;`,
    "8:9: code hides the code that is deferred around it",
  ],
  [
    "a name that an inner function has",
    "function code(): i32 { return 1; }\n",
    `  defer(os.exit(code()));
  {
    function code(): i32 { return 2; }
    if (code() == 2) return;
  }`,
    "9:14: code hides the code that is deferred around it",
  ],
  [
    "what is returned, of a type that is not declared",
    "",
    `  [1].map<i32>((x) => {
    defer(os.exit(1));
    return x;
  });`,
    "8:5: The type of what is returned past a defer is not declared",
  ],
  [
    "what is returned, of a type that is declared again",
    "type Code = i32;\nfunction code(): Code { type Code = i64; defer([1].pop()); return [1].pop(); }\n",
    `  os.exit(code());`,
    "6:30: Code hides the Code that the function returns",
  ],
])("defer does not take %s", async (_, before, body, message) => {
  const [first, , , hint] = (await report(body, before)).split("\n");
  expect(first).toBe(`main.ts:${message}`);
  expect(hint).toMatch(/\S/);
});

test("the same names are fine where no block is left past them", async () => {
  const main = `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  const text = "outer";
  defer(os.console.writeLine(text));
  {
    const text = "inner";
    os.console.writeLine(text);
  }
  {
    const text = "second";
    defer(os.console.writeLine(text));
  }
}
`;
  expect(await output(main, "debug")).toBe("inner\nsecond\nouter\n(exit )");
});

test("names of a pattern hide globals that an image does not have", async () => {
  const main = `import { Devices } from "./.phantasm/devices";
class Job {
  exit(): string {
    return "done";
  }
}
export function main(os: Devices): void {
  const jobs = new Map<i32, Job>();
  jobs.set(1, new Job());
  for (const [, process] of jobs) os.console.writeLine(process.exit());
}
`;
  expect(await output(main, "debug")).toBe("done\n(exit )");
});

test("a module's own defer is left alone", async () => {
  const main = `import { Devices } from "./.phantasm/devices";
function defer(code: i32): i32 {
  return code + 1;
}
export function main(os: Devices): void {
  defer(1);
  os.console.writeLine((1 + defer(1)).toString());
}
`;
  expect(await output(main, "debug")).toBe("3\n(exit )");
});
