/**
 * The same operations on a volume in a store and on a plain model, as a seed decides, with crashes and
 * failures in between: what is left must be what the model was after one of the operations since the last
 * durable one.
 */
import { BAD_NAME, Errno, File, OpenFlag } from "@phantasm/interfaces";
import { expect } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { Probe, Settled } from "../testing";
import { ModelFiles, ModelNode } from "../testing-model";
import { Inspection, StoreSettles, hold, volumeOn } from "./testing";
import { FakeStore } from "./testing-store";

const DIRECTORIES: StaticArray<string> = ["", "/a", "/b", "/a/c"];
const NAMES: StaticArray<string> = ["x", "y", "ü", "c"];
/** Bytes of a file, at most: more than one batch deletes. */
const SIZE_MAX: u32 = 400_000;


@final
class Handle {
  constructor(
    readonly file: File,
    readonly twin: File,
    readonly node: ModelNode,
  ) {}
}


@final
export class Sequence {
  store: FakeStore;
  readonly random: TestRandom;
  /** What was done, for a failure. */
  transcript: string = "";
  private probe: Probe;
  private settles: StoreSettles;
  private model: ModelFiles;
  private twin: Probe;
  private handles: Handle[] = [];
  /** The model after each operation since the last durable one. */
  private states: ModelFiles[] = [];
  /** The failure of the store has shown. */
  private accounted: bool = false;
  private readonly copies: ModelFiles[] = [];
  private readonly buffer: Uint8Array = new Uint8Array(100_000);
  private readonly other: Uint8Array = new Uint8Array(100_000);

  constructor(readonly seed: u64) {
    const random = new TestRandom(seed);
    this.random = random;
    const store = hold(new FakeStore(seed));
    this.store = store;
    const settles = new StoreSettles(store);
    this.settles = settles;
    const volume = volumeOn(store, "v/");
    settles.volume = volume;
    this.probe = new Probe(volume, settles);
    const model = new ModelFiles();
    this.model = model;
    this.twin = new Probe(model, new Settled());
    random.fill(this.buffer, 0, this.buffer.length);
    this.durable();
  }

  /** Something to begin with: directories, and a file that is open and large. */
  furnish(): void {
    for (let i = 1; i < DIRECTORIES.length; i++)
      this.note(this.makeDirectory(DIRECTORIES[i], this.copy()), true);
    this.open("/a/x", OpenFlag.WRITE | OpenFlag.CREATE);
    this.open("/b/y", OpenFlag.WRITE | OpenFlag.CREATE);
    for (let i = 0; i < 12; i++) this.write();
  }

  /** One operation, and a look at the results. */
  step(): void {
    const choice = this.random.below(100);
    this.copies.length = 0;
    const before = this.copy();
    if (choice < 25) this.write();
    else if (choice < 33) this.truncate();
    else if (choice < 45) this.open(this.somePath(), this.someFlags());
    else if (choice < 52) this.close();
    else if (choice < 58) this.sync();
    else if (choice < 66) this.note(this.makeDirectory(this.someDirectory(), before), true);
    else if (choice < 78) this.note(this.remove(before), true);
    else if (choice < 90) this.note(this.rename(before), true);
    else if (choice < 95) this.read();
    else if (choice < 98) this.compare();
    else if (choice < 99) this.reopen();
    else this.crash();
  }

  /** What the volume has now is what the model has. */
  compare(): void {
    const found = this.print();
    const expected = fingerprint(this.twin);
    if (found != expected) expect(this.tell("compare") + found).toBe(expected);
  }

  /** No space is lost, and nothing leads nowhere. */
  inspect(): void {
    this.settles.rest();
    if (this.hasFailed() && this.store.broken == 0) {
      // The cleaner may have had it, and tries again at the next opening.
      this.accounted = true;
      this.closeAll();
      this.mount();
      this.settles.rest();
    }
    const inspection = new Inspection(this.store.map.entries, "v/", 4096);
    if (inspection.problems != "") expect(this.tell("inspect") + inspection.problems).toBe("");
    if (this.handles.length == 0 && inspection.garbage != 0 && this.store.broken == 0)
      expect(this.tell("inspect") + `${inspection.garbage} contents of garbage`).toBe("");
  }

  /** Closes what is open, and opens the volume anew. */
  reopen(): void {
    this.said("reopen");
    this.closeAll();
    this.settles.rest();
    this.mount();
    this.compare();
    this.inspect();
  }

  /** Closes what is open, and loses what was not durable. */
  crash(): void {
    this.said("crash");
    this.store = hold(this.store.crash(this.random));
    this.handles.length = 0;
    this.mount();
    const found = this.print();
    let match: ModelFiles | null = null;
    for (let i = this.states.length - 1; i >= 0 && match === null; i--)
      if (fingerprint(new Probe(this.states[i], new Settled())) == found) match = this.states[i];
    if (match === null) {
      const last = fingerprint(new Probe(this.states[this.states.length - 1], new Settled()));
      expect(this.tell("after the crash") + found).toBe(last);
      return;
    }
    this.become(match);
    this.durable();
    this.inspect();
  }

