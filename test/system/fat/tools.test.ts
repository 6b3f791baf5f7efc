/** Volumes of mkfs.vfat, filled by mtools and by an appliance, read by the other, and looked at by fsck.vfat. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Volume, hashOf, pattern, shellImage, toolsProblem } from "./volume.js";

const problem = toolsProblem();
if (problem !== null)
  console.warn(`tests of FAT with dosfstools and mtools are left out: ${problem}`);

const MIB = 2 ** 20;
const LONG = `${"a long name, ".repeat(18)}to its end.text`;

/** Path and size. */
const FILES: readonly (readonly [string, number])[] = [
  ["/README.TXT", 100],
  ["/lower.txt", 1],
  ["/empty", 0],
  ["/Größe & Maß.txt", 5000],
  ["/日本語の名前.bin", 70_000],
  [`/${LONG}`, 4096],
  ["/.hidden", 512],
  ["/two.dots.in.a.name", 513],
  ["/one/two/three/four/five/six/deep.txt", 2048],
];
const DIRECTORIES = ["/one", "/one/two", "/one/two/three", "/one/two/three/four"].concat(
  "/one/two/three/four/five",
  "/one/two/three/four/five/six",
);

const expected = FILES.map(([path, bytes], seed) => {
  return `${path}\t${bytes}\t${hashOf(pattern(bytes, seed))}`;
});

