/** Images whose top-level code has run while they were built: what they are, and what a user is told. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Domain, Image, memoryConsole } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { describe, expect, test } from "vitest";
import { build, type BuildResult } from "../../toolchain/dist/build.js";
import { diagnosticsOf, HELLO_CONFIGURATION, project, type Project } from "../support/project.js";

type Profile = "speed" | "size" | "debug";

const PHANTASM = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
const IMPORT = `import { Devices } from "./.phantasm/devices";\n`;

/** Tables as a checksum has them, a map, and floating point with a NaN that is computed. */
const TABLES = `${IMPORT}
const table = new StaticArray<u32>(1024);
const names = new Map<string, i32>();
let ratio: f64 = 0;
let nan: f64 = 0;

function prepare(count: i32): void {
  for (let n = 0; n < table.length; n++) {
    let c: u32 = n;
    for (let k = 0; k < 64; k++) c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  for (let i = 0; i < count; i++) names.set("name" + i.toString(), i);
  ratio = <f64>count / 3;
  nan = (ratio - ratio) / (ratio - ratio);
}

prepare(500);

export function main(os: Devices): void {
  let sum: u32 = 0;
  for (let i = 0; i < table.length; i++) sum += table[i];
  names.set("more", 1);
  os.console.writeLine(\`\${sum} \${names.size} \${names.get("name77")} \${ratio} \${nan}\`);
  ratio = <f64>sum;
  nan = ratio;
}
`;

function sources(main: string): Project {
  return project({ "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": main });
}

async function built(main: string, profile: Profile = "speed"): Promise<BuildResult> {
  using made = sources(main);
  return await build({ directory: made.directory, profile });
}

function output({ image }: BuildResult): string {
  const host = new VirtualHost(Image.load(image));
  const exit = host.run();
  return `${host.output}(${exit.reason} ${String(exit.status)} ${exit.message})`;
}

/** Memory and globals before the first step. */
function initial({ image }: BuildResult): { memory: Uint8Array; globals: unknown } {
  const domain = new Domain(Image.load(image), { console: memoryConsole() });
  domain.start();
  const state = domain.capture();
  domain.kill();
  return { memory: state?.memory ?? new Uint8Array(0), globals: state?.globals };
}

describe("an image that starts with its tables", () => {
  test("says what it says when it makes them itself", async () => {
    const [speed, debug] = await Promise.all([built(TABLES), built(TABLES, "debug")]);
    expect(speed.frozen).toBe(true);
    expect(debug.frozen).toBe(false);
    expect(output(speed)).toBe(output(debug));
    expect(output(speed)).toContain("501 77 166.66666666666667 NaN");
    const { memory } = initial(speed);
    expect(speed.manifest.memory.minimum).toBe(memory.length / 65_536);
  });

  test("has no instructions left in init", async () => {
    const { image } = await built(TABLES);
    const before = initial({ image } as BuildResult);
    const module = new WebAssembly.Module(image as BufferSource);
    const phantasm = Object.fromEntries(
      WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]),
    );
    const { exports } = new WebAssembly.Instance(module, { phantasm });
    const { buffer } = exports["memory"] as WebAssembly.Memory;
    expect(Buffer.compare(new Uint8Array(buffer), before.memory)).toBe(0);
  });

  test("carries none of its zeros", async () => {
    const sparse = await built(`${IMPORT}
      const first = new StaticArray<u8>(100_000);
      const second = new StaticArray<u8>(100_000);
      for (let i = 0; i < 300_000; i++) first[i % 100_000] = <u8>(i == 299_999);
      second[70_000] = 1;
      export function main(os: Devices): void {
        os.console.writeLine(\`\${first[99_999] + second[70_000] + first[5]}\`);
      }`);
    expect(sparse.frozen).toBe(true);
    expect(sparse.manifest.memory.minimum).toBeGreaterThanOrEqual(4);
    expect(sparse.image.length).toBeLessThan(20_000);
    expect(output(sparse)).toBe("2\n(exit 0 )");
  });

  test("is the same in any process and in any version of Node", async () => {
    using made = sources(TABLES);
    const { digest, frozen } = await build({ directory: made.directory });
    expect(frozen).toBe(true);
    const script = fileURLToPath(new URL("../support/build.mjs", import.meta.url));
    const others = (process.env["PHANTASM_TEST_NODES"] ?? "").split(":").filter(existsSync);
    for (const node of [process.execPath, ...others]) {
      const tiers = [[], ["--no-wasm-tier-up"], ["--no-liftoff"]];
      for (const flags of node === process.execPath ? tiers : [[]]) {
        const other = execFileSync(node, [...flags, script, made.directory], { encoding: "utf8" });
        expect(`${node} ${flags.join(" ")} ${other.trim()}`).toBe(
          `${node} ${flags.join(" ")} ${digest}`,
        );
      }
    }
  });
});

