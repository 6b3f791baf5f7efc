/**
 * The observation block: counters that an image keeps at the address its manifest names, read at
 * rest. Everything in it is the guest's claim; nothing here trusts it.
 *
 * Its layout is told where images write it, in packages/runtime/assembly/observation.ts. Steps, holds,
 * the time, the activity and the addresses of fibres are kept up at every step, the rest when the host
 * asks for it (INSPECT).
 */
import { ObservationBlock } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import { readConnections, type ConnectionTable } from "./connections.js";
import { readCounters, type CounterGroup } from "./counters.js";

/** Objects of one class, counted when memory ran out. */
export interface Consumer {
  /** Number of the class in this image; `<image>.map` has the names. */
  readonly classId: number;
  readonly objects: number;
  readonly bytes: number;
}

export interface Observation {
  readonly steps: number;
  readonly heapUsedBytes: number;
  /** Most the heap may have; 0 when the image does not tell. */
  readonly heapLimitBytes: number;
  /** What all collections have freed. */
  readonly heapFreedBytes: number;
  readonly memoryBytes: number;
  /** Garbage collections finished. */
  readonly collections: number;
  /**
   * Slices of collections by their work: element `i` counts those of 2^(i+6) to 2^(i+7) - 1 units; the
   * first also those of fewer, the last also those of more.
   */
  readonly pauses: readonly number[];
  readonly timersPending: number;
  /** Things that keep the domain alive: application fibres, timers, listeners, pending reads. */
  readonly holds: number;
  /** `now_ns` of the last step. */
  readonly lastStepNs: bigint;
  /** Fibres that were spawned and have not ended. */
  readonly fibres: number;
  readonly fibresSpawned: number;
  /** How often a fibre was resumed. */
  readonly switches: number;
  /** What memory was full of when it ran out, largest first; empty before. */
  readonly consumers: readonly Consumer[];
  /** What modules count, such as the layers of a network stack. */
  readonly counters: readonly CounterGroup[];
  readonly connections: ConnectionTable;
}

/** What the last step did, kept only in steps with TRACE. */
export interface Activity {
  readonly kind: "none" | "dispatch" | "task" | "collection";
  /** Address of the fibre that a task was; 0: it was none. */
  readonly fibre: number;
  /** Units of work of a collection. */
  readonly work: number;
}

const ACTIVITIES = ["none", "dispatch", "task", "collection"] as const;
const PAUSES = { at: 128, count: 16 } as const;
const CONSUMERS = { at: 192, count: 8, bytes: 16 } as const;
const LISTS = { counters: 320, rows: 324, rowCount: 328, connections: 332 } as const;

/** The bytes of the block, or null when the image keeps none, or none that this host understands. */
export function observationBlock(
  manifest: Pick<Manifest, "observation">,
  memory: Uint8Array,
): DataView | null {
  const { address, bytes, version } = manifest.observation;
  if (version !== ObservationBlock.VERSION || bytes < ObservationBlock.BYTES) return null;
  if (address + ObservationBlock.BYTES > memory.length) return null;
  const block = new DataView(memory.buffer, memory.byteOffset + address, ObservationBlock.BYTES);
  if (block.getUint32(0, true) !== ObservationBlock.MAGIC) return null;
  if (block.getUint32(4, true) !== ObservationBlock.VERSION) return null;
  return block;
}

/** Reads the counters, or null when there are none. */
export function readObservation(
  manifest: Pick<Manifest, "observation">,
  memory: Uint8Array,
): Observation | null {
  const block = observationBlock(manifest, memory);
  if (block === null) return null;
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  return {
    steps: u64(block, 8),
    heapUsedBytes: u64(block, 16),
    heapLimitBytes: u64(block, 112),
    heapFreedBytes: u64(block, 120),
    memoryBytes: u64(block, 24),
    collections: u64(block, 32),
    pauses: Array.from({ length: PAUSES.count }, (_, at) => u32(block, PAUSES.at + 4 * at)),
    timersPending: u32(block, 40),
    holds: u32(block, 44),
    lastStepNs: block.getBigInt64(48, true),
    fibres: u32(block, 68),
    fibresSpawned: u64(block, 72),
    switches: u64(block, 80),
    consumers: readConsumers(block),
    counters: readCounters(view, u32(block, LISTS.counters)),
    connections: readConnections(view, {
      rows: u32(block, LISTS.rows),
      rowCount: u32(block, LISTS.rowCount),
      count: u32(block, LISTS.connections),
    }),
  };
}

/** What the last step did. */
export function readActivity(block: DataView): Activity {
  return {
    kind: ACTIVITIES[u32(block, 56)] ?? "none",
    fibre: u32(block, 60),
    work: u32(block, 64),
  };
}

function readConsumers(block: DataView): Consumer[] {
  const consumers: Consumer[] = [];
  for (let rank = 0; rank < CONSUMERS.count; rank++) {
    const at = CONSUMERS.at + rank * CONSUMERS.bytes;
    const consumer = {
      classId: u32(block, at),
      objects: u32(block, at + 4),
      bytes: u64(block, at + 8),
    };
    if (consumer.objects > 0) consumers.push(consumer);
  }
  return consumers;
}

function u32(block: DataView, at: number): number {
  return block.getUint32(at, true);
}

/** Exact below 2^53, which no honest counter reaches. */
function u64(block: DataView, at: number): number {
  return Number(block.getBigUint64(at, true));
}
