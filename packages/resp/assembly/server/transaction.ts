/** Commands between MULTI and EXEC, and the keys of WATCH. */
import { Database, versionOf } from "../data/database";
import { Call } from "../commands/call";
import { Budget, Requests } from "./requests";


@final
export class Transaction {
  isOpen: bool = false;
  /** A command was refused: EXEC will be too. */
  isDirty: bool = false;
  readonly queued: Requests;
  private readonly keys: Uint8Array[] = [];
  private readonly versions: u64[] = [];

  constructor(private readonly budget: Budget) {
    this.queued = new Requests(budget);
  }

  open(): void {
    this.isOpen = true;
  }

  /** All of it is over, the watching too. */
  close(): void {
    this.isOpen = false;
    this.isDirty = false;
    this.queued.clear();
    this.unwatch();
  }

  unwatch(): void {
    for (let i = 0; i < this.keys.length; i++) this.budget.used -= this.keys[i].length;
    this.keys.length = 0;
    this.versions.length = 0;
  }

  /** False: as many as may be are watched. */
  watch(call: Call, index: i32, watchedMax: i32): bool {
    const budget = this.budget;
    const isTooMuch = budget.used + call.bytes(index) > budget.most;
    if (isTooMuch || this.keys.length == watchedMax) return false;
    budget.used += call.bytes(index);
    const key = new Uint8Array(call.bytes(index));
    memory.copy(key.dataStart, call.at(index), <usize>key.length);
    this.keys.push(key);
    this.versions.push(this.versionNow(call.db, key));
    return true;
  }

  private versionNow(db: Database, key: Uint8Array): u64 {
    const entry = db.find(key.dataStart, key.length);
    return entry === null ? 0 : versionOf(entry);
  }

  /** Whether a watched key is another than it was. */
  isStale(db: Database): bool {
    for (let i = 0; i < this.keys.length; i++)
      if (this.versionNow(db, this.keys[i]) != this.versions[i]) return true;
    return false;
  }
}
