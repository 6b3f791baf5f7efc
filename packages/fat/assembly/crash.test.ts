/**
 * Power fails at any moment: what was written since the last flush is there, or not, or torn, in any order.
 * Afterwards the volume is what it was before the operation that was under way, or what it is after it.
 *
 * A failure names seed and event: `SEED` and `EVENT` play that one alone.
 */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { pattern } from "@phantasm/fs/testing";
import { Errno, File, OpenFlag } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Fsck, formatFat32 } from "./testing";
import { Act, Move, Script, Tree, difference, mount, readTree } from "./testing-script";

const MOVES: i32 = 30;
const SECTORS: i32 = 320;
const BYTES: i32 = SECTORS * 512;

/** 0 and up: only that one. */
const SEED: i32 = -1;
const EVENT: i32 = -1;

function check(what: string, problem: string): void {
  if (problem != "") expect(what + ": " + problem).toBe("");
}

/** Empty when a tree is one that may be left of an operation. */
function judge(found: Tree, move: Move): string {
  const asBefore = difference(found, move.before);
  if (asBefore == "") return "";
  const asAfter = difference(found, move.after);
  if (asAfter == "") return "";
  const path = move.path;
  if (!move.after.has(path) || !found.has(path)) return `${asBefore}; ${asAfter}`;
  if (move.after.isDirectory(path) || found.isDirectory(path)) return asBefore;
  const now = found.get(path);
  const old = move.before.has(path) ? move.before.get(path) : new Uint8Array(0);
  const content = move.after.get(path);
  // New, and not yet synced.
  let possible = now.length == 0 && (move.act == Act.PUT || !move.before.has(path));
  if (move.act == Act.OVERWRITE && (now.length == old.length || now.length == content.length)) {
    possible = true;
    // Before the sync each byte is the old or the new one.
    for (let i = 0; i < now.length; i++) {
      const isOld = i < old.length && now[i] == old[i];
      const isNew = i < content.length && now[i] == content[i];
      if (!isOld && !isNew) possible = false;
    }
  }
  if (!possible) return `${asBefore}; ${asAfter}`;
  // Everything else is as it was.
  const other = move.before.copy();
  other.put(path, now);
  return difference(found, other);
}

function checkImage(where: string, image: Uint8Array): void {
  const fsck = new Fsck(image);
  check(where, fsck.problem);
}

// Used again and again: nothing is collected before a case has ended.
const images: StaticArray<Uint8Array> = [new Uint8Array(BYTES), new Uint8Array(BYTES)];
const disks: StaticArray<TestDisk> = [new TestDisk(SECTORS), new TestDisk(SECTORS)];

function imageOf(index: i32, content: Uint8Array): Uint8Array {
  images[index].set(content);
  return images[index];
}

function diskOf(index: i32, content: Uint8Array): TestDisk {
  const disk = disks[index];
  disk.run();
  disk.forgetJournal();
  disk.content.set(content);
  disk.writable = true;
  return disk;
}

const BYSTANDER = "/bystander";

/** A file that is open all the time, and written to between what others do; now and then it is synced. */
class Bystander {
  private readonly file: File;
  private content: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly script: Script,
    private readonly moves: Move[],
  ) {
    this.file = script.probe.file(BYSTANDER, OpenFlag.WRITE | OpenFlag.CREATE);
    const move = new Move(script.tree.copy());
    move.act = Act.PUT;
    this.note(move);
  }

  /** Returns false when the disk is full. */
  write(random: TestRandom, syncs: bool): bool {
    const piece = pattern(1 + <i32>random.below(400), <i32>random.below(256));
    const probe = this.script.probe;
    const size = this.content.length;
    const result = probe.writeAt(this.file, <u64>size, piece, 0, piece.length);
    if (result == Errno.NOSPACE) return false;
    const content = new Uint8Array(size + piece.length);
    content.set(this.content);
    content.set(piece, size);
    this.content = content;
    if (!syncs) return true;
    const move = new Move(this.script.tree.copy());
    move.act = Act.APPEND;
    if (probe.sync(this.file) != 0) return false;
    this.note(move);
    return true;
  }

  private note(move: Move): void {
    const tree = this.script.tree.copy();
    tree.put(BYSTANDER, this.content);
    move.path = BYSTANDER;
    move.after = tree;
    move.journal = this.script.disk.journalLength;
    this.script.tree = tree;
    this.moves.push(move);
  }
}

