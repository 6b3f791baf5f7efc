import { Batch, NOT_FOUND, Value, errorText } from "@phantasm/interfaces";
import { Store } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

const KEY_BYTES: i32 = 16;

/** The finaliser of MurmurHash3 (Appleby 2011): every number gives another one. */
function scatter(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x85eb_ca6b;
  x = (x ^ (x >> 13)) * 0xc2b2_ae35;
  return x ^ (x >> 16);
}

/** Prints the nanoseconds of each phase, a line of JSON each. Keys are those of key-value-peers.mjs. */
class Bench {
  private readonly store: Store;
  private readonly key: Uint8Array = new Uint8Array(KEY_BYTES);
  private readonly value: Uint8Array;
  private readonly batch: Batch = new Batch(65_536);
  private readonly found: Value = new Value();

  constructor(private readonly os: Devices) {
    this.store = new Store(os.store);
    this.value = new Uint8Array(<i32>os.arguments.bytes);
    for (let i = 0; i < this.value.length; i++) this.value[i] = <u8>(i * 131);
  }

  run(): void {
    const began = this.os.clock.monotonic();
    const state = this.store.opened();
    this.check(state, "open");
    this.report("open", 1, began);
    const phases = this.os.arguments.phases.split(",");
    for (let i = 0; i < phases.length; i++) {
      const phase = phases[i];
      if (phase == "fill") this.fill();
      else if (phase == "get") this.get();
      else if (phase == "scan") this.scan();
      else if (phase == "single") this.single();
    }
  }

  private fill(): void {
    const keys = <i32>this.os.arguments.keys;
    const size = <i32>this.os.arguments.batch;
    const durable = this.os.arguments.durable == 1;
    const began = this.os.clock.monotonic();
    for (let i = 0; i < keys;) {
      this.batch.clear();
      for (let j = 0; j < size && i < keys; j++, i++) {
        store<u32>(this.value.dataStart, i);
        this.batch.put(this.keyOf(i), this.value);
      }
      this.check(this.store.commit(this.batch, durable), "put");
    }
    this.check(this.store.sync(), "sync");
    this.report("fill", keys, began);
  }

  private get(): void {
    const keys = <i32>this.os.arguments.keys;
    const began = this.os.clock.monotonic();
    for (let i = 0; i < keys; i++) {
      // In another order than they were put.
      const index = <i32>(scatter(i ^ 0x5bd1_e995) % <u32>keys);
      const length = this.store.get(this.keyOf(index), this.found);
      assert(length == this.value.length, "a value is missing");
      assert(load<u32>(this.found.bytes.dataStart) == index, "a value is another one's");
    }
    this.report("get", keys, began);
  }

  private scan(): void {
    const began = this.os.clock.monotonic();
    const scan = this.store.scan();
    let count = 0;
    while (scan.next() == 1) count++;
    this.report("scan", count, began);
  }

  private single(): void {
    const count = <i32>this.os.arguments.singles;
    const began = this.os.clock.monotonic();
    for (let i = 0; i < count; i++) {
      this.batch.clear().put(this.keyOf(i * 7), this.value);
      this.check(this.store.commit(this.batch), "put");
    }
    this.report("single", count, began);
  }

  private keyOf(index: u32): Uint8Array {
    this.hex(0, scatter(index));
    this.hex(8, scatter(index ^ 0x9e37_79b9));
    return this.key;
  }

  private hex(at: i32, value: u32): void {
    for (let i = 0; i < 8; i++) {
      const digit = (value >> (28 - 4 * i)) & 15;
      this.key[at + i] = <u8>(digit + (digit < 10 ? 48 : 87));
    }
  }

  private check(outcome: i32, what: string): void {
    if (outcome >= 0 || outcome == NOT_FOUND) return;
    throw new Error(`${what}: ${errorText(outcome)}`);
  }

  private report(phase: string, count: i32, beganNs: i64): void {
    const ns = this.os.clock.monotonic() - beganNs;
    this.os.console.writeLine(`{"phase":"${phase}","count":${count},"ns":${ns}}`);
  }
}

export function main(os: Devices): void {
  new Bench(os).run();
}
