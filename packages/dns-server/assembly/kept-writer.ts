/** Writes one zone to where it is kept, a piece in each step; the version before it is there until this one is, whole. */
import { EXHAUSTED, KeyValue, KeyValueHandler, ValueWriter } from "@phantasm/interfaces";
import { KEPT_HEADER_BYTES, KEPT_MAGIC, KEPT_VERSION, ZONE_PREFIX, keyOf } from "./kept-layout";
import { Zones } from "./zone-data";
import { ServedZone } from "./zone-set";

/** Used again for the next zone. */
@final
export class KeptWriter {
  /** 0, or why it came to nothing. */
  status: i32 = 0;
  isDone: bool = true;

  private zones: Zones | null = null;
  private writer: ValueWriter | null = null;
  private at: u32 = 0;
  private isCommitting: bool = false;

  private handler: KeyValueHandler | null = null;

  /** @param buffer for a piece */
  constructor(
    private readonly store: KeyValue,
    private readonly buffer: Uint8Array,
  ) {}

  /** Begins with zones that are held until it is done; returns what `step` does. */
  begin(served: ServedZone, zones: Zones, confirmedNs: i64, handler: KeyValueHandler): i32 {
    this.handler = handler;
    this.status = 0;
    this.isCommitting = false;
    const writer = this.store.create(keyOf(ZONE_PREFIX, served.name, served.nameBytes), 0);
    this.writer = writer;
    this.isDone = writer === null;
    if (writer === null) {
      this.status = EXHAUSTED;
      return 0;
    }
    zones.hold();
    this.zones = zones;
    const at = this.buffer.dataStart;
    store<u32>(at, KEPT_MAGIC);
    store<u32>(at, KEPT_VERSION, 4);
    store<i64>(at, confirmedNs, 8);
    this.at = 0;
    return writer.write(this.buffer, 0, KEPT_HEADER_BYTES, handler, 0);
  }

  /** Takes the result of what was begun, and begins the next. Its result, or PENDING; see `isDone`. */
  step(result: i32): i32 {
    const writer = this.writer!;
    const zones = this.zones!;
    if (result < 0 || this.isCommitting) {
      if (!this.isCommitting) writer.abandon();
      this.status = min(result, 0);
      this.isDone = true;
      this.writer = null;
      this.zones = null;
      zones.release();
      return 0;
    }
    const bytes = min(<u32>this.buffer.length, zones.bytes - this.at);
    if (bytes == 0) {
      this.isCommitting = true;
      return writer.commit(this.handler!, 0);
    }
    memory.copy(this.buffer.dataStart, zones.base + <usize>this.at, bytes);
    this.at += bytes;
    return writer.write(this.buffer, 0, bytes, this.handler!, 0);
  }
}