function playSeed(seed: i32): void {
  const random = new TestRandom(<u64>seed * 104_729 + 3);
  const disk = new TestDisk(SECTORS, 512, <u64>seed + 1);
  formatFat32(disk.content, 512, 1 << (seed % 3));
  const start = disk.content.slice(0);
  disk.records = true;
  disk.shuffles = seed % 2 == 0;
  const script = new Script(disk, random, 4096);
  script.sizeMax = 2500;
  const moves: Move[] = [];
  const other = new Bystander(script, moves);
  for (let i = 0; i < MOVES; i++) {
    if (!other.write(random, i % 8 == 7)) break;
    const move = script.play();
    if (move.result == Errno.NOSPACE) break;
    check(`seed ${seed}, move ${i}`, move.result == 0 ? "" : `${move.result}`);
    moves.push(move);
  }
  let current = 0;
  for (let event = 0; event < disk.journalLength; event++) {
    while (current < moves.length - 1 && moves[current].journal < event) current++;
    if (EVENT >= 0 && event != EVENT) continue;
    const where = `seed ${seed}, event ${event}, move ${current} (${moves[current].act} ${moves[current].path})`;
    const image = imageOf(0, start);
    disk.crash(event, new TestRandom(<u64>event * 31 + seed + 1), image);
    crashed(where, image, moves[current], seed + event);
  }
  disk.forgetJournal();
}

/** Mounts what is left, looks at it, goes on; and once more when power fails in the middle of that. */
function crashed(where: string, image: Uint8Array, move: Move, seed: i32): void {
  const disk = diskOf(0, image);
  disk.writable = false;
  check(where + ", read-only", judge(readTree(mount(disk, 4096)), move));

  disk.writable = true;
  disk.records = true;
  const probe = mount(disk, 4096);
  const found = readTree(probe);
  check(where, judge(found, move));
  checkImage(where, disk.content);
  const recovered = disk.journalLength;
  const script = new Script(disk, new TestRandom(<u64>seed + 5), 4096);
  script.sizeMax = 2000;
  script.tree = found;
  const next = script.play();
  if (next.result == Errno.NOSPACE) return;
  check(where + ", the next move", next.result == 0 ? "" : `${next.result}`);
  check(where + ", after the next move", difference(readTree(script.probe), next.after));
  checkImage(where + ", after the next move", disk.content);

  const random = new TestRandom(<u64>seed + 77);
  for (let again = 0; again < 2; again++) {
    const events = again == 0 ? recovered : <i32>random.below(disk.journalLength + 1);
    const twice = imageOf(1, image);
    disk.crash(events, random, twice);
    const second = diskOf(1, twice);
    const left = readTree(mount(second, 4096));
    // What the first recovery has shown is what counts.
    const other = new Move(found);
    other.act = next.act;
    other.path = next.path;
    other.after = next.after;
    check(where + `, again at ${events}`, judge(left, other));
    checkImage(where + `, again at ${events}`, second.content);
  }
}

function playSeeds(from: i32, to: i32): void {
  if (SEED >= from && SEED < to) return playSeed(SEED);
  if (SEED < 0) for (let seed = from; seed < to; seed++) playSeed(seed);
}

// Each case has a memory of its own.
test("at every moment: clusters of a sector, of two, of four", () => {
  playSeeds(0, 3);
});
test("at every moment: the same with other seeds", () => {
  playSeeds(3, 6);
});
test("at every moment: and others", () => {
  playSeeds(6, 9);
});
