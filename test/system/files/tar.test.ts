/** Archives that GNU tar makes, read through an image. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VirtualDisk, VirtualHost, VirtualTime } from "@phantasm/host/testing";
import type { Image } from "@phantasm/host";
import { imageOf } from "../drivers/boot.js";
import { writeTree } from "./tree.js";

const CONFIGURATION = `import { block } from "@phantasm/block";
import { console } from "@phantasm/console";
import { tar } from "@phantasm/fs";
import { string, unikernel } from "phantasm";
export default unikernel("archive", {
  devices: { console: console(), site: tar(block("site"), { entriesMax: 2000 }) },
  arguments: { script: string() },
});
`;

const MAIN = `import { sleep } from "@phantasm/fibre";
import { FileList, MICROSECOND } from "@phantasm/interfaces";
import { Probe, Settles } from "./testing-probe";
import { checkReading } from "./testing-reading";
import { Devices } from "./.phantasm/devices";

class Waits implements Settles {
  probe: Probe | null = null;
  settle(): void {
    while (this.probe!.isWaiting) sleep(MICROSECOND);
  }
}

class Walk {
  constructor(private readonly os: Devices, private readonly probe: Probe) {}

  directory(path: string): void {
    const names = this.probe.names(path == "" ? "/" : path);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      const child = path + "/" + name;
      if (name.endsWith("/")) {
        this.os.console.writeLine(child);
        this.directory(path + "/" + name.substring(0, name.length - 1));
        continue;
      }
      this.probe.stat(child);
      const found = this.probe.found;
      const bytes = this.probe.content(child, 5000);
      let sum: u32 = 0;
      for (let at = 0; at < bytes.length; at++) sum = sum * 31 + bytes[at];
      this.os.console.writeLine(child + " " + found.size.toString() + " " + found.modifiedNs.toString() + " " + sum.toString());
    }
  }
}

export function main(os: Devices): void {
  const waits = new Waits();
  const probe = new Probe(os.site, waits);
  waits.probe = probe;
  if (os.arguments.script == "suite") checkReading(probe);
  else if (os.arguments.script == "state") os.console.writeLine(probe.state().toString());
  else new Walk(os, probe).directory("");
  os.console.writeLine("done");
}
`;

let folder = "";
let image: Image;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-tar-"));
  // As files of the application, which may wait; the library OS may not.
  const suite = ["testing-probe.ts", "testing-reading.ts"].map((name) => [
    name,
    readFileSync(new URL(`../../../packages/fs/assembly/${name}`, import.meta.url), "utf8"),
  ]);
  image = await imageOf({
    "phantasm.config.ts": CONFIGURATION,
    "main.ts": MAIN,
    ...(Object.fromEntries(suite) as Record<string, string>),
  });
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An archive of what is in a folder, padded to whole sectors of 4096. */
function archive(from: string, ...options: string[]): Uint8Array {
  const file = join(folder, "archive.tar");
  execFileSync("tar", ["-C", from, "-cf", file, ...options, "."], {
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  const bytes = readFileSync(file);
  return new Uint8Array(Buffer.concat([bytes, Buffer.alloc(-bytes.length & 4095)]));
}

function run(bytes: Uint8Array, script: string, sectorBytes: 512 | 4096 = 512): string[] {
  const time = new VirtualTime();
  const disk = new VirtualDisk(time, bytes, { sectorBytes, latencyNs: 100 });
  const host = new VirtualHost(image, { time, block: { site: disk }, arguments: { script } });
  const { status, message } = host.run();
  expect({ status, message }).toEqual({ status: 0, message: "" });
  return host.output.trimEnd().split("\n");
}

const FORMATS = ["gnu", "pax", "oldgnu"] as const;

test.for([...FORMATS, "ustar"] as const)("%s archives read as every volume does", (format) => {
  const from = join(folder, `suite-${format}`);
  writeTree(from);
  const bytes = archive(from, `--format=${format}`);
  expect(run(bytes, "suite")).toEqual(["done"]);
  expect(run(bytes, "suite", 4096)).toEqual(["done"]);
});

function sum(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = (Math.imul(value, 31) + byte) >>> 0;
  return value;
}

test.for(FORMATS)("%s archives with all that they can hold", (format) => {
  const from = join(folder, `all-${format}`);
  const long = `${"directory with a long name/".repeat(8)}${"ü".repeat(100)}.txt`;
  const content = Buffer.from("text\n".repeat(3000));
  writeTree(from, {
    "a/b": content,
    empty: "",
    [long]: "deep",
    "sparse/after": "x",
    ".hidden": "h",
  });
  mkdirSync(join(from, "void"));
  linkSync(join(from, "a/b"), join(from, "hard"));
  symlinkSync("a/b", join(from, "soft"));
  symlinkSync("../soft", join(from, "a/again"));
  symlinkSync("a", join(from, "directory"));
  symlinkSync("/etc/passwd", join(from, "outside"));
  symlinkSync("none", join(from, "nowhere"));
  execFileSync("mkfifo", [join(from, "pipe")]);
  execFileSync("truncate", ["-s", "3M", join(from, "sparse/holes")]);
  chmodSync(join(from, "empty"), 0o400);
  const bytes = archive(
    from,
    `--format=${format}`,
    "--sparse",
    "--sort=name",
    "--mtime=@1700000000",
  );
  const file = (path: string, text: Uint8Array | string): string => {
    const data = Buffer.from(text);
    return `/${path} ${data.length} 1700000000000000000 ${sum(data)}`;
  };
  const lines = run(bytes, "walk");
  expect(lines.filter((line) => !line.endsWith("/")).sort()).toEqual(
    [
      file("a/b", content),
      file("a/again", content),
      file("hard", content),
      file("soft", content),
      file("empty", ""),
      file(".hidden", "h"),
      file("sparse/after", "x"),
      file(long, "deep"),
      "done",
    ].sort(),
  );
  expect(lines).toContain("/void/");
});

test("what was appended counts, and what was cut is refused", () => {
  const from = join(folder, "appended");
  writeTree(from, { a: "old", b: "b" });
  archive(from);
  writeFileSync(join(from, "a"), "new");
  execFileSync("tar", ["-C", from, "-rf", join(folder, "archive.tar"), "./a"]);
  const bytes = new Uint8Array(readFileSync(join(folder, "archive.tar")));
  const lines = run(bytes, "walk");
  expect(lines.find((line) => line.startsWith("/a "))).toContain(` ${sum(Buffer.from("new"))}`);
  const CORRUPT = "-66";
  const WRONG_FORMAT = "-68";
  expect(run(bytes.slice(0, 2048), "state")).toEqual([CORRUPT, "done"]);
  expect(run(new Uint8Array(10_240), "state")).toEqual([WRONG_FORMAT, "done"]);
});
