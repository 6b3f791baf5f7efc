/** What the appliance beside it puts into its store: the same sums as in its main.ts. */
import { closeSync, fstatSync, openSync } from "node:fs";
import { check, FileDevice, Store, type CheckReport } from "@phantasm/kv-format";

const KEPT = 40;
const STREAM_EVERY = 16;
const STREAM_BYTES = 300_000;
const YEAR_2100_NS = 4_102_444_800_000_000_000n;

export interface Expected {
  readonly size: number;
  readonly expires: bigint | null;
  readonly batch: number;
  readonly entry: number;
}

function sizeOf(batch: number, entry: number): number {
  return entry === 3 ? 5000 + (batch % 3000) : (batch * 37 + entry * 101) % 900;
}

function isFilled(value: Buffer, batch: number, entry: number): boolean {
  return value.every((byte, at) => byte === 97 + ((batch * 7 + entry * 3 + at) % 26));
}

/** The keys after that many batches. */
export function expected(batches: number): ReadonlyMap<string, Expected> {
  const keys = new Map<string, Expected>();
  for (let batch = Math.max(1, batches - KEPT + 1); batch <= batches; batch++)
    for (let entry = 0; entry < 1 + (batch % 7); entry++)
      keys.set(`batch/${String(batch).padStart(8, "0")}/${entry}`, {
        size: sizeOf(batch, entry),
        expires: entry === 2 ? YEAR_2100_NS + BigInt(batch) : null,
        batch,
        entry,
      });
  return keys;
}

/** A store in a file, read from outside. */
export function inspect(path: string): {
  readonly report: CheckReport;
  readonly state: FillerState;
} {
  const fd = openSync(path, "r");
  try {
    const device = new FileDevice(fd, fstatSync(fd).size);
    const report = check(device);
    return { report, state: new FillerState(new Store(device)) };
  } finally {
    closeSync(fd);
  }
}

/** What is in the store, held against what the appliance puts there. */
export class FillerState {
  /** Batches that were applied. */
  readonly batches: number;
  /** The batch after which the long value was streamed; 0: never. */
  readonly streamed: number;
  /** What is missing, or there without reason, or another value. */
  readonly faults: readonly string[];

  constructor(store: Store) {
    const [counter] = store.entries(Buffer.from("counter"));
    this.batches = counter === undefined ? 0 : Number(Buffer.from(counter.inline ?? []).toString());
    const missing = new Map(expected(this.batches));
    const faults: string[] = [];
    let streamed = 0;
    for (const stored of store.entries()) {
      const key = Buffer.from(stored.key).toString();
      if (key === "counter") continue;
      const value = Buffer.concat(Array.from(stored.pieces(), (piece) => Buffer.from(piece)));
      if (key === "streamed") {
        const last = this.batches - (this.batches % STREAM_EVERY);
        const found = [last, last - STREAM_EVERY].find((batch) => isFilled(value, batch, 0));
        if (value.length !== STREAM_BYTES || found === undefined)
          faults.push("streamed: another value");
        streamed = found ?? 0;
        continue;
      }
      const wanted = missing.get(key);
      missing.delete(key);
      if (wanted === undefined) faults.push(`${key}: not of the last batches`);
      else if (
        value.length !== wanted.size ||
        stored.expires !== wanted.expires ||
        !isFilled(value, wanted.batch, wanted.entry)
      )
        faults.push(`${key}: another value`);
    }
    for (const key of missing.keys()) faults.push(`${key}: missing`);
    this.streamed = streamed;
    this.faults = faults;
  }
}

/** The numbers that lines such as `done 17` end with: the last one, or 0. */
export function lastOf(word: string, stdout: string): number {
  const found = [...stdout.matchAll(new RegExp(`^${word} (\\d+)\\n`, "gm"))];
  return Number(found.at(-1)?.[1] ?? 0);
}
