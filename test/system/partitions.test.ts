/** Tables of partitions as sfdisk makes them. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { project } from "../support/project.js";

const SFDISK = ["/usr/sbin/sfdisk", "/sbin/sfdisk"].find((path) => existsSync(path));
if (SFDISK === undefined)
  console.warn(
    "tests with sfdisk are left out: it is not installed (Debian: apt-get install fdisk)",
  );

const PHANTASM = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
const DISK_BYTES = 64 << 20;

/** Of each partition that is asked for: its state, its size, and the number in its first sector. */
const CONFIGURATION = `import { block, partition } from "@phantasm/block";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";
const disk = block("disk");
export default unikernel("partitions", {
  devices: {
    console: console(),
${Array.from({ length: 8 }, (_, i) => `    p${i + 1}: partition(disk, { number: ${i + 1} }),`).join("\n")}
    root: partition(disk, { name: "Wurzel ä" }),
    linux: partition(disk, { type: "linux" }),
    swap: partition(disk, { type: 0x82 }),
  },
});
`;

const MAIN = `import { Block } from "@phantasm/interfaces";
import { Disk } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

function show(os: Devices, name: string, block: Block): void {
  const disk = new Disk(block);
  const sector = new Uint8Array(disk.sectorBytes);
  let status = disk.open();
  if (status == 0) status = disk.read(0, 1, sector);
  os.console.writeLine(
    status == 0 ? \`\${name} \${load<u32>(sector.dataStart)} \${disk.sectors}\` : \`\${name} error \${status}\`,
  );
}

export function main(os: Devices): void {
${Array.from({ length: 8 }, (_, i) => `  show(os, "p${i + 1}", os.p${i + 1});`).join("\n")}
  show(os, "root", os.root);
  show(os, "linux", os.linux);
  show(os, "swap", os.swap);
}
`;

interface Listed {
  readonly node: string;
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly name?: string;
}

describe.skipIf(SFDISK === undefined)("partitions that sfdisk has made", () => {
  let folder: string;
  let image: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "phantasm-partitions-"));
    image = join(folder, "partitions.wasm");
    using made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN });
    await build({ directory: made.directory, output: image });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Makes a disk; the first sector of each partition has its own number in it. */
  function make(script: string): { path: string; partitions: readonly Listed[] } {
    const path = join(folder, "disk.img");
    rmSync(path, { force: true });
    writeFileSync(path, "");
    truncateSync(path, DISK_BYTES);
    execFileSync(SFDISK ?? "", ["--quiet", path], { input: script });
    const listed = execFileSync(SFDISK ?? "", ["--json", path], { encoding: "utf8" });
    const { partitions } = (
      JSON.parse(listed) as { partitiontable: { partitions: readonly Listed[] } }
    ).partitiontable;
    const file = openSync(path, "r+");
    for (const { start, type } of partitions) {
      if (type === "5" || type === "f") continue;
      const mark = Buffer.alloc(4);
      mark.writeUInt32LE(start);
      writeSync(file, mark, 0, 4, start * 512);
    }
    closeSync(file);
    return { path, partitions };
  }

  /** What the image says of them. */
  function seen(path: string): Record<string, string> {
    const output = execFileSync(
      process.execPath,
      [PHANTASM, "run", image, "--block", `disk=${path}`],
      {
        encoding: "utf8",
      },
    );
    return Object.fromEntries(
      output
        .trimEnd()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
    );
  }

  function said({ start, size }: Listed | undefined = { node: "", start: 0, size: 0, type: "" }) {
    return `${start} ${size}`;
  }

  const GPT = `label: gpt
1: size=8MiB, type=U
2: size=16MiB, type=S
4: size=10MiB, type=L, name="Wurzel ä"
7: type=L, name="rest"
`;

  test("GPT", () => {
    const { path, partitions } = make(GPT);
    expect(partitions.length).toBe(4);
    const [efi, swap, root, rest] = partitions;
    const none = "error -64";
    const expected = {
      p1: said(efi),
      p2: said(swap),
      p3: none,
      p4: said(root),
      p5: none,
      p6: none,
      p7: said(rest),
      p8: none,
      root: said(root),
      linux: said(root),
      swap: none,
    };
    expect(seen(path)).toEqual(expected);

    // Without the table at the beginning, by the one at the end: sfdisk agrees that it is there.
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(33 * 512), 0, 33 * 512, 512);
    closeSync(file);
    const listed = execFileSync(SFDISK ?? "", ["--json", path], {
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(listed).toContain("Wurzel ä");
    expect(seen(path)).toEqual(expected);
  });

  test("MBR with logical partitions", () => {
    const { path, partitions } = make(`label: dos
1: size=8MiB, type=c
2: size=40MiB, type=5
3: type=82
5: size=4MiB, type=83
6: size=5MiB, type=83
7: size=6MiB, type=82
`);
    const byNumber = new Map(partitions.map((one) => [Number(/\d+$/.exec(one.node)?.[0]), one]));
    expect([...byNumber.keys()].sort()).toEqual([1, 2, 3, 5, 6, 7]);
    const none = "error -64";
    expect(seen(path)).toEqual({
      p1: said(byNumber.get(1)),
      p2: none,
      p3: said(byNumber.get(3)),
      p4: none,
      p5: said(byNumber.get(5)),
      p6: said(byNumber.get(6)),
      p7: said(byNumber.get(7)),
      p8: none,
      root: none,
      linux: none,
      swap: said(byNumber.get(3)),
    });
    // A link of the chain that sfdisk has removed is not counted.
    execFileSync(SFDISK ?? "", ["--quiet", "--delete", path, "5"]);
    expect(seen(path)).toMatchObject({
      p5: said(byNumber.get(6)),
      p6: said(byNumber.get(7)),
      p7: none,
    });
  });

  test("no table", () => {
    const { path } = make(GPT);
    const bytes = readFileSync(path);
    bytes.fill(0, 0, 512);
    writeFileSync(path, bytes);
    expect(seen(path)["p1"]).toBe("error -68");
  });
});
