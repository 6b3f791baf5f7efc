/** Files that are baked into an image. */
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Image } from "@phantasm/host";
import { build, ensureBuilt, type BuildResult } from "../../../toolchain/dist/build.js";
import { project } from "../../support/project.js";
import { boot } from "../drivers/boot.js";
import { writeTree } from "./tree.js";

function configuration(devices: string, rest = ""): string {
  return `import { console } from "@phantasm/console";
import { files } from "@phantasm/fs";
import { unikernel } from "phantasm";
export default unikernel("baked", {
  devices: { console: console(), ${devices} },
  ${rest}
});
`;
}

/** Prints what is known of each path of the list, and the content as text. */
const PRINT = `import { FileStat, Files, FilesHandler, OpenFlag } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

class Nobody implements FilesHandler {
  onFiles(tag: i32, result: i32): void {}
}

function show(os: Devices, files: Files, path: string): void {
  const nobody = new Nobody();
  const stat = new FileStat();
  const found = files.stat(path, stat, nobody, 0);
  if (found < 0) return os.console.writeLine(path + " " + found.toString());
  os.console.writeLine([path, stat.size.toString(), stat.modifiedNs.toString(), stat.digest, stat.mediaType].join("|"));
  if (files.open(path, OpenFlag.READ, nobody, 0) < 0) return;
  const file = files.takeFile();
  let hex = "";
  for (let at: usize = 0; at < <usize>file.size; at++) hex += load<u8>(file.address + at).toString(16).padStart(2, "0");
  os.console.writeLine(hex);
}
`;

function printing(...shown: (readonly [device: string, path: string])[]): string {
  const calls = shown.map(([device, path]) => `show(os, os.${device}, "${path}");`).join("\n");
  return `${PRINT}export function main(os: Devices): void {\n${calls}\n}\n`;
}

async function lines({ image }: Pick<BuildResult, "image">): Promise<string[]> {
  const ended = await boot(Image.load(image), {}).end();
  expect(ended.message).toBe("");
  return ended.lines;
}

function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

const SUITE = `import { Probe, Settled, checkReading } from "@phantasm/fs/testing";
import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void {
  checkReading(new Probe(os.pages, new Settled()));
  os.console.writeLine("as every volume does");
}
`;

test("they read as every volume does, in each profile", async () => {
  using made = project({
    "phantasm.config.ts": configuration(`pages: files("./htdocs")`),
    "main.ts": SUITE,
  });
  writeTree(join(made.directory, "htdocs"));
  for (const profile of ["speed", "size", "debug"] as const) {
    const built = await build({ directory: made.directory, profile });
    expect(await lines(built)).toEqual(["as every volume does"]);
    const [data] = built.manifest.data ?? [];
    expect(data?.name).toBe("pages");
    expect(data?.bytes).toBeGreaterThan(100_000);
  }
});

test("what is known of a file", async () => {
  using made = project({
    "phantasm.config.ts": configuration(
      `pages: files("htdocs", { mediaTypes: { gpx: "application/gpx+xml" }, modified: new Date(5) }), other: files("htdocs")`,
    ),
    "main.ts": printing(
      ["pages", "/a.html"],
      ["pages", "/b.gpx"],
      ["pages", "/c"],
      ["pages", "/d"],
      ["other", "/b.gpx"],
      ["other", "/.htaccess"],
      ["other", "/.well-known/x.json"],
    ),
    "htdocs/a.html": "hi",
    "htdocs/b.gpx": "hi",
    "htdocs/c": "",
    "htdocs/d/e": "",
    "htdocs/.htaccess": "secret",
    "htdocs/.well-known/x.json": "{}",
  });
  const hi = sha256("hi").slice(0, 32);
  const shown = await lines(await build({ directory: made.directory }));
  expect(shown.filter((line) => line.includes("|") || line.includes(" "))).toEqual([
    `/a.html|2|5000000|${hi}|text/html; charset=utf-8`,
    `/b.gpx|2|5000000|${hi}|application/gpx+xml`,
    `/c|0|5000000|${sha256("").slice(0, 32)}|`,
    "/d|0|5000000||",
    `/b.gpx|2|0|${hi}|`,
    "/.htaccess -64",
    `/.well-known/x.json|2|0|${sha256("{}").slice(0, 32)}|application/json`,
  ]);
});

