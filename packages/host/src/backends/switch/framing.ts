/**
 * The framing of QEMU's `-netdev stream`, which passt speaks too: a 32-bit big-endian length, then
 * that many bytes of Ethernet frame, without virtio_net_hdr.
 */
import { ETHERNET_BYTES_MAX, ETHERNET_HEADER_BYTES } from "../link.js";
import { BackendError } from "../error.js";

export const LENGTH_BYTES = 4;

/** Chunks up to this size are copied together, so that a peer that dribbles costs no object per byte. */
const SMALL_CHUNK_BYTES_MAX = 2048;
const TAIL_BYTES = 4096;

/** The peer does not speak this framing. */
export class FramingError extends BackendError {
  constructor(length: number) {
    super(
      `it announced a frame of ${length} bytes; a frame has ${ETHERNET_HEADER_BYTES} to ${ETHERNET_BYTES_MAX}`,
    );
  }
}

interface Chunk {
  readonly bytes: Buffer;
  /** Bytes in use; below `bytes.length` only in a tail that small chunks are copied into. */
  end: number;
  readonly owned: boolean;
}

/**
 * Cuts a stream of chunks into frames.
 *
 * Chunks are kept as they came and every byte is looked at once: a frame within one chunk is not
 * copied, a frame across chunks is gathered when its last byte is there. The caller bounds `bytes`
 * by not reading on.
 *
 * @example
 * decoder.push(chunk);
 * while (decoder.next()) handle(decoder.chunk, decoder.start, decoder.end);
 */
export class FrameDecoder {
  #chunks: Chunk[] = [];
  #head = 0;
  #offset = 0;
  #bytes = 0;

  /** After `next` said true: the frame is `chunk[start..end)`, valid until the next call. */
  chunk: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;

  /** Bytes that wait, headers and an unfinished frame included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes over a chunk. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (chunk.length > SMALL_CHUNK_BYTES_MAX) {
      this.#chunks.push({ bytes: chunk, end: chunk.length, owned: false });
      return;
    }
    let tail = this.#chunks.at(-1);
    if (tail === undefined || !tail.owned || tail.bytes.length - tail.end < chunk.length) {
      tail = { bytes: Buffer.allocUnsafeSlow(TAIL_BYTES), end: 0, owned: true };
      this.#chunks.push(tail);
    }
    chunk.copy(tail.bytes, tail.end);
    tail.end += chunk.length;
  }

  /** Whether a whole frame waits. Throws FramingError for a length that no frame has. */
  ready(): boolean {
    if (this.#bytes < LENGTH_BYTES) return false;
    return this.#bytes >= LENGTH_BYTES + this.#length();
  }

  /** Steps to the next whole frame; false when more bytes are needed. Throws FramingError. */
  next(): boolean {
    if (!this.ready()) return false;
    const length = this.#length();
    this.#advance(LENGTH_BYTES);
    const head = this.#chunk(this.#head);
    if (head.end - this.#offset >= length) {
      this.chunk = head.bytes;
      this.start = this.#offset;
      this.end = this.start + length;
      this.#advance(length);
    } else {
      this.#gather(length);
    }
    return true;
  }

  /** `bytes` says how much there is, so nobody asks for more chunks than there are. */
  #chunk(index: number): Chunk {
    const chunk = this.#chunks[index];
    if (chunk === undefined) throw new Error("read beyond the last chunk");
    return chunk;
  }

  #length(): number {
    const head = this.#chunk(this.#head);
    let length = 0;
    if (head.end - this.#offset >= LENGTH_BYTES) {
      length = head.bytes.readUInt32BE(this.#offset);
    } else {
      let index = this.#head;
      let offset = this.#offset;
      for (let i = 0; i < LENGTH_BYTES; i++) {
        while (offset === this.#chunk(index).end) {
          index++;
          offset = 0;
        }
        length = length * 256 + this.#chunk(index).bytes.readUInt8(offset++);
      }
    }
    if (length < ETHERNET_HEADER_BYTES || length > ETHERNET_BYTES_MAX) {
      throw new FramingError(length);
    }
    return length;
  }

  #gather(length: number): void {
    const frame = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const head = this.#chunk(this.#head);
      const part = Math.min(length - filled, head.end - this.#offset);
      head.bytes.copy(frame, filled, this.#offset, this.#offset + part);
      filled += part;
      this.#advance(part);
    }
    this.chunk = frame;
    this.start = 0;
    this.end = length;
  }

  #advance(count: number): void {
    this.#bytes -= count;
    this.#offset += count;
    while (this.#head < this.#chunks.length && this.#offset >= this.#chunk(this.#head).end) {
      this.#offset -= this.#chunk(this.#head).end;
      this.#head++;
    }
    // Shifting per chunk would be quadratic; this moves each entry once on average.
    if (this.#head > 0 && this.#head * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }
}
