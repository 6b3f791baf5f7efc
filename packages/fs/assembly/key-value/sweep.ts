/** Clears a content's garbage away, a bounded portion at a time. */
import {
  Batch,
  CONFLICT,
  CORRUPT,
  Cursor,
  KeyValue,
  KeyValueHandler,
  NOT_FOUND,
  PENDING,
  Value,
} from "@phantasm/interfaces";
import { CHUNKS_MAX, Keys, parseGarbage } from "./format";

/** Chunks that one batch deletes. */
export const PORTION_CHUNKS: i64 = 64;

/** There was none, or no more. */
export const CLEAN: i32 = 0;
/** A portion is gone; there may be more. */
export const MORE: i32 = 1;

enum Step {
  RECORD,
  PROBE,
  DELETED,
}

/**
 * Each portion is a batch that requires the garbage record as it was read. So two sweeps of one content may be
 * under way: what was cleared, and perhaps written again since, the slower one does not touch.
 */
@final
export class Sweep {
  content: u64 = 0;
  private step: Step = Step.RECORD;
  private record: Uint8Array = new Uint8Array(0);
  private version: u64 = 0;
  private cursor: Cursor | null = null;
  private last: bool = false;
  private readonly value: Value = new Value();
  private readonly batch: Batch = new Batch(4096);
  private readonly chunk: Uint8Array;

  constructor(
    private readonly store: KeyValue,
    private readonly keys: Keys,
    /** Told of what was pending: it then calls `advance`. */
    private readonly handler: KeyValueHandler,
  ) {
    this.chunk = keys.chunk();
  }

  /** Starts a portion. Returns PENDING, CLEAN, MORE, or an error. */
  begin(content: u64): i32 {
    this.content = content;
    this.record = this.keys.garbage(content);
    this.step = Step.RECORD;
    return this.advance(this.store.get(this.record, this.value, this.handler, 0));
  }

  /** Goes on with the result that was pending. */
  advance(result: i32): i32 {
    while (result != PENDING) {
      switch (this.step) {
        case Step.RECORD: {
          if (result == NOT_FOUND) return CLEAN;
          if (result < 0) return result;
          const from = parseGarbage(this.value);
          if (from < 0) return CORRUPT;
          this.version = this.value.version;
          this.keys.setChunk(this.chunk, this.content, <u32>from);
          const cursor = this.store.scan(this.keys.chunks(this.content), this.chunk, null, false);
          this.cursor = cursor;
          this.step = Step.PROBE;
          result = cursor.next(this.handler, 0);
          break;
        }
        case Step.PROBE: {
          if (result < 0) return result;
          this.last = result == 0;
          this.step = Step.DELETED;
          result = this.store.commit(this.portion(), false, this.handler, 0);
          break;
        }
        default: {
          this.cursor = null;
          // Somebody else has cleared it, or there is more of it now.
          if (result == CONFLICT) return MORE;
          return result < 0 ? result : this.last ? CLEAN : MORE;
        }
      }
    }
    return PENDING;
  }

  private portion(): Batch {
    const batch = this.batch.clear().require(this.record, this.version);
    if (this.last) return batch.delete(this.record);
    // By number, since a cursor would read all that is deleted; from the first that exists, however large the hole.
    const key = this.cursor!.key;
    const first = this.keys.chunkOf(key);
    if (first < 0) return batch.delete(key);
    const end = min(first + PORTION_CHUNKS, <i64>CHUNKS_MAX + 1);
    for (let number = first; number < end; number++) {
      this.keys.setChunk(this.chunk, this.content, <u32>number);
      batch.delete(this.chunk);
    }
    return batch;
  }
}
