/** Commands between MULTI and EXEC, and the keys of WATCH. */
import { Database, versionOf } from "../data/database";
import { Call } from "../commands/call";
import { Budget, Requests } from "./requests";

const ABSENT: u64 = 1 << 63;


@final
export class Transaction {
  isOpen: bool = false;
  /** A command was refused: EXEC will be too. */
  isDirty: bool = false;
  readonly queued: Requests;
  private readonly keys: Uint8Array[] = [];
  /** Of a key that is there, its version; of one that is not, `ABSENT` and how often it came to be. */
  private readonly versions: u64[] = [];

  constructor(
    private readonly budget: Budget,
    private readonly db: Database,
  ) {
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
    for (let i = 0; i < this.keys.length; i++) {
      const key = this.keys[i];
      this.budget.used -= key.length;
      if ((this.versions[i] & ABSENT) != 0) this.db.absent.leave(key.dataStart, key.length);
    }
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
    const entry = this.db.find(key.dataStart, key.length);
    this.versions.push(
      entry !== null ? versionOf(entry) : ABSENT | this.db.absent.watch(key.dataStart, key.length),
    );
    return true;
  }

  /** Whether a watched key is another than it was, or has been meanwhile. */
  isStale(): bool {
    const db = this.db;
    for (let i = 0; i < this.keys.length; i++) {
      const key = this.keys[i];
      const entry = db.find(key.dataStart, key.length);
      const now =
        entry !== null ? versionOf(entry) : ABSENT | db.absent.timesOf(key.dataStart, key.length);
      if (now != this.versions[i]) return true;
    }
    return false;
  }
}