test("compressed files lie beside those that get smaller, and are not listed", async () => {
  const text = "All work and no play makes Jack a dull boy.\n".repeat(50);
  // A hash of a hash of … cannot be made smaller.
  let noise = Buffer.from("seed");
  const parts = Array.from(
    { length: 40 },
    () => (noise = createHash("sha256").update(noise).digest()),
  );
  const list = `import { FileList } from "@phantasm/interfaces";\n${printing(
    ["pages", "/text.txt.gz"],
    ["pages", "/text.txt.br"],
    ["pages", "/noise.bin.gz"],
    ["pages", "/own.txt.gz"],
  ).replace(
    "export function main(os: Devices): void {",
    `export function main(os: Devices): void {
  const list = new FileList();
  os.pages.list("/", "", list, new Nobody(), 0);
  os.console.writeLine(list.names.join());`,
  )}`;
  using made = project({
    "phantasm.config.ts": configuration(`pages: files("htdocs", { precompress: ["br", "gzip"] })`),
    "main.ts": list,
    "htdocs/text.txt": text,
    "htdocs/own.txt": text,
    "htdocs/own.txt.gz": "mine",
  });
  writeFileSync(join(made.directory, "htdocs/noise.bin"), Buffer.concat(parts));
  const first = await build({ directory: made.directory });
  const [names, , gz = "", , br = "", noGz, , own] = await lines(first);
  expect(names).toBe("noise.bin,own.txt,own.txt.gz,text.txt");
  expect(gunzipSync(Buffer.from(gz, "hex")).toString()).toBe(text);
  expect(brotliDecompressSync(Buffer.from(br, "hex")).toString()).toBe(text);
  expect(noGz).toBe("/noise.bin.gz -64");
  expect(Buffer.from(own ?? "", "hex").toString()).toBe("mine");
  // The second time from the cache.
  expect((await build({ directory: made.directory })).digest).toBe(first.digest);
});

test("the collector never looks at them, whatever they hold", async () => {
  // Bytes like addresses of the heap, and like headers of objects.
  const words = Uint32Array.from({ length: 50_000 }, (_, at) => 0x2000 + 4 * at);
  using made = project({
    "phantasm.config.ts": configuration(`pages: files("htdocs")`),
    "main.ts": `import { FileStat, FilesHandler, MILLISECOND } from "@phantasm/interfaces";
import { sleep } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";
class Nobody implements FilesHandler { onFiles(tag: i32, result: i32): void {} }
export function main(os: Devices): void {
  const stat = new FileStat();
  const kept: string[] = [];
  let garbage: string[] = [];
  for (let round = 0; round < 50; round++) {
    os.pages.stat("/a", stat, new Nobody(), 0);
    kept.push(stat.digest);
    garbage = [];
    for (let i = 0; i < 2000; i++) garbage.push("garbage " + i.toString());
    os.heap.collect();
    sleep(1000);
  }
  for (let i = 0; i < kept.length; i++) assert(kept[i] == stat.digest && kept[i].length == 32);
  os.console.writeLine(stat.digest + stat.mediaType);
}
`,
  });
  writeTree(join(made.directory, "htdocs"), { a: new Uint8Array(words.buffer) });
  const built = await build({ directory: made.directory });
  expect(await lines(built)).toEqual([sha256(new Uint8Array(words.buffer)).slice(0, 32)]);
  expect(built.warnings).toEqual([]);
});

test("times, order and place of the files make no difference; equal data lie there once", async () => {
  const main = printing(["pages", "/c/d"], ["others", "/c/d"]);
  const config = configuration(`pages: files("one"), others: files("two")`);
  using made = project({ "phantasm.config.ts": config, "main.ts": main });
  using again = project({ "phantasm.config.ts": config, "main.ts": main });
  const content = "x".repeat(100_000);
  writeTree(join(made.directory, "one"), { a: content, b: content, "c/d": "1" });
  writeTree(join(made.directory, "two"), { a: content, b: content, "c/d": "1" });
  writeTree(join(again.directory, "two"), { "c/d": "1", b: content, a: content });
  writeTree(join(again.directory, "one"), { b: content, "c/d": "1", a: content });
  utimesSync(join(again.directory, "one", "a"), 1000, 1000);
  const [first, second] = [
    await build({ directory: made.directory }),
    await build({ directory: again.directory }),
  ];
  expect(second.digest).toBe(first.digest);
  expect(first.manifest.data).toHaveLength(1);
  expect(first.image.length).toBeLessThan(130_000);
  const [, one, , two] = await lines(first);
  expect(two).toBe(one);
});

test("what main does not reach leaves no byte", async () => {
  const main = `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void { os.console.writeLine("hello"); }
`;
  using made = project({
    "phantasm.config.ts": configuration(`pages: files("htdocs")`),
    "main.ts": main,
    "htdocs/a": "a".repeat(100_000),
  });
  using plain = project({ "phantasm.config.ts": configuration(""), "main.ts": main });
  const built = await build({ directory: made.directory });
  expect(built.warnings).toHaveLength(1);
  expect(built.digest).toBe((await build({ directory: plain.directory })).digest);
});

test("memory begins large enough, and 16M beside the files are what it may grow to", async () => {
  using made = project({
    "phantasm.config.ts": configuration(`pages: files("htdocs")`),
    "main.ts": `${PRINT}
export function main(os: Devices): void {
  const kept: Uint8Array[] = [];
  for (let i = 0; i < 10; i++) kept.push(new Uint8Array(1 << 20).fill(i));
  show(os, os.pages, "/b");
}
`,
  });
  writeTree(join(made.directory, "htdocs"), { a: new Uint8Array(20 << 20).fill(1), b: "b" });
  const built = await build({ directory: made.directory });
  expect(built.manifest.memory.minimum).toBeGreaterThanOrEqual(320);
  expect(built.manifest.memory.maximum).toBe(256 + 321);
  expect((await lines(built))[1]).toBe("62");
  writeFileSync(
    join(made.directory, "phantasm.config.ts"),
    configuration(`pages: files("htdocs")`, `memory: { maximum: "8M" },`),
  );
  await expect(build({ directory: made.directory })).rejects.toThrow(
    /memory.maximum is 128 pages of 64 KiB, and the data of the devices ends in page 3\d\d/,
  );
});

test("an image is built again when a file comes, goes or changes", async () => {
  using made = project({
    "phantasm.config.ts": configuration(`pages: files("htdocs")`),
    "main.ts": printing(["pages", "/a"]),
    "htdocs/a": "1",
    "htdocs/d/b": "2",
  });
  const { directory } = made;
  const builds = async (): Promise<boolean> => (await ensureBuilt(directory)).result !== undefined;
  expect(await builds()).toBe(true);
  expect(await builds()).toBe(false);
  writeFileSync(join(directory, "htdocs/a"), "3");
  expect(await builds()).toBe(true);
  writeFileSync(join(directory, "htdocs/d/c"), "4");
  expect(await builds()).toBe(true);
  rmSync(join(directory, "htdocs/d/c"));
  expect(await builds()).toBe(true);
  expect(await builds()).toBe(false);
});

describe("mistakes are shown at the line of the configuration", () => {
  interface Mistake {
    readonly expected: string;
    readonly devices?: string;
    readonly make?: (directory: string) => void;
  }

  async function refused({ expected, devices = `files("htdocs")`, make }: Mistake): Promise<void> {
    using made = project({
      "phantasm.config.ts": configuration(`\n    pages: ${devices},\n  `),
      "main.ts": printing(["pages", "/a"]),
      "htdocs/a": "a",
    });
    make?.(join(made.directory, "htdocs"));
    const error = (await build({ directory: made.directory }).catch(
      (thrown: unknown) => thrown,
    )) as {
      diagnostics?: { message: string; file?: string; line?: number }[];
    };
    expect(
      error.diagnostics?.map(
        ({ message, file, line }) => `${file?.slice(made.directory.length + 1)}:${line} ${message}`,
      ),
    ).toEqual([`phantasm.config.ts:6 ${expected}`]);
  }

  test.for<[string, Mistake]>([
    ["missing", { devices: `files("none")`, expected: "files: none does not exist" }],
    ["a file", { devices: `files("htdocs/a")`, expected: "files: htdocs/a is not a directory" }],
    [
      "the project",
      {
        devices: `files(".")`,
        expected:
          "files: . holds the configuration itself; put the files into a directory of their own",
      },
    ],
    [
      "no text",
      { devices: `files(1 as never)`, expected: `files: expected a directory such as "./htdocs"` },
    ],
    [
      "a typing error",
      {
        devices: `files("htdocs", { precompres: [] } as never)`,
        expected: `files: there is no option "precompres"; did you mean precompress?`,
      },
    ],
    [
      "an encoding",
      {
        devices: `files("htdocs", { precompress: ["zip"] as never })`,
        expected: `files: precompress must be some of "br" and "gzip"`,
      },
    ],
    [
      "too large",
      {
        devices: `files("htdocs", { bytesMax: 1 })`,
        make: (at) => {
          writeFileSync(join(at, "a"), "12");
        },
        expected: "files: htdocs/a is too much: 2 bytes with the files before it, bytesMax is 1",
      },
    ],
    [
      "a link that leaves",
      {
        make: (at) => {
          symlinkSync("/etc/hostname", join(at, "b"));
        },
        expected: "files: htdocs/b is a symbolic link that leaves the directory",
      },
    ],
    [
      "a directory that leaves",
      {
        make: (at) => {
          symlinkSync("..", join(at, "b"));
        },
        expected: "files: htdocs/b is a symbolic link that leaves the directory",
      },
    ],
    [
      "a link to nothing",
      {
        make: (at) => {
          symlinkSync("c", join(at, "b"));
        },
        expected: "files: htdocs/b is a symbolic link to nothing",
      },
    ],
    [
      "a circle",
      {
        make: (at) => {
          mkdirSync(join(at, "d"));
          symlinkSync("../d", join(at, "d/e"));
        },
        expected: "files: htdocs/d/e is a symbolic link to a directory around it",
      },
    ],
    [
      "a device",
      {
        make: (at) => {
          symlinkSync("/dev/null", join(at, "n"));
        },
        expected: "files: htdocs/n is a symbolic link that leaves the directory",
      },
    ],
    [
      "a control character",
      {
        make: (at) => {
          writeFileSync(join(at, "x\ny"), "");
        },
        expected: `files: htdocs has an entry with a control character in its name: "x\\ny"`,
      },
    ],
    [
      "not UTF-8",
      {
        make: (at) => {
          writeFileSync(Buffer.concat([Buffer.from(`${at}/`), Buffer.from([0xff])]), "");
        },
        expected: "files: htdocs/ÿ has a name that is not UTF-8",
      },
    ],
  ])("%s", async ([, mistake]) => {
    await refused(mistake);
  });
});
