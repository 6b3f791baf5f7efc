/** Every request that fails, once: clear values, no trap, and nothing lost that was acknowledged. */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { bytesOf, pattern } from "@phantasm/fs/testing";
import { Errno, OpenFlag } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Fsck, formatFat32 } from "./testing";
import { Act, Move, Script, Tree, difference, mount, readTree } from "./testing-script";

const MOVES: i32 = 12;

function check(what: string, problem: string): void {
  if (problem != "") expect(what + ": " + problem).toBe("");
}

/** Plays until the first error; returns the requests that it took, or -1 when nothing failed any more. */
function playUntilError(n: i32, status: i32, disk: TestDisk): bool {
  const where = `request ${n} reports ${status}`;
  formatFat32(disk.content, 512, 1);
  const script = new Script(disk, new TestRandom(4711), 4096);
  script.sizeMax = 2500;
  // The mount goes well, so that there is something to lose.
  disk.run();
  disk.failAt = disk.requests + n;
  disk.failStatus = status;
  let failed: Move | null = null;
  for (let i = 0; i < MOVES && failed === null; i++) {
    const move = script.play();
    if (move.result == 0) continue;
    check(where, move.result == status || move.result == Errno.IO ? "" : `${move.result}`);
    failed = move;
  }
  const met = disk.requests > disk.failAt;
  // It goes on somehow, and does not trap.
  for (let i = 0; i < 4; i++) script.play();
  disk.run();
  disk.failAt = -1;
  disk.status = 0;
  const left = readTree(mount(disk, 4096));
  const fsck = new Fsck(disk.content);
  check(where, fsck.problem);
  if (failed === null) return met;
  // Others have changed something meanwhile, if the volume let them.
  const path = failed.path;
  const before = failed.before;
  if (!left.has(path) || left.isDirectory(path) || !before.has(path)) return met;
  const shorter = before.get(path).length > left.get(path).length;
  if (failed.act == Act.APPEND && shorter) check(where, path + " has lost something");
  return met;
}

function failEach(status: i32): void {
  const disk = new TestDisk(400);
  let n = 0;
  while (playUntilError(n, status, disk)) n++;
  expect(n).toBeGreaterThan(100);
}

test("each request fails with IO", () => {
  failEach(Errno.IO);
});

test("each request fails with NOSPACE", () => {
  failEach(Errno.NOSPACE);
});

test("what was acknowledged before a failure is there after it", () => {
  const disk = new TestDisk(400);
  for (let n = 0; n < 150; n++) {
    formatFat32(disk.content, 512, 1);
    const script = new Script(disk, new TestRandom(99), 4096);
    script.sizeMax = 1500;
    disk.run();
    disk.failAt = disk.requests + n;
    let failed: Move | null = null;
    for (let i = 0; i < 10 && failed === null; i++) {
      const move = script.play();
      if (move.result != 0) failed = move;
    }
    disk.run();
    disk.failAt = -1;
    disk.status = 0;
    const left = readTree(mount(disk, 4096));
    if (failed === null) {
      check(`request ${n}`, difference(left, script.tree));
      continue;
    }
    // The file of the operation that failed may be anything between.
    const before = failed.before.copy();
    const after = failed.after.copy();
    if (failed.act != Act.RENAME && failed.act != Act.REMOVE && failed.act != Act.MAKE) {
      forget(before, failed.path);
      forget(after, failed.path);
      forget(left, failed.path);
    }
    const asBefore = difference(left, before);
    if (asBefore != "") check(`request ${n}, ${asBefore}`, difference(left, after));
  }
});

function forget(tree: Tree, path: string): void {
  if (tree.has(path)) tree.delete(path);
}

test("a device that is gone", () => {
  const disk = new TestDisk(400);
  formatFat32(disk.content, 512, 1);
  const probe = mount(disk);
  probe.write("/a", bytesOf("a"));
  const file = probe.file("/a", OpenFlag.WRITE);
  disk.refusal = Errno.GONE;
  expect(probe.makeDirectory("/d")).toBe(Errno.GONE);
  expect(probe.writeAt(file, 0, pattern(5000), 0, 5000)).toBe(Errno.GONE);
  expect(probe.sync(file)).toBe(Errno.GONE);
  file.close();
  expect(mount(disk).state()).toBe(Errno.GONE);
});

test("a full disk: what was there stays, and removing gives room", () => {
  const disk = new TestDisk(200);
  formatFat32(disk.content, 512, 1);
  const probe = mount(disk);
  const content = pattern(30_000);
  probe.write("/a", content);
  const file = probe.file("/a", OpenFlag.WRITE);
  expect(probe.writeAt(file, 20_000, new Uint8Array(200_000), 0, 200_000)).toBe(Errno.NOSPACE);
  expect(file.size).toBe(30_000);
  // The range that is written to may have got some of it, had there been room for all.
  expect(probe.content("/a")).toEqual(content);
  expect(probe.truncate(file, 500_000)).toBe(Errno.NOSPACE);
  expect(probe.sync(file)).toBe(0);
  let made = 0;
  while (probe.makeDirectory("/d" + made.toString()) == 0) made++;
  expect(made).toBeGreaterThan(20);
  expect(probe.open("/" + "n".repeat(200), OpenFlag.WRITE | OpenFlag.CREATE)).toBe(Errno.NOSPACE);
  expect(probe.truncate(file, 1000)).toBe(0);
  expect(probe.writeAt(file, 1000, content, 0, 20_000)).toBe(0);
  file.close();
  expect(probe.remove("/a")).toBe(0);
  probe.write("/b", content);
  expect(probe.content("/b")).toEqual(content);
  disk.run();
  const fsck = new Fsck(disk.content);
  expect(fsck.problem).toBe("");
  expect(fsck.lost).toBe(0);
  expect(fsck.wrongCount).toBe(false);
});
