import { spawnSync } from "node:child_process";
import {
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Disk } from "../testing/disk.js";
import { program, type Program } from "../testing/processes.js";
import type { BlockBackend } from "../types.js";
import { deviceName, openFileDisk, type OpenFileOptions } from "./open-file.js";

/** Opens the disk, says so, and holds it until it is killed. */
const HOLDER = `
const { openFileDisk } = await backend("block/open-file");
try {
  const disk = await openFileDisk(argument.file, argument.options);
  console.log("holds " + disk.sectors);
  setInterval(() => disk.sectors, 1000);
} catch (error) {
  console.log(error.message.split("\\n")[0]);
}
`;

let directory: string;
let file: string;
let disks: BlockBackend[];
let programs: Program[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "phantasm-disk-"));
  file = join(directory, "disk.img");
  disks = [];
  programs = [];
});

afterEach(async () => {
  await Promise.all(programs.map((each) => each.kill()));
  await Promise.all(disks.map((disk) => disk.close()));
  rmSync(directory, { recursive: true });
});

async function open(options: OpenFileOptions = {}, name = file): Promise<BlockBackend> {
  const disk = await openFileDisk(name, options);
  disks.push(disk);
  return disk;
}

function holder(options: OpenFileOptions = {}): Program {
  const started = program(HOLDER, { file, options });
  programs.push(started);
  return started;
}

