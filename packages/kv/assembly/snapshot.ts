/** The store as it was at a checkpoint. */
import { Cursor, KeyValueHandler, Snapshot, Value, ValueReader } from "@phantasm/interfaces";
import { StoreCursor } from "./cursor";
import { Engine } from "./engine";
import { open } from "./reader";
import { View } from "./tree";


@final
export class StoreSnapshot implements Snapshot {
  readonly view: View = new View();
  /** Operations that read it. */
  pending: i32 = 0;
  private shown: u64 = 0;
  private hold: i32 = -1;
  private isReleased: bool = false;

  constructor(private readonly engine: Engine) {
    engine.snapshots++;
  }

  /** Shows this tree, which is held. */
  show(view: View, version: u64, hold: i32): void {
    this.view.assign(view);
    this.shown = version;
    this.hold = hold;
  }

  get heldBy(): i32 {
    return this.hold;
  }

  get version(): u64 {
    return this.shown;
  }

  get(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    this.check();
    return this.engine.get(this.view, this, key, into, handler, tag);
  }

  scan(
    prefix: Uint8Array | null,
    from: Uint8Array | null,
    to: Uint8Array | null,
    reverse: bool,
  ): Cursor {
    this.check();
    return new StoreCursor(this.engine, this.view, this, prefix, from, to, reverse);
  }

  open(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    this.check();
    return open(this.engine, this.view, this, key, into, handler, tag);
  }

  takeStream(): ValueReader {
    return this.engine.takeStream();
  }

  /** What still reads it may end. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    if (this.pending == 0) this.give();
  }

  onDone(): void {
    this.pending--;
    if (this.isReleased && this.pending == 0) this.give();
  }

  give(): void {
    this.engine.snapshots--;
    if (this.hold >= 0) this.engine.space.drop(this.hold);
    this.hold = -1;
  }

  check(): void {
    assert(!this.isReleased, "kv: a snapshot that was released cannot be read");
  }
}
