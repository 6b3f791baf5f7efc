import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Disk } from "../testing/disk.js";
import { openOverlay, type OpenOverlayOptions } from "./open-overlay.js";
import { openFileDisk } from "./open-file.js";

let folder: string;
let base: string;
let changes: string;
let open: Disk[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-overlay-"));
  base = join(folder, "base");
  changes = join(folder, "changes");
  writeFileSync(base, Buffer.alloc(65_536, 1));
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map(({ backend }) => backend.close()));
  rmSync(folder, { recursive: true });
});

async function overlay(options: OpenOverlayOptions = {}): Promise<Disk> {
  const disk = new Disk(await openOverlay(base, options));
  open.push(disk);
  return disk;
}

const ones = (sectors: number): Uint8Array => new Uint8Array(sectors * 512).fill(1);

describe("an overlay", () => {
  it("is read through, sector by sector, and leaves the file below as it is", async () => {
    const disk = await overlay();
    const data = disk.pattern(2, 5);
    expect(await disk.write(127, data.subarray(0, 512))).toBe("ok");
    expect(await disk.write(5, data)).toBe("ok");
    expect(await disk.read(4, 4)).toEqual(Uint8Array.of(...ones(1), ...data, ...ones(1)));
    expect(await disk.flush()).toBe("ok");
    await disk.backend.close();
    expect(readFileSync(base).every((byte) => byte === 1)).toBe(true);
    expect(await (await overlay()).read(5, 2)).toEqual(ones(2));
  });

  it("shares the file with other overlays and readers, not with a writer", async () => {
    await overlay();
    await overlay();
    await expect(openFileDisk(base)).rejects.toThrow("the disk is in use");
  });

  it("needs the file", async () => {
    await expect(openOverlay(join(folder, "no"))).rejects.toThrow("no such file");
  });
});

describe("changes in a file", () => {
  it("are there at the next boot, and take only the space they need", async () => {
    const first = await overlay({ changes });
    const data = first.pattern(2, 9);
    await first.write(64, data);
    expect(await first.flush()).toBe("ok");
    await first.backend.close();
    const next = await overlay({ changes });
    expect(await next.read(63, 4)).toEqual(Uint8Array.of(...ones(1), ...data, ...ones(1)));
    expect(statSync(changes).blocks * 512).toBeLessThanOrEqual(32_768);
  });

  it("are those of the last flush after a crash", async () => {
    const disk = await overlay({ changes });
    const [kept, lost] = [disk.pattern(1, 1), disk.pattern(1, 2)];
    await disk.write(3, kept);
    await disk.flush();
    await disk.write(4, lost);
    const crashed = join(folder, "crashed");
    copyFileSync(changes, crashed);
    const after = await overlay({ changes: crashed });
    expect(await after.read(3, 2)).toEqual(Uint8Array.of(...kept, ...ones(1)));
  });

  it("have one writer", async () => {
    await overlay({ changes });
    await expect(overlay({ changes })).rejects.toThrow(`${changes}: the disk is in use`);
  });

  it("are refused when they are of something else, and what to do is said", async () => {
    await (await overlay({ changes })).backend.close();
    await expect(openOverlay(base, { changes, sectorBytes: 4096 })).rejects.toThrow(
      "its changes are of a disk of 128 sectors of 512 bytes",
    );
    utimesSync(base, 1, 1);
    await expect(openOverlay(base, { changes })).rejects.toThrow(
      "was modified since these changes began, and they fit it no more\ndelete it to begin anew",
    );
    writeFileSync(changes, "something else that is long enough to be a header, but is none");
    await expect(openOverlay(base, { changes })).rejects.toThrow(
      "it holds no changes of an overlay",
    );
    writeFileSync(changes, Buffer.alloc(65_536));
    await expect(openOverlay(base, { changes })).rejects.toThrow("its making was cut short");
    await expect(openOverlay(base, { changes: folder })).rejects.toThrow("it is a directory");
  });
});