describe("the file", () => {
  it("is created sparse, private and of the size asked for", async () => {
    const disk = await open({ bytes: 2 ** 30 });
    expect(disk.sectors).toBe(2 ** 21);
    const stat = statSync(file);
    expect(stat.size).toBe(2 ** 30);
    expect(stat.blocks).toBeLessThan(100);
    expect(stat.mode & 0o777).toBe(0o600);
  });

  it("keeps its content from one opening to the next", async () => {
    const first = new Disk(await open({ bytes: 65_536 }));
    const data = first.pattern(3, 5);
    await first.write(7, data);
    expect(await first.flush()).toBe("ok");
    await first.backend.close();
    expect(Buffer.compare(readFileSync(file).subarray(7 * 512, 10 * 512), data)).toBe(0);
    const second = new Disk(await open());
    expect(await second.read(7, 3)).toEqual(data);
  });

  it("gets its size when it is empty, as after touch", async () => {
    writeFileSync(file, "");
    expect((await open({ bytes: 4096 })).sectors).toBe(8);
  });

  it.each<[string, OpenFileOptions, string]>([
    ["is missing", {}, "no such file\ngive a size to create it, as in FILE:64M"],
    [
      "is missing and read-only",
      { readonly: true, bytes: 512 },
      "no such file, and a read-only disk is not created",
    ],
    ["has a size that is no number of sectors", { bytes: 1000 }, "1000 bytes is not a disk"],
  ])("is refused when it %s, and not created", async (_, options, message) => {
    await expect(open(options)).rejects.toThrow(`${file}: ${message.replace("FILE", file)}`);
    expect(existsSync(file)).toBe(false);
  });

  it("is refused when it has another size, and left as it is", async () => {
    writeFileSync(file, Buffer.alloc(1024, 1));
    await expect(open({ bytes: 2048 })).rejects.toThrow(
      `${file}: it has 1024 bytes, and 2048 were asked for\nleave the size out to use it as it is`,
    );
    await expect(open({ sectorBytes: 4096 })).rejects.toThrow(
      "a multiple of the sector, 4096 bytes",
    );
    truncateSync(file, 1000);
    await expect(open()).rejects.toThrow("1000 bytes is not a disk");
    truncateSync(file, 0);
    await expect(open()).rejects.toThrow("0 bytes is not a disk");
    expect(statSync(file).size).toBe(0);
  });

  it("must be a regular file or a block device", async () => {
    mkdirSync(join(directory, "d"));
    expect(spawnSync("mkfifo", [join(directory, "f")]).status).toBe(0);
    const server = createServer().listen(join(directory, "s"));
    await new Promise((resolve) => server.once("listening", resolve));
    const form = "a disk is a regular file or a block device";
    for (const options of [{}, { bytes: 512 }, { readonly: true }]) {
      await expect(open(options, join(directory, "d"))).rejects.toThrow(
        `it is a directory; ${form}`,
      );
      await expect(open(options, join(directory, "f"))).rejects.toThrow(`it is a FIFO; ${form}`);
      await expect(open(options, join(directory, "s"))).rejects.toThrow(`it is a socket; ${form}`);
      await expect(open(options, "/dev/full")).rejects.toThrow(`it is a character device; ${form}`);
    }
    await expect(open({}, join(directory, "d", "x", "y"))).rejects.toThrow("no such file");
    await expect(open({ bytes: 512 }, join(directory, "no", "x"))).rejects.toThrow(
      "no such file or directory",
    );
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("a discard", () => {
  it("gives space back where that can be done", async () => {
    const disk = new Disk(await open({ bytes: 2 ** 20 }));
    await disk.write(0, disk.pattern(2048, 1));
    await disk.flush();
    const before = statSync(file).blocks;
    expect(await disk.discard(0, 1024)).toBe("ok");
    const { discards } = disk.backend;
    if (discards) expect(await disk.read(0, 1024)).toEqual(new Uint8Array(1024 * 512));
    if (discards) expect(statSync(file).blocks).toBeLessThan(before);
    expect(statSync(file).size).toBe(2 ** 20);
    expect(await disk.read(1024, 1024)).toEqual(disk.pattern(2048, 1).slice(1024 * 512));
  });
});

describe("a file that changes under a disk", () => {
  it("fails a flush when it was cut short, though a write has made it longer again", async () => {
    for (const options of [{}, { async: true }]) {
      const disk = new Disk(await open({ bytes: 65_536, ...options }, `${file}${disks.length}`));
      await disk.write(3, disk.pattern(1, 1));
      expect(await disk.flush()).toBe("ok");
      truncateSync(`${file}${disks.length - 1}`, 512);
      expect(await disk.write(20, disk.pattern(1, 2))).toBe("ok");
      expect(await disk.flush()).toBe("io");
      expect(await disk.write(20, disk.pattern(1, 3))).toBe("io");
    }
  });

  it("answers io where it was cut short, and goes on elsewhere", async () => {
    for (const async of [false, true]) {
      const disk = new Disk(await open({ bytes: 65_536, async }));
      truncateSync(file, 4096);
      await expect(disk.read(8, 1)).rejects.toThrow("read: io");
      await expect(disk.read(7, 2)).rejects.toThrow("read: io");
      expect(await disk.read(7, 1)).toEqual(new Uint8Array(512));
      await disk.backend.close();
      rmSync(file);
    }
  });
});

describe("direct access", () => {
  it("is explained where the file system refuses it", async () => {
    const direct = open({ bytes: 65_536, direct: true, sectorBytes: 4096 });
    const outcome = await direct.then(
      () => "works",
      (error: Error) => error.message,
    );
    if (outcome !== "works") expect(outcome).toContain('leave ",direct" out');
    const { explainOpen } = await import("./direct.js");
    const refused = Object.assign(new Error("EINVAL"), { code: "EINVAL" });
    const { O_DIRECT = 0 } = constants as { readonly O_DIRECT?: number };
    expect(explainOpen("d", O_DIRECT, refused)?.message).toBe(
      'd: this file system has no direct access (O_DIRECT)\nleave ",direct" out to use the page cache',
    );
    expect(explainOpen("d", 0, refused)).toBeNull();
  });
});

describe("the lock", () => {
  it("keeps a second writer out, by every name of the file, and says who holds it", async () => {
    const first = await open({ bytes: 4096 });
    linkSync(file, join(directory, "hard"));
    symlinkSync(file, join(directory, "soft"));
    for (const name of [file, join(directory, "hard"), join(directory, "soft")]) {
      await expect(open({}, name)).rejects.toThrow(
        `${name}: the disk is in use by process ${process.pid} (`,
      );
      await expect(open({ readonly: true }, name)).rejects.toThrow("in use by process");
    }
    await first.close();
    await open();
  });

  it("lets readers share, and keeps writers out while they read", async () => {
    await (await open({ bytes: 4096 })).close();
    const first = await open({ readonly: true });
    const second = await open({ readonly: true });
    await expect(open()).rejects.toThrow("one writer, or any number of readers");
    await first.close();
    await expect(open()).rejects.toThrow("in use");
    await second.close();
    await open();
  });

  it("lets one writer work beside readers, whatever its name for the file", async () => {
    const writer = { bytes: 4096, besideReaders: true };
    const opened = await Promise.allSettled(Array.from({ length: 4 }, () => open(writer)));
    const refusals = opened.flatMap((one) =>
      one.status === "rejected" ? [String(one.reason)] : [],
    );
    expect(refusals).toHaveLength(3);
    for (const refusal of refusals)
      expect(refusal).toContain(`${file}: another program writes to it at this moment`);
    expect(statSync(file).size).toBe(4096);
    await open({ readonly: true });
    linkSync(file, join(directory, "hard"));
    await expect(open(writer, join(directory, "hard"))).rejects.toThrow("another program writes");
    const other = holder(writer);
    expect(await other.line()).toContain("another program writes");
    for (const one of opened) if (one.status === "fulfilled") await one.value.close();
    const next = holder(writer);
    expect(await next.line()).toBe("holds 8");
    await expect(open(writer)).rejects.toThrow("another program writes");
    await next.kill();
    await open(writer);
  });

  it("holds between processes and ends with the one that is killed", async () => {
    const other = holder({ bytes: 4096 });
    expect(await other.line()).toBe("holds 8");
    await expect(open()).rejects.toThrow(`in use by process ${other.child.pid} (`);
    await other.kill();
    await open();
    const late = holder();
    expect(await late.line()).toMatch(`${file}: the disk is in use by process ${process.pid} (`);
  });

  it("goes to exactly one of many that create the file at once", async () => {
    const started = Array.from({ length: 4 }, () => holder({ bytes: 4096 }));
    const own = await Promise.allSettled(Array.from({ length: 4 }, () => open({ bytes: 4096 })));
    const lines = await Promise.all(started.map((each) => each.line()));
    const here = own.filter(({ status }) => status === "fulfilled").length;
    const there = lines.filter((line) => line === "holds 8").length;
    expect(here + there).toBe(1);
    for (const line of lines) expect(line).toMatch(/^holds 8$|the disk is in use/);
    for (const each of own) {
      if (each.status === "rejected") expect(String(each.reason)).toContain("the disk is in use");
    }
    expect(statSync(file).size).toBe(4096);
  });

  it("is taken by name of the inode where there is no flock command", async () => {
    const lock = { command: "/nonexistent/flock" };
    const first = await open({ bytes: 4096, lock });
    linkSync(file, join(directory, "hard"));
    await expect(open({ lock }, join(directory, "hard"))).rejects.toThrow(
      "the disk is in use: another process has it",
    );
    const other = holder({ lock });
    expect(await other.line()).toContain("in use");
    await first.close();
    const next = holder({ lock });
    expect(await next.line()).toBe("holds 8");
    await next.kill();
    await open({ lock });
  });
});

describe("deviceName", () => {
  it.each([
    [0xfe00, "254:0"],
    [0x0801, "8:1"],
    [0x10_0000 + 0x103_00, "259:256"],
    [0x0000_1000_0000_0500, "4101:0"],
  ])("reads %i as %s", (rdev, name) => {
    expect(deviceName(rdev)).toBe(name);
  });
});