  // ---- operations

  private open(path: string, flags: i32): void {
    if (this.handles.length == 6) return;
    const before = this.copy();
    this.said(`open ${path} ${flags}`);
    const expected = this.twin.open(path, flags);
    const result = this.probe.open(path, flags);
    if (result == 0 && expected == 0) {
      const twin = this.model.takeFile();
      const file = this.probe.files.takeFile();
      this.handles.push(new Handle(file, twin, this.model.nodes.get(path)));
    }
    this.note(this.agree(result, expected, before), false);
  }

  private write(): void {
    const handle = this.someHandle();
    if (handle === null) return;
    const size = <u32>handle.twin.size;
    const position =
      this.random.below(3) == 0 ? size : this.random.below(min(size + 20_000, SIZE_MAX - 70_000));
    const length = this.someLength();
    const offset = <i32>this.random.below(30_000);
    this.said(`write ${length} at ${position} of ${size}`);
    const before = this.copy();
    if (!this.isThere(handle)) {
      const result = this.probe.writeAt(handle.file, position, this.buffer, offset, length);
      this.agree(result, Errno.GONE, before);
      return;
    }
    const expected = this.twin.writeAt(handle.twin, position, this.buffer, offset, length);
    const result = this.probe.writeAt(handle.file, position, this.buffer, offset, length);
    this.note(this.agree(result, expected, before), false);
  }

  private truncate(): void {
    const handle = this.someHandle();
    if (handle === null || !this.isThere(handle)) return;
    const size = <u32>handle.twin.size;
    const choice = this.random.below(4);
    const target =
      choice == 0 ? 0 : choice == 1 ? this.random.below(size + 1) : this.random.below(SIZE_MAX);
    this.said(`truncate ${size} to ${target}`);
    const before = this.copy();
    const expected = this.twin.truncate(handle.twin, target);
    const result = this.probe.truncate(handle.file, target);
    this.note(this.agree(result, expected, before), false);
  }

  private read(): void {
    const handle = this.someHandle();
    if (handle === null) return;
    const position = this.random.below(<u32>handle.twin.size + 5_000);
    const length = this.someLength();
    this.said(`read ${length} at ${position}`);
    const expected = handle.twin.readAt(position, this.other, 0, length, this.twin, 0);
    const mine = this.other.slice(0, max(expected, 0));
    const result = this.probe.readAt(handle.file, position, this.other, 0, length);
    if (result < 0 && this.hasFailed()) {
      this.accounted = true;
      return;
    }
    if (result != expected) expect(`${this.tell("read")} ${result}`).toBe(`${expected}`);
    if (memory.compare(mine.dataStart, this.other.dataStart, expected) != 0)
      expect(this.tell("read") + "other bytes").toBe("");
  }

  private sync(): void {
    const handle = this.someHandle();
    if (handle === null || !this.isThere(handle)) return;
    this.said("sync");
    const before = this.copy();
    const result = this.agree(this.probe.sync(handle.file), 0, before);
    if (result == 0) this.durable();
  }

  private close(): void {
    if (this.handles.length == 0) return;
    this.said("close");
    const index = <i32>this.random.below(this.handles.length);
    this.handles.splice(index, 1)[0].file.close();
  }

  private makeDirectory(directory: string, before: ModelFiles): i32 {
    this.said(`make ${directory}`);
    const expected = this.twin.makeDirectory(directory);
    return this.agree(this.probe.makeDirectory(directory), expected, before);
  }

  private remove(before: ModelFiles): i32 {
    const path = this.somePath();
    this.said(`remove ${path}`);
    const expected = this.twin.remove(path);
    return this.agree(this.probe.remove(path), expected, before);
  }

  private rename(before: ModelFiles): i32 {
    const from = this.somePath();
    const to = this.somePath();
    this.said(`rename ${from} ${to}`);
    let expected = BAD_NAME;
    const below = to.startsWith(from + "/") && this.model.nodes.has(from);
    const isBelow = below && this.model.nodes.get(from).directory;
    if (!isBelow) expected = this.twin.rename(from, to);
    const result = this.probe.rename(from, to);
    // Which of two reasons is told for a path below itself that is not there either is not promised.
    if (isBelow && result < 0) return result;
    return this.agree(result, expected, before);
  }

  // ---- results

  /** The result; a failure of the store leaves the model as it was, or as it should have become. */
  private agree(result: i32, expected: i32, before: ModelFiles): i32 {
    if (result == expected) return result;
    if (!this.hasFailed() || result >= 0)
      expect(`${this.tell("result")} ${result}`).toBe(`${expected}`);
    this.said(`(failed: ${result})`);
    this.accounted = true;
    this.states.push(this.copy());
    this.crashOrGoOn(before);
    return result;
  }

