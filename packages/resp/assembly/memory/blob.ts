/** A string of bytes of its own: u32 length, u32 room, the bytes. */
import { allocate, release } from "./heap";

const HEAD_BYTES: i32 = 8;


@unmanaged
export class Blob {
  length: i32;
  room: i32;

  get address(): usize {
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- raw memory: the collector knows nothing of it
    return changetype<usize>(this);
  }

  get bytes(): usize {
    return this.address + <usize>HEAD_BYTES;
  }
}

export function blobOf(at: usize, bytes: i32): Blob {
  const blob = blankBlob(bytes);
  memory.copy(blob.bytes, at, <usize>bytes);
  return blob;
}

/** Its bytes are undefined. */
export function blankBlob(bytes: i32): Blob {
  const blob = changetype<Blob>(allocate(HEAD_BYTES + bytes));
  blob.length = bytes;
  blob.room = bytes;
  return blob;
}

export function freeBlob(blob: Blob): void {
  release(blob.address, HEAD_BYTES + blob.room);
}

/** Makes it longer, zeros behind what there was; it may move. Grows by half at least, so that appending is cheap. */
export function extendBlob(blob: Blob, bytes: i32): Blob {
  const before = blob.length;
  let extended = blob;
  if (bytes > blob.room) {
    extended = blankBlob(max(bytes, before + (before >> 1)));
    memory.copy(extended.bytes, blob.bytes, <usize>before);
    freeBlob(blob);
  }
  if (bytes > before) {
    memory.fill(extended.bytes + <usize>before, 0, <usize>(bytes - before));
    extended.length = bytes;
  } else extended.length = before;
  return extended;
}
