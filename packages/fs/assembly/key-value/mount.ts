/** The first operation: finds the volume, or makes one. The others wait for it. */
import { Cursor, KeyValueSpace, NOT_FOUND, WRONG_FORMAT } from "@phantasm/interfaces";
import { KeyValueFiles } from "./files";
import { CHUNK_BYTES_MIN } from "./format";
import { Operation } from "./operation";

/** So many chunks are to fit into what is free. */
const CHUNKS_IN_STORE_MIN: u64 = 64;

enum Step {
  BEGIN,
  FOUND,
  LOOKED,
  MADE,
}


@final
export class Mount extends Operation {
  private cursor: Cursor | null = null;

  constructor(
    volume: KeyValueFiles,
    /** Of a volume that is made. */
    private readonly chunkBytes: i32,
  ) {
    super(volume);
  }

  protected advance(result: i32): i32 {
    const volume = this.volume;
    switch (this.step) {
      case Step.BEGIN: {
        volume.names.take(this, true);
        this.step = Step.FOUND;
        return volume.store.get(volume.keys.header, this.value, this, 0);
      }
      case Step.FOUND: {
        if (result >= 0)
          return this.mount(volume.numbers.header.parse(this.value) ? 0 : WRONG_FORMAT);
        if (result != NOT_FOUND) return this.mount(result);
        if (!volume.store.writable) return this.mount(WRONG_FORMAT);
        this.step = Step.LOOKED;
        const cursor = volume.store.scan(volume.keys.prefix, null, null, false);
        this.cursor = cursor;
        return cursor.next(this, 0);
      }
      case Step.LOOKED: {
        this.cursor = null;
        // Somebody else's: nothing is mixed into it.
        if (result != 0) return this.mount(result < 0 ? result : WRONG_FORMAT);
        const header = volume.numbers.header;
        header.chunkBytes = this.chunkBytesFor();
        header.nextNumber = 2;
        this.step = Step.MADE;
        const key = volume.keys.header;
        this.batch.clear().require(key, 0).put(key, header.encode());
        return this.commit();
      }
      default:
        return this.mount(result);
    }
  }

  protected recycle(): void {}

  /** Less in a small store, which takes small batches only. */
  private chunkBytesFor(): i32 {
    const space = new KeyValueSpace();
    this.volume.store.space(space);
    let bytes = this.chunkBytes;
    while (bytes > CHUNK_BYTES_MIN && <u64>bytes * CHUNKS_IN_STORE_MIN > space.freeBytes)
      bytes >>= 1;
    return bytes;
  }

  private mount(result: i32): i32 {
    this.volume.mounted(result < 0 ? result : 0);
    this.volume.names.release(true, this.volume.ready);
    return this.end(result);
  }
}