  /** A failure: the store is broken and has to be opened anew, or goes on. */
  private crashOrGoOn(before: ModelFiles): void {
    if (this.store.broken != 0) {
      this.crash();
      return;
    }
    const found = this.print();
    const after = fingerprint(this.twin);
    if (found == after) return;
    // The handles of the model would lead into what it was.
    this.closeAll();
    this.become(before);
    this.compare();
  }

  private note(result: i32, durable: bool): void {
    if (result < 0) return;
    if (durable) this.durable();
    else this.states.push(this.copy());
  }

  private durable(): void {
    this.states.length = 0;
    this.states.push(this.copy());
  }

  /** The store has failed, and what came of it was not seen yet; or it fails from now on. */
  private hasFailed(): bool {
    if (this.store.broken != 0) return true;
    const failed = this.store.failAt >= 0 && this.store.operations > this.store.failAt;
    return failed && !this.accounted;
  }

  private isThere(handle: Handle): bool {
    return this.model.nodes.values().includes(handle.node);
  }

  /** The volume, while the store does not fail. */
  private print(): string {
    this.store.counts = false;
    const text = fingerprint(this.probe);
    this.store.counts = true;
    return text;
  }

  private mount(): void {
    let state = this.tryMount();
    if (state < 0 && this.hasFailed()) {
      this.accounted = true;
      state = this.tryMount();
    }
    if (state != 0) expect(`${this.tell("mount")} ${state}`).toBe("0");
  }

  private tryMount(): i32 {
    const settles = new StoreSettles(this.store);
    this.settles = settles;
    const volume = volumeOn(this.store, "v/");
    settles.volume = volume;
    this.probe = new Probe(volume, settles);
    return this.probe.state();
  }

  private become(model: ModelFiles): void {
    this.model = copyOf(model);
    this.twin = new Probe(this.model, new Settled());
  }

  private closeAll(): void {
    for (let i = 0; i < this.handles.length; i++) this.handles[i].file.close();
    this.handles.length = 0;
  }

  /** The model as it is, kept until the next step. */
  private copy(): ModelFiles {
    const made = copyOf(this.model);
    this.copies.push(made);
    return made;
  }

  private someDirectory(): string {
    return DIRECTORIES[1 + this.random.below(DIRECTORIES.length - 1)];
  }

  private someFlags(): i32 {
    let flags: i32 = OpenFlag.WRITE;
    if (this.random.below(4) > 0) flags |= OpenFlag.CREATE;
    if (this.random.below(4) == 0) flags |= OpenFlag.TRUNCATE;
    if (this.random.below(6) == 0) flags |= OpenFlag.EXCLUSIVE;
    return flags;
  }

  private somePath(): string {
    const directory = DIRECTORIES[this.random.below(DIRECTORIES.length)];
    const choice = this.random.below(10);
    if (choice == 0 && directory != "") return directory;
    return directory + "/" + NAMES[this.random.below(NAMES.length)];
  }

  private someHandle(): Handle | null {
    if (this.handles.length == 0) return null;
    return this.handles[this.random.below(this.handles.length)];
  }

  private someLength(): i32 {
    const choice = this.random.below(4);
    if (choice == 0) return 1 + <i32>this.random.below(200);
    if (choice == 1) return 4096 * (1 + <i32>this.random.below(5));
    return 1 + <i32>this.random.below(65_000);
  }

  private said(text: string): void {
    this.transcript += text + "; ";
  }

  private tell(what: string): string {
    return `seed ${this.seed}, ${what}: ${this.transcript}\n`;
  }
}

function copyOf(model: ModelFiles): ModelFiles {
  const made = new ModelFiles();
  const paths = model.nodes.keys();
  for (let i = 0; i < paths.length; i++) {
    const node = model.nodes.get(paths[i]);
    const copy = new ModelNode(node.directory);
    copy.bytes = node.bytes.slice();
    made.nodes.set(paths[i], copy);
  }
  return made;
}

/** All paths with their sizes, and what is in them. */
export function fingerprint(probe: Probe): string {
  return "/" + walk(probe, "/");
}

function walk(probe: Probe, path: string): string {
  const names = probe.names(path);
  let text = "";
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const inside = (path == "/" ? "/" : path + "/") + name;
    if (name.endsWith("/")) {
      text += ` ${inside}` + walk(probe, inside.substring(0, inside.length - 1));
      continue;
    }
    const bytes = probe.content(inside, 50_000);
    let hash: u32 = 0x811c9dc5;
    for (let at = 0; at < bytes.length; at++) hash = (hash ^ bytes[at]) * 0x01000193;
    text += ` ${inside}:${bytes.length}:${hash}`;
  }
  return text;
}