describe.skipIf(problem !== null)("FAT", () => {
  let image = "";
  let folder = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "phantasm-fat-"));
    image = await shellImage();
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  // Large enough that mtools, which count the clusters, take them as FAT32; the files have holes.
  describe.each([
    ["clusters of 512 bytes", 40, ["-F", "32", "-s", "1"]],
    ["clusters of 4 KiB", 280, ["-F", "32", "-s", "8"]],
    ["clusters of 32 KiB", 2200, ["-F", "32", "-s", "64"]],
    ["sectors of 4096 bytes", 300, ["-F", "32", "-S", "4096", "-s", "1"]],
    ["one copy of the FAT", 40, ["-F", "32", "-f", "1"]],
  ] as const)("%s", (_name, mebibytes, options) => {
    test("is read as mtools have written it", () => {
      const volume = Volume.make(join(folder, "read.img"), mebibytes * MIB, options);
      for (const path of DIRECTORIES) volume.mtool("mmd", `::${path}`);
      for (const [seed, [path, bytes]] of FILES.entries()) volume.put(path, pattern(bytes, seed));
      const tree = volume.shell(image, ["tree"]);
      expect(tree.filter((line) => !line.endsWith("/")).sort()).toEqual([...expected].sort());
      expect(tree.filter((line) => line.endsWith("/")).sort()).toEqual(
        DIRECTORIES.map((path) => `${path}/`).sort(),
      );
      expect(volume.shell(image, ["tree"], `${volume.path}:ro`)).toEqual(tree);
    });

    test("is written so that fsck.vfat has nothing to say, and mtools read it", () => {
      const volume = Volume.make(join(folder, "write.img"), mebibytes * MIB, options);
      const lines = DIRECTORIES.map((path) => `mkdir\t${path}`);
      for (const [seed, [path, bytes]] of FILES.entries())
        lines.push(`put\t${path}\t${bytes}\t${seed}`);
      lines.push("put\t/large.bin\t20000000\t9");
      expect(volume.shell(image, lines)).toEqual([]);
      expect(volume.fsck()).toEqual({ status: 0, findings: [] });
      for (const [seed, [path, bytes]] of FILES.entries())
        expect([path, volume.get(path).equals(pattern(bytes, seed))]).toEqual([path, true]);
      expect(volume.get("/large.bin").equals(pattern(20_000_000, 9))).toBe(true);
    });
  });

  test("many names in a directory: it grows, their short names differ", () => {
    const volume = Volume.make(join(folder, "many.img"), 40 * MIB, ["-F", "32", "-s", "1"]);
    const lines = ["mkdir\t/d"];
    for (let i = 0; i < 300; i++) lines.push(`put\t/d/a long name, number ${i}.txt\t${i}\t${i}`);
    for (let i = 0; i < 300; i += 2) lines.push(`remove\t/d/A LONG NAME, NUMBER ${i}.TXT`);
    for (let i = 1; i < 300; i += 4)
      lines.push(`rename\t/d/a long name, number ${i}.txt\t/renamed ${i}`);
    expect(volume.shell(image, lines)).toEqual([]);
    expect(volume.fsck()).toEqual({ status: 0, findings: [] });
    expect(volume.get("/renamed 297").equals(pattern(297, 297))).toBe(true);
    expect(volume.get("/d/a long name, number 299.txt").equals(pattern(299, 299))).toBe(true);
  });

  test("what both change in turn", () => {
    const volume = Volume.make(join(folder, "turns.img"), 40 * MIB, ["-F", "32", "-n", "TURNS"]);
    volume.shell(image, ["mkdir\t/d", "put\t/d/log.txt\t1000\t0"]);
    volume.put("/d/other.txt", pattern(30_000, 1));
    volume.shell(image, [
      "put\t/d/log.txt\t5000\t0",
      "rename\t/d\t/moved",
      "cut\t/moved/other.txt\t10",
    ]);
    volume.mtool("mmd", "::/moved/inner");
    volume.mtool("mdel", "::/moved/other.txt");
    volume.shell(image, [
      "rename\t/moved/inner\t/inner",
      "put\t/inner/x\t1\t1",
      "put\t/y\t9000\t2",
    ]);
    expect(volume.fsck()).toEqual({ status: 0, findings: [] });
    expect(volume.get("/moved/log.txt").equals(pattern(6000, 0))).toBe(true);
    expect(
      volume.shell(image, ["remove\t/inner/x", "remove\t/inner", "remove\t/y", "tree"]),
    ).toEqual(["/moved/", `/moved/log.txt\t6000\t${hashOf(pattern(6000, 0))}`]);
    expect(volume.fsck()).toEqual({ status: 0, findings: [] });
    expect(volume.mtool("minfo", "::").toString()).toMatch(/free clusters=/i);
  });

  test.each([
    ["FAT12", 4, ["-F", "12"]],
    ["FAT16", 40, ["-F", "16"]],
  ] as const)("%s is read, and not written", (_name, mebibytes, options) => {
    const volume = Volume.make(join(folder, "old.img"), mebibytes * MIB, options);
    volume.mtool("mmd", "::/one");
    volume.put("/one/größe.txt", pattern(100_000, 3));
    volume.put("/A.TXT", pattern(3, 4));
    expect(volume.shell(image, ["tree", "mkdir\t/x"])).toEqual([
      "/one/",
      `/one/größe.txt\t100000\t${hashOf(pattern(100_000, 3))}`,
      `/A.TXT\t3\t${hashOf(pattern(3, 4))}`,
      "mkdir /x: it is read-only",
    ]);
  });

  test("a damaged boot sector: its copy is read, nothing is written, and it can be put back", () => {
    const volume = Volume.make(join(folder, "damaged.img"), 40 * MIB, ["-F", "32", "-s", "1"]);
    volume.put("/a.txt", pattern(70_000, 3));
    volume.damage(512);
    const tree = `/a.txt\t70000\t${hashOf(pattern(70_000, 3))}`;
    expect(volume.shell(image, ["tree", "mkdir\t/x"])).toEqual([tree, "mkdir /x: it is read-only"]);
    volume.restoreBootSector();
    expect(volume.shell(image, ["tree", "mkdir\t/x", "tree"])).toEqual([tree, tree, "/x/"]);
    expect(volume.fsck()).toEqual({ status: 0, findings: [] });
  });

  test("a disk without a volume says so", () => {
    const volume = new Volume("mem:1M");
    expect(volume.shell(image, ["tree"])).toEqual(["tree: the device has another format or size"]);
  });
});
