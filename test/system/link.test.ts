/** What is in an image: only what is reached, no float global, the same bytes everywhere. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyImage } from "@phantasm/seal";
import { expect, test } from "vitest";
import { build, ensureBuilt } from "../../toolchain/dist/build.js";
import { HELLO_CONFIGURATION, HELLO_MAIN, project } from "../support/project.js";

const HELLO = { "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": HELLO_MAIN };

function content(image: Uint8Array): Buffer {
  const code = verifyImage(image).sections.filter(({ id }) => id !== 0);
  return Buffer.concat(code.map(({ offset, end }) => Buffer.from(image.subarray(offset, end))));
}

test("a module that nothing reaches leaves no byte", async () => {
  using plain = project(HELLO);
  using more = project({
    ...HELLO,
    "phantasm.config.ts": `import { console } from "@phantasm/console";
import { clock } from "@phantasm/clock";
import { random } from "@phantasm/random";
import { unikernel } from "phantasm";
export default unikernel("hello", { devices: { clock: clock(), console: console(), random: random() } });
`,
  });
  const small = await build({ directory: plain.directory });
  const large = await build({ directory: more.directory });
  expect(Buffer.from(large.image)).toEqual(Buffer.from(small.image));
  expect(large.warnings.map(({ message }) => message)).toEqual([
    'device "clock" is configured, but main never uses it: it is left out of the image',
    'device "random" is configured, but main never uses it: it is left out of the image',
  ]);
});

test("a hypercall device that nothing reaches is not in the manifest", async () => {
  using made = project({
    ...HELLO,
    "phantasm.config.ts": `import { console } from "@phantasm/console";
import { block } from "@phantasm/block";
import { unikernel } from "phantasm";
export default unikernel("hello", { devices: { disk: block("disk"), console: console() } });
`,
  });
  const { manifest } = await build({ directory: made.directory });
  expect(manifest.devices).toEqual([]);
});

test("memory begins with what static data needs, and with no less than is asked for", async () => {
  const configuration = (memory: string): string => `import { console } from "@phantasm/console";
import { unikernel } from "phantasm";
export default unikernel("hello", { devices: { console: console() }, memory: ${memory}, profile: "debug" });
`;
  using made = project({
    "main.ts": `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  os.console.writeLine(load<u8>(memory.data(100_000)).toString());
}
`,
  });
  for (const [memory, minimum] of [
    [`{ maximum: "1M" }`, 2],
    [`{ minimum: "64K", maximum: "1M" }`, 2],
    [`{ minimum: "256K", maximum: "1M" }`, 4],
  ] as const) {
    made.write({ "phantasm.config.ts": configuration(memory) });
    const { manifest } = await build({ directory: made.directory });
    expect(manifest.memory, memory).toEqual({ minimum, maximum: 16 });
  }
});

test("mutable float and vector globals become integer ones and keep their bits", async () => {
  using made = project({
    "phantasm.config.ts": HELLO_CONFIGURATION,
    "main.ts": `import { Devices } from "./.phantasm/devices";
let single: f32 = 1.5;
let double: f64 = -0.0;
let vector: v128 = i32x4(1, 2, 3, 4);
function bump(by: i32): void {
  single += <f32>by;
  double -= <f64>single;
  vector = i32x4.add(vector, i32x4.splat(by));
}
export function main(os: Devices): void {
  for (let i = 0; i < <i32>os.now + 3; i++) bump(i);
  os.console.writeLine(
    \`\${single} \${double} \${i32x4.extract_lane(vector, 0)} \${i32x4.extract_lane(vector, 3)}\`,
  );
}
`,
  });
  const { image } = await build({ directory: made.directory });
  let printed = "";
  const instance = new WebAssembly.Instance(new WebAssembly.Module(image as BufferSource), {
    phantasm: {
      console_write: (pointer: number, length: number) => {
        const memory = instance.exports["memory"] as WebAssembly.Memory;
        printed += Buffer.from(memory.buffer, pointer, length).toString();
        return length;
      },
      console_read: () => -1,
      abort: () => undefined,
      exit: () => undefined,
    },
  });
  (instance.exports["init"] as () => void)();
  (instance.exports["step"] as (now: bigint, events: number) => bigint)(0n, 0);
  expect(printed).toBe("4.5 -8.5 4 7\n");
  const globals = Object.entries(instance.exports).filter(([name]) => /^g\d+$/.test(name));
  for (const [, global] of globals)
    expect(Number((global as WebAssembly.Global).value)).toSatisfy(Number.isInteger);
});

test("the same sources give the same bytes in another folder and in another process", async () => {
  using first = project(HELLO);
  using second = project({});
  cpSync(first.directory, join(second.directory, "deeper", "down"), { recursive: true });
  const here = await build({ directory: first.directory });
  const again = await build({ directory: first.directory });
  const there = await build({ directory: join(second.directory, "deeper", "down") });
  expect(Buffer.from(again.image)).toEqual(Buffer.from(here.image));
  expect(Buffer.from(there.image)).toEqual(Buffer.from(here.image));
  const script = fileURLToPath(new URL("../support/build.mjs", import.meta.url));
  const digest = execFileSync(process.execPath, [script, first.directory], { encoding: "utf8" });
  expect(digest.trim()).toBe(here.digest);
});

test("the size profile is smaller and runs the same code", async () => {
  using made = project(HELLO);
  const speed = await build({ directory: made.directory });
  made.write({
    "phantasm.config.ts": HELLO_CONFIGURATION.replace("devices:", 'profile: "size", devices:'),
  });
  const size = await build({ directory: made.directory });
  expect(content(size.image).length).toBeLessThan(content(speed.image).length);
});

test("the size profile packs its data, and what fails is told with its line", async () => {
  const lines = Array.from({ length: 60 }, (_, at) => `line ${at} of what the guest has to say`);
  using made = project({
    "phantasm.config.ts": HELLO_CONFIGURATION.replace("devices:", 'profile: "size", devices:'),
    "main.ts": `import { Devices } from "./.phantasm/devices";
const LINES = ${JSON.stringify(lines)};

function check(at: i32): void {
  assert(at < 2, "main: it says too much");
}

export function main(os: Devices): void {
  for (let at = 0; at < LINES.length; at++) {
    check(at);
    os.console.writeLine(LINES[at]);
  }
}
`,
  });
  const { image, path } = await build({ directory: made.directory });
  expect(image.length).toBeLessThan(10_000);
  expect(readFileSync(`${path}.names`, "utf8")).toContain("~lib/@phantasm/runtime/unpack/unpack");
  const command = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "run", path], {
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([100, `${lines[0] ?? ""}\n${lines[1] ?? ""}\n`]);
  expect(stderr).toMatch(/aborted: main: it says too much\n {4}at \w+ \(main\.ts:5:\d+\)\n/);
});

test("the debug profile keeps the application's lines in the source map", async () => {
  using made = project(HELLO);
  const { path } = await build({ directory: made.directory, profile: "debug" });
  expect(path).toBe(join(made.directory, ".phantasm", "hello.debug.wasm"));
  const { sources } = JSON.parse(readFileSync(`${path}.map`, "utf8")) as { sources: string[] };
  expect(sources).toContain("main.ts");
});

test("the hello image stays below 10 kB", async () => {
  using made = project(HELLO);
  expect((await build({ directory: made.directory })).image.length).toBeLessThanOrEqual(10_000);
});

test("the source map names every source it uses and belongs to the image", async () => {
  using made = project(HELLO);
  const { path, digest } = await build({ directory: made.directory });
  const map = JSON.parse(readFileSync(`${path}.map`, "utf8")) as {
    sources: string[];
    sourcesContent: (string | null)[];
    x_phantasm_digest: string;
  };
  expect(map.x_phantasm_digest).toBe(digest);
  expect(map.sources).toContain("~lib/@phantasm/console/output.ts");
  expect(map.sourcesContent.every((text) => text !== null)).toBe(true);
});

test("an image is built again only when an input has changed", async () => {
  using made = project(HELLO);
  expect((await ensureBuilt(made.directory)).result).toBeDefined();
  expect((await ensureBuilt(made.directory)).result).toBeUndefined();
  made.write({ "main.ts": HELLO_MAIN.replace("Hello", "Goodbye") });
  expect((await ensureBuilt(made.directory)).result).toBeDefined();
});

test("the manifest lists modules with digests and bytes, and no driver it does not need", async () => {
  using made = project(HELLO);
  const { manifest } = await build({ directory: made.directory });
  expect(manifest.capabilities).toEqual(["console"]);
  expect(manifest.modules.map(({ name }) => name)).toEqual([
    "@phantasm/console",
    "@phantasm/runtime",
    "assemblyscript",
    "hello",
  ]);
  for (const { bytes } of manifest.modules) expect(bytes).toBeGreaterThan(0);
});
