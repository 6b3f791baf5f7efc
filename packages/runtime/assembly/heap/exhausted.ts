/** The end of a domain whose memory is full: says what of, with what is left. */
import { AbortReason, abort } from "@phantasm/abi";
import { CONSUMERS_MAX, consumer } from "../observation";
import { WORD_SPAN, heapStart, scratchAddress, scratchBytes, startsWord, words } from "./bitmaps";
import { observeHeap } from "./statistics";

/** A row of the scratch table: bytes and objects of a class. */
const ROW_BYTES: usize = 8;

/** Never returns. Allocates nothing. */
export function outOfMemory(): void {
  tally();
  observeHeap();
  abort(AbortReason.MEMORY, 0, 0);
  unreachable();
}

/** Writes the classes that take most into the observation block. The mark bitmap is lost. */
function tally(): void {
  const table = scratchAddress();
  const classes = <u32>(scratchBytes() / ROW_BYTES);
  const count = words();
  memory.fill(table, 0, scratchBytes());
  for (let at: usize = 0; at < count; at++) {
    let started = startsWord(at);
    for (; started != 0; started &= started - 1) {
      const ptr = heapStart() + at * WORD_SPAN + ((<usize>ctz(started)) << 4);
      const id = load<u32>(ptr - 8);
      if (id >= classes) continue;
      const row = table + <usize>id * ROW_BYTES;
      store<u32>(row, load<u32>(row) + 4 + (load<u32>(ptr - 20) & ~3));
      store<u32>(row, load<u32>(row, 4) + 1, 4);
    }
  }
  for (let rank = 0; rank < CONSUMERS_MAX; rank++) {
    let largest: u32 = 0;
    for (let id: u32 = 1; id < classes; id++)
      if (load<u32>(table + <usize>id * ROW_BYTES) > load<u32>(table + <usize>largest * ROW_BYTES))
        largest = id;
    if (classes == 0) return;
    const row = table + <usize>largest * ROW_BYTES;
    const told = consumer(rank);
    told.classId = largest;
    told.bytes = load<u32>(row);
    told.objects = load<u32>(row, 4);
    store<u32>(row, 0);
  }
}
