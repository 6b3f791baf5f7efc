/**
 * The table of fibres: a list in the guest's memory that begins at the observation block. The block
 * also says where a fibre has its fields. All of it is the guest's claim: it may lead anywhere.
 */
import type { Manifest } from "@phantasm/seal";
import { observationBlock } from "../observe.js";
import { guestString } from "./guest-string.js";

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
  /** In the order they were spawned. */
  readonly fibres: readonly Fibre[];
  /** False: there are more than FIBRES_MAX, or the list is broken after these. */
  readonly complete: boolean;
}

/** Fibres read of one table. */
export const FIBRES_MAX = 100_000;

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
  const fibres: Fibre[] = [];
  const seen = new Set<number>();
  let address = block.getUint32(FIRST, true);
  while (address !== 0 && fibres.length < FIBRES_MAX && !seen.has(address)) {
    seen.add(address);
    const fibre = reader.fibre(address);
    if (fibre === null) break;
    fibres.push(fibre);
    address = reader.after(address);
  }
  fibres.sort((a, b) => a.id - b.id);
  return { fibres, complete: address === 0 };
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

/** Reads single fibres by their address. */
export class FibreReader {
  readonly #memory: DataView;
  readonly #block: DataView;

  constructor(block: DataView, memory: Uint8Array) {
    this.#block = block;
    this.#memory = new DataView(memory.buffer, memory.byteOffset, memory.length);
  }

  /** The fibre at an address; null when none can be there. */
  fibre(address: number): Fibre | null {
    const id = this.#word(address + this.#field(96));
    const state = this.#byte(address + this.#field(98));
    const classId = this.#word(address + CLASS_OFFSET);
    const due = this.#long(address + this.#field(100));
    const name = this.#word(address + this.#field(94));
    const queue = this.#word(address + this.#field(102));
    if (id === null || state === null || classId === null || due === null) return null;
    const known = STATES[state] ?? "unknown";
    const timed = known === "waiting" || known === "sleeping";
    const what = known === "waiting" && queue !== null && queue !== 0 ? this.#word(queue) : null;
    return {
      id,
      name: this.#text(name),
      classId,
      state: known,
      waitsFor: this.#text(what),
      dueNs: timed && due !== NONE ? due : null,
      address,
    };
  }

  /** The address of the next fibre in the table; 0: there is none. */
  after(address: number): number {
    return this.#word(address + this.#field(92)) ?? 0;
  }

  #text(address: number | null): string {
    if (address === null || address === 0) return "";
    return guestString(this.#memory, address, NAME_CHARACTERS_MAX);
  }

  #field(at: number): number {
    return this.#block.getUint16(at, true);
  }

  #byte(at: number): number | null {
    return this.#within(at, 1) ? this.#memory.getUint8(at) : null;
  }

  #word(at: number): number | null {
    return this.#within(at, 4) ? this.#memory.getUint32(at, true) : null;
  }

  #long(at: number): bigint | null {
    return this.#within(at, 8) ? this.#memory.getBigInt64(at, true) : null;
  }

  #within(at: number, bytes: number): boolean {
    return at >= 0 && at + bytes <= this.#memory.byteLength;
  }
}
