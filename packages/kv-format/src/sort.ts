/** Sorts more byte strings than fit into memory: sorted runs in a spool, then a merge of them. */
import { compareBytes } from "./bytes.js";
import { Spool } from "./spool.js";

const RUN_ITEMS_MAX = 65_536;
/** For the buffers of all runs while they are merged. */
const MERGE_BYTES = 8_388_608;

interface Run {
  readonly items: Generator<Uint8Array>;
  head: Uint8Array;
}

export class Sorter {
  readonly #spool = new Spool();
  readonly #runs: { readonly from: number; readonly to: number }[] = [];
  readonly #itemsMax: number;
  #items: Uint8Array[] = [];

  constructor(itemsMax = RUN_ITEMS_MAX) {
    this.#itemsMax = itemsMax;
  }

  /** Takes the item over. */
  add(item: Uint8Array): void {
    this.#items.push(item);
    if (this.#items.length === this.#itemsMax) this.#endRun();
  }

  /** The items in their order, each valid until the next. Once, after the last `add`. */
  *sorted(): Generator<Uint8Array> {
    if (this.#runs.length === 0) {
      yield* this.#items.sort(compareBytes);
      return;
    }
    if (this.#items.length > 0) this.#endRun();
    const bufferBytes = Math.floor(MERGE_BYTES / this.#runs.length);
    const heap: Run[] = [];
    for (const { from, to } of this.#runs) {
      const items = this.#spool.items(from, to, bufferBytes);
      const first = items.next();
      if (first.done !== true) heap.push({ items, head: first.value });
    }
    // Sorted is a heap.
    heap.sort((x, y) => compareBytes(x.head, y.head));
    for (let least = heap[0]; least !== undefined; least = heap[0]) {
      yield least.head;
      const following = least.items.next();
      if (following.done !== true) {
        least.head = following.value;
      } else {
        const last = heap.pop()!;
        if (last === least) return;
        heap[0] = last;
      }
      sink(heap);
    }
  }

  close(): void {
    this.#spool.close();
  }

  #endRun(): void {
    const from = this.#spool.position;
    for (const item of this.#items.sort(compareBytes)) this.#spool.append(item);
    this.#runs.push({ from, to: this.#spool.position });
    this.#items = [];
  }
}

/** Moves the first down to its place. */
function sink(heap: Run[]): void {
  for (let at = 0; ;) {
    let child = 2 * at + 1;
    if (child >= heap.length) return;
    if (child + 1 < heap.length && compareBytes(heap[child + 1]!.head, heap[child]!.head) < 0)
      child++;
    if (compareBytes(heap[at]!.head, heap[child]!.head) <= 0) return;
    [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    at = child;
  }
}