describe("what does not pay", () => {
  /** Memory that a loop fills is loaded more slowly than it is made. */
  const FILL = `${IMPORT}
    const bytes = new StaticArray<u8>(200_000);
    memory.fill(changetype<usize>(bytes), 7, 200_000);
    export function main(os: Devices): void {
      os.console.writeLine(\`\${bytes[199_999]}\`);
    }`;

  test("is done at each boot", async () => {
    const fill = await built(FILL);
    expect(fill.frozen).toBe(false);
    expect(fill.image.length).toBeLessThan(30_000);
    expect(output(fill)).toBe("7\n(exit 0 )");
  });

  test("in the size profile is whatever makes the image larger", async () => {
    const [size, speed] = await Promise.all([built(TABLES, "size"), built(TABLES)]);
    expect(size.frozen).toBe(false);
    expect(size.image.length).toBeLessThan(speed.image.length);
    expect(output(size)).toBe(output(speed));
  });
});

test("a fault later on is still told at its line", async () => {
  using made = sources(`${IMPORT}
const table = new StaticArray<i32>(1000);
for (let round = 0; round < 100; round++)
  for (let i = 0; i < table.length; i++) table[i] = i * i;

function look(at: i32): i32 {
  return table[at] / (table[at] - 81);
}

export function main(os: Devices): void {
  for (let at = 0; at < 20; at++) os.console.writeLine(\`\${look(at)}\`);
}
`);
  const { frozen } = await build({ directory: made.directory });
  const { status, stderr } = spawnSync(process.execPath, [PHANTASM, "run", made.directory], {
    encoding: "utf8",
  });
  expect([frozen, status]).toEqual([true, 101]);
  expect(stderr).toContain("main.ts:8:10");
});

describe("top-level code that fails", () => {
  const told = async (main: string): Promise<string> => {
    using made = sources(IMPORT + main);
    return await diagnosticsOf(made.directory, build({ directory: made.directory }));
  };
  const MAIN = "export function main(os: Devices): void { os.console.writeLine(`${x}`); }\n";
  const HINT =
    "  It runs before main, and was run while the image was built: it has no devices and no arguments.";

  test("stops the build at its line", async () => {
    expect(
      await told(
        `function f(n: i32): i32 {\n  assert(n > 5, "too few");\n  return n;\n}\nlet x = f(3);\n${MAIN}`,
      ),
    ).toBe(
      `main.ts:3:17: top-level code fails at every boot: too few
    assert(n > 5, "too few");
                  ^
${HINT}`,
    );
  });

  test("in a library is told at the application's call", async () => {
    expect(
      await told(
        `const list = [1, 2];\nlet x = 1;\nfor (let i = 0; i < 3; i++) x += list[i];\n${MAIN}`,
      ),
    ).toBe(
      `main.ts:4:34: top-level code fails at every boot: Index out of range
  for (let i = 0; i < 3; i++) x += list[i];
                                   ^
${HINT}`,
    );
  });

  test("in the debug profile fails at the boot, where a debugger sees it", async () => {
    const debug = await built(`${IMPORT}let zero = 0;\nlet x = 1 / zero;\n${MAIN}`, "debug");
    expect(output(debug)).toBe("(trap 101 divide by zero)");
  });
});

test("top-level code that does not end is left to the boot, and told", async () => {
  const { warnings, frozen } = await built(
    `${IMPORT}let x = 1;\nwhile (x != 0) x += 2;\nexport function main(os: Devices): void {\n  os.console.writeLine(\`\${x}\`);\n}\n`,
  );
  expect(frozen).toBe(false);
  expect(warnings).toMatchObject([
    { message: "top-level code takes too long for a build, if it ends at all", line: 3 },
  ]);
});
