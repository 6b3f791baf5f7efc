/** Reads one zone that was kept, a piece in each step. What comes from a store is looked at as what comes from a disk is. */
import {
  KeyValue,
  KeyValueHandler,
  NOT_FOUND,
  PENDING,
  Value,
  ValueReader,
} from "@phantasm/interfaces";
import {
  KEPT_HEADER_BYTES,
  KEPT_MAGIC,
  KEPT_VERSION,
  TIME_BYTES,
  TIME_PREFIX,
  ZONE_PREFIX,
  keyOf,
} from "./kept-layout";
import { BYTES_MAX, HEADER_BYTES, PADDING_BYTES } from "./layout";
import { ZoneCheck } from "./zone-check";
import { ZoneAccount, Zones, firstRecord, hasLabel, labelBytes } from "./zone-data";
import { ServedZone } from "./zone-set";

enum Stage {
  TIME,
  OPEN,
  HEADER,
  CONTENT,
  CHECK,
  DONE,
}

/** Used again for the next zone. Gives `zones`, or null and `problem`, which is empty when nothing was kept. */
@final
export class KeptReader {
  /** Held for the caller, who releases them. */
  zones: Zones | null = null;
  /** When they were last known to be current, ns since 1970. */
  confirmedNs: i64 = 0;
  problem: string = "";

  private readonly value: Value = new Value();
  private readonly check: ZoneCheck = new ZoneCheck();
  private stream: ValueReader | null = null;
  private served: ServedZone | null = null;
  private stage: i32 = Stage.DONE;
  private block: usize = 0;
  private bytes: u32 = 0;
  private at: u32 = 0;
  private timeNs: i64 = 0;
  private timeSerial: u32 = 0;

  private handler: KeyValueHandler | null = null;

  /** @param buffer for a piece */
  constructor(
    private readonly store: KeyValue,
    private readonly buffer: Uint8Array,
  ) {}

  get isDone(): bool {
    return this.stage == Stage.DONE;
  }

  /** Begins; returns what `step` does. */
  begin(served: ServedZone, handler: KeyValueHandler): i32 {
    this.served = served;
    this.handler = handler;
    this.zones = null;
    this.problem = "";
    this.timeNs = 0;
    this.stage = Stage.TIME;
    const key = keyOf(TIME_PREFIX, served.name, served.nameBytes);
    return this.store.get(key, this.value, this.handler!, 0);
  }

  /** Takes the result of what was begun, and begins the next. Its result, or PENDING; see `isDone`. */
  step(result: i32, account: ZoneAccount): i32 {
    if (this.stage == Stage.TIME) return this.time(result);
    if (this.stage == Stage.OPEN) return this.open(result, account);
    if (result < 0) return this.fail(`it cannot be read (error ${result})`, account);
    if (this.stage == Stage.HEADER) return this.header(account);
    if (this.stage == Stage.CONTENT) return this.content(result, account);
    return this.look(account);
  }

  private time(result: i32): i32 {
    // Without a time of its own, a zone has the one at which it was written.
    if (result == TIME_BYTES) {
      this.timeNs = load<i64>(this.value.bytes.dataStart);
      this.timeSerial = load<u32>(this.value.bytes.dataStart, 8);
    }
    const served = this.served!;
    const key = keyOf(ZONE_PREFIX, served.name, served.nameBytes);
    this.stage = Stage.OPEN;
    const opened = this.store.open(key, this.value, this.handler!, 0);
    // Until the next step, somebody else may open something.
    if (opened >= 0) this.stream = this.store.takeStream();
    return opened;
  }

  private open(result: i32, account: ZoneAccount): i32 {
    if (result < 0) {
      const why = this.store.state < 0 && this.store.state != PENDING ? this.store.problem() : "";
      if (result != NOT_FOUND)
        this.problem = why.length > 0 ? why : `it cannot be read (error ${result})`;
      this.stage = Stage.DONE;
      return 0;
    }
    const size = this.value.size;
    if (this.stream === null) this.stream = this.store.takeStream();
    if (size < <u64>(KEPT_HEADER_BYTES + HEADER_BYTES) || size > <u64>BYTES_MAX)
      return this.fail("it is no zone", account);
    this.bytes = <u32>size - KEPT_HEADER_BYTES;
    if (this.bytes > account.left) return this.fail("secondaryLimits.bytes has no room", account);
    account.bytes += this.bytes;
    this.block = heap.alloc(<usize>this.bytes + PADDING_BYTES);
    memory.fill(this.block + <usize>this.bytes, 0, PADDING_BYTES);
    this.stage = Stage.HEADER;
    return this.stream!.readAt(0, this.buffer, 0, KEPT_HEADER_BYTES, this.handler!, 0);
  }

  private header(account: ZoneAccount): i32 {
    const at = this.buffer.dataStart;
    if (load<u32>(at) != KEPT_MAGIC || load<u32>(at, 4) != KEPT_VERSION)
      return this.fail("its version is not known here", account);
    this.confirmedNs = load<i64>(at, 8);
    this.at = 0;
    this.stage = Stage.CONTENT;
    return this.read();
  }

  private read(): i32 {
    const bytes = min(<u32>this.buffer.length, this.bytes - this.at);
    const from = <u64>this.at + KEPT_HEADER_BYTES;
    return this.stream!.readAt(from, this.buffer, 0, bytes, this.handler!, 0);
  }

  private content(result: i32, account: ZoneAccount): i32 {
    if (result == 0) return this.fail("it is cut off", account);
    memory.copy(this.block + <usize>this.at, this.buffer.dataStart, result);
    this.at += result;
    if (this.at < this.bytes) return this.read();
    this.check.begin(this.block, this.bytes);
    this.stage = Stage.CHECK;
    return 0;
  }

  private look(account: ZoneAccount): i32 {
    const status = this.check.step();
    if (status == PENDING) return 0;
    if (status != 0)
      return this.fail(`byte ${this.check.problemAt}: ${this.check.problem}`, account);
    const zones = new Zones(this.block, this.bytes);
    const served = this.served!;
    if (zones.count != 1 || !isNamed(zones, zones.nodeAt(zones.zone(0)), served.name))
      return this.fail("it is another zone", account);
    if (serialOf(zones) == this.timeSerial) this.confirmedNs = max(this.confirmedNs, this.timeNs);
    // From here on the zones account for themselves.
    account.bytes -= this.bytes;
    zones.own(this.block, account);
    this.block = 0;
    zones.hold();
    this.zones = zones;
    return this.end(account);
  }

  private fail(problem: string, account: ZoneAccount): i32 {
    this.problem = problem;
    return this.end(account);
  }

  private end(account: ZoneAccount): i32 {
    const stream = this.stream;
    if (stream !== null) stream.close();
    this.stream = null;
    this.check.finish();
    if (this.block != 0) {
      heap.free(this.block);
      account.bytes -= this.bytes;
    }
    this.block = 0;
    this.stage = Stage.DONE;
    return 0;
  }
}

/** The SOA record's five numbers of a zone that lies by itself, as they are sent. */
export function soaOf(zones: Zones): usize {
  return firstRecord(zones.base + <usize>load<u32>(zones.zone(0), 16)) + 8;
}

export function serialOf(zones: Zones): u32 {
  return load<u32>(zones.zone(0), 12);
}

/** @param name in wire form and lower case, seven bytes more can be read */
function isNamed(zones: Zones, node: usize, name: usize): bool {
  for (; labelBytes(node) > 0; node = zones.parentOf(node)) {
    const length = <i32>load<u8>(name);
    if (!hasLabel(node, name, length)) return false;
    name += length + 1;
  }
  return load<u8>(name) == 0;
}
