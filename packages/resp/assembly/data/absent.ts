/** Keys that somebody watches and that are not there: each time one of them comes to be is counted. */
import { Table, newTable } from "../memory/table";


@final
export class Absent {
  /** `value` of an entry: how many watch; `extra`: how often it came to be since the first of them. */
  private readonly table: Table = newTable();

  /** Keys that somebody watches. */
  get count(): i32 {
    return this.table.count;
  }

  /** One more watches it. Returns how often it came to be. */
  watch(key: usize, bytes: i32): u64 {
    const known = this.table.find(key, bytes);
    const entry = known !== null ? known : this.table.add(key, bytes);
    entry.value++;
    return <u64>entry.extra;
  }

  /** Of a key that nobody watches: 0. */
  timesOf(key: usize, bytes: i32): u64 {
    const entry = this.table.find(key, bytes);
    return entry === null ? 0 : <u64>entry.extra;
  }

  /** One fewer watches it. */
  leave(key: usize, bytes: i32): void {
    const entry = this.table.find(key, bytes);
    if (entry !== null && --entry.value == 0) this.table.remove(entry);
  }

  /** It comes to be. */
  onKey(key: usize, bytes: i32): void {
    if (this.table.count == 0) return;
    const entry = this.table.find(key, bytes);
    if (entry !== null) entry.extra++;
  }
}
