/** Memory that is taken piece by piece, up to a limit, and goes as a whole. */

const FIRST_BYTES: usize = 0x1000;
const CHUNK_BYTES_MAX: usize = 0x40000;
/** In front of a chunk: the one before it. Behind it: what is read in steps of eight bytes. */
const FRONT_BYTES: usize = 8;
const BEHIND_BYTES: usize = 16;


@final
export class Arena {
  /** Of all chunks. */
  bytes: usize = 0;
  private chunk: usize = 0;
  private chunkBytes: usize = FIRST_BYTES;
  private at: usize = 0;
  private end: usize = 0;

  constructor(readonly bytesMax: usize) {}

  /** Address of so many bytes, a multiple of 4, at most 128 KiB; 0: the limit is reached. Their content is undefined. */
  take(bytes: usize): usize {
    const rounded = (bytes + 3) & ~3;
    if (rounded > this.end - this.at && !this.grow(rounded)) return 0;
    const at = this.at;
    this.at = at + rounded;
    return at;
  }

  private grow(wanted: usize): bool {
    let bytes = this.chunkBytes;
    while (bytes < wanted) bytes <<= 1;
    if (this.bytes + bytes > this.bytesMax) return false;
    const chunk = heap.alloc(FRONT_BYTES + bytes + BEHIND_BYTES);
    store<usize>(chunk, this.chunk);
    this.chunk = chunk;
    this.at = chunk + FRONT_BYTES;
    this.end = this.at + bytes;
    this.bytes += bytes;
    this.chunkBytes = min(CHUNK_BYTES_MAX, bytes << 1);
    return true;
  }

  /** Nothing that was taken may be used any more. */
  clear(): void {
    for (let chunk = this.chunk; chunk != 0;) {
      const before = load<usize>(chunk);
      heap.free(chunk);
      chunk = before;
    }
    this.chunk = 0;
    this.chunkBytes = FIRST_BYTES;
    this.at = 0;
    this.end = 0;
    this.bytes = 0;
  }
}
