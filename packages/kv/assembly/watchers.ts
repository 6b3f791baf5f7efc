/** Those who are told of changes. What has changed is kept for each until it is durable, as far as there is room. */
import { EXHAUSTED, KeyValueWatcher } from "@phantasm/interfaces";
import { KeyValueCounters } from "./counters";
import { compareBytes } from "./compare";

/** In the ring: u64 version, u16 bytes of the key, u8 deleted, the key. */
const HEAD_BYTES: i32 = 11;


@final
class Watch {
  /** Changes in the order of their batches, from `first` on; moved to the front when the end is reached. */
  readonly ring: usize;
  first: i32 = 0;
  end: i32 = 0;
  /** Version of the last batch of which something was left out; 0: nothing was. */
  missedVersion: u64 = 0;

  constructor(
    readonly prefix: Uint8Array,
    readonly watcher: KeyValueWatcher,
    bytes: i32,
  ) {
    this.ring = heap.alloc(bytes);
  }
}


@final
export class Watchers {
  private readonly watches: Watch[] = [];

  constructor(
    private readonly most: i32,
    private readonly bytes: i32,
    private readonly counters: KeyValueCounters,
  ) {}

  get any(): bool {
    return this.watches.length > 0;
  }

  add(prefix: Uint8Array, watcher: KeyValueWatcher): i32 {
    if (this.watches.length >= this.most) return EXHAUSTED;
    this.watches.push(new Watch(prefix.slice(), watcher, this.bytes));
    return 0;
  }

  remove(watcher: KeyValueWatcher): void {
    for (let index = this.watches.length - 1; index >= 0; index--) {
      const watch = this.watches[index];
      if (watch.watcher !== watcher) continue;
      heap.free(watch.ring);
      this.watches.splice(index, 1);
    }
  }

  /** A batch has changed a key. */
  note(key: usize, keyBytes: i32, version: u64, deleted: bool): void {
    for (let index = 0; index < this.watches.length; index++) {
      const watch = unchecked(this.watches[index]);
      const length = watch.prefix.length;
      if (keyBytes < length || compareBytes(key, length, watch.prefix.dataStart, length) != 0)
        continue;
      const bytes = HEAD_BYTES + keyBytes;
      if (watch.end + bytes > this.bytes && watch.first > 0) {
        memory.copy(watch.ring, watch.ring + watch.first, watch.end - watch.first);
        watch.end -= watch.first;
        watch.first = 0;
      }
      if (watch.missedVersion != 0 || watch.end + bytes > this.bytes) {
        watch.missedVersion = version;
        this.counters.missed++;
        continue;
      }
      const at = watch.ring + watch.end;
      store<u64>(at, version);
      store<u16>(at, keyBytes, 8);
      store<u8>(at, deleted ? 1 : 0, 10);
      memory.copy(at + HEAD_BYTES, key, keyBytes);
      watch.end += bytes;
    }
  }

  /** Tells of what is durable. A watcher may be removed, and another added, meanwhile. */
  deliver(durable: u64): void {
    for (let index = 0; index < this.watches.length; index++) {
      const watch = this.watches[index];
      while (watch.first < watch.end && load<u64>(watch.ring + watch.first) <= durable) {
        const at = watch.ring + watch.first;
        const keyBytes = <i32>load<u16>(at, 8);
        const version = load<u64>(at);
        const deleted = load<u8>(at, 10) != 0;
        const key = new Uint8Array(keyBytes);
        memory.copy(key.dataStart, at + HEAD_BYTES, keyBytes);
        watch.first += HEAD_BYTES + keyBytes;
        watch.watcher.onChange(key, version, deleted);
        if (index >= this.watches.length || this.watches[index] !== watch) break;
      }
      if (index >= this.watches.length || this.watches[index] !== watch) {
        // It is gone, and the next one has its place.
        index--;
        continue;
      }
      if (watch.missedVersion == 0 || watch.missedVersion > durable) continue;
      watch.missedVersion = 0;
      watch.watcher.onMissed();
    }
  }
}
