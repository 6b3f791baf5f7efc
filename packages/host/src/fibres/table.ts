/**
 * The table of fibres: a list in the guest's memory that begins at the observation block. The block
 * also says where a fibre has its fields. All of it is the guest's claim: it may lead anywhere.
 */
import type { Manifest } from "@phantasm/seal";
import { observationBlock } from "../observe.js";
import { guestString } from "../guest-string.js";

const STATES = ["new", "ready", "running", "waiting", "sleeping", "ended"] as const;

export type FibreState = (typeof STATES)[number] | "unknown";

/** One fibre. Texts are safe to print. */
export interface Fibre {
  /** Counts from 1 in the order they were spawned. */
  readonly id: number;
  /** As the application named it; may be empty. */
  readonly name: string;
  /** Number of its class in this image; `<image>.map` has the names. */
  readonly classId: number;
  readonly state: FibreState;
  /** What it waits for, as the one who made the queue calls it; empty unless it waits. */
  readonly waitsFor: string;
  /** When it goes on at the latest, on the scale of the domain's time, in ns; null: nobody knows. */
  readonly dueNs: bigint | null;
  /** Where it lies in the memory of the image. */
  readonly address: number;
}

export interface FibreTable {
  /** In the order they were spawned. Of more than FIBRES_MAX, the oldest half and the newest. */
  readonly fibres: readonly Fibre[];
  /** How many are in the table. */
  readonly count: number;
  /** False: there are more than FIBRES_COUNTED_MAX, or the list is broken after these. */
  readonly complete: boolean;
}

/** Fibres read of one table. */
export const FIBRES_MAX = 100_000;
/** Fibres counted of one; in 4 GiB an image that wants to keep us busy has room for far more. */
export const FIBRES_COUNTED_MAX = 4_000_000;

/** Where the block says where a fibre has its fields. */
const FIELDS = { next: 92, name: 94, id: 96, state: 98, due: 100, queue: 102 } as const;

const NAME_CHARACTERS_MAX = 128;
const NONE = 0x7fff_ffff_ffff_ffffn;
/** AssemblyScript keeps the class of an object in the word before the length of its payload. */
const CLASS_OFFSET = -8;
const FIRST = 88;
const RUNNING = 108;

/** Reads the whole table; null when the image has none. */
export function readFibres(
  manifest: Pick<Manifest, "observation">,
  memory: Uint8Array,
): FibreTable | null {
  const block = observationBlock(manifest, memory);
  if (block === null) return null;
  const reader = new FibreReader(block, memory);
  const { addresses, complete } = reader.list(block.getUint32(FIRST, true));
  const { length } = addresses;
  const half = FIBRES_MAX / 2;
  const read =
    length <= FIBRES_MAX
      ? addresses
      : [...addresses.slice(0, half), ...addresses.slice(length - half)];
  const fibres = read.flatMap((address) => reader.fibre(address) ?? []);
  fibres.sort((a, b) => a.id - b.id);
  return { fibres, count: length, complete };
}

/** The fibre that runs, also when its step ended in a trap; null: none did. */
export function readRunningFibre(
  manifest: Pick<Manifest, "observation">,
  memory: Uint8Array,
): Fibre | null {
  const block = observationBlock(manifest, memory);
  if (block === null) return null;
  const address = block.getUint32(RUNNING, true);
  return address === 0 ? null : new FibreReader(block, memory).fibre(address);
}

/** Reads fibres by their addresses, wherever these lead. */
export class FibreReader {
  readonly #memory: DataView;
  readonly #fields: Readonly<Record<keyof typeof FIELDS, number>>;
  /** A fibre reaches no further behind its address. */
  readonly #reach: number;

  constructor(block: DataView, memory: Uint8Array) {
    this.#memory = new DataView(memory.buffer, memory.byteOffset, memory.length);
    const field = (at: number): number => block.getUint16(at, true);
    this.#fields = {
      next: field(FIELDS.next),
      name: field(FIELDS.name),
      id: field(FIELDS.id),
      state: field(FIELDS.state),
      due: field(FIELDS.due),
      queue: field(FIELDS.queue),
    };
    this.#reach = Math.max(...Object.values(this.#fields)) + 8;
  }

  /** The fibre at an address; null when none can be there. */
  fibre(address: number): Fibre | null {
    if (!this.#fits(address)) return null;
    const { name, id, due, queue } = this.#fields;
    const state = STATES[this.#memory.getUint8(address + this.#fields.state)] ?? "unknown";
    const dueNs = this.#memory.getBigInt64(address + due, true);
    const timed = state === "waiting" || state === "sleeping";
    const waitsIn = state === "waiting" ? this.#word(address + queue) : 0;
    return {
      id: this.#word(address + id),
      name: this.#text(this.#word(address + name)),
      classId: this.#word(address + CLASS_OFFSET),
      state,
      waitsFor: waitsIn === 0 ? "" : this.#text(this.#word(waitsIn)),
      dueNs: timed && dueNs !== NONE ? dueNs : null,
      address,
    };
  }

  /** The addresses of a list; not complete when it is too long, leads out of the memory, or in a circle. */
  list(first: number): { readonly addresses: readonly number[]; readonly complete: boolean } {
    const addresses: number[] = [];
    let address = first;
    // Brent's way to see a circle: a mark that moves on ever more rarely.
    let mark = 0;
    let next = 1;
    while (address !== 0) {
      if (address === mark || !this.#fits(address)) {
        return { addresses: [...new Set(addresses)], complete: false };
      }
      if (addresses.length === FIBRES_COUNTED_MAX) return { addresses, complete: false };
      addresses.push(address);
      if (addresses.length === next) {
        mark = address;
        next *= 2;
      }
      address = this.#word(address + this.#fields.next);
    }
    return { addresses, complete: true };
  }

  #text(address: number): string {
    return address === 0 ? "" : guestString(this.#memory, address, NAME_CHARACTERS_MAX);
  }

  /** 0 where nothing is. */
  #word(at: number): number {
    return at + 4 <= this.#memory.byteLength ? this.#memory.getUint32(at, true) : 0;
  }

  #fits(address: number): boolean {
    return address + CLASS_OFFSET >= 0 && address + this.#reach <= this.#memory.byteLength;
  }
}
