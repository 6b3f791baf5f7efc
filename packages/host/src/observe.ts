/**
 * The observation block: counters that an image keeps at the address its manifest names, read at
 * rest. Everything in it is the guest's claim; nothing here trusts it.
 *
 * Version 1, little-endian, 64 bytes:
 *
 *    0  u32  magic, "PHOB" in memory order      32  u64  collections
 *    4  u32  version                            40  u32  timers pending
 *    8  u64  steps                              44  u32  holds
 *   16  u64  heap bytes in use                  48  i64  now of the last step, ns
 *   24  u64  memory bytes                       56       reserved
 *
 * Steps, holds and the time are kept up at every step, the rest when the host asks for it (INSPECT).
 */
import { ObservationBlock } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";

export interface Observation {
  readonly steps: number;
  readonly heapUsedBytes: number;
  readonly memoryBytes: number;
  /** Garbage collections finished. */
  readonly collections: number;
  readonly timersPending: number;
  /** Things that keep the domain alive: application fibres, timers, listeners, pending reads. */
  readonly holds: number;
  /** `now_ns` of the last step. */
  readonly lastStepNs: bigint;
}

/** Reads the block, or null when the image keeps none, or none that this host understands. */
export function readObservation(
  manifest: Pick<Manifest, "observation">,
  memory: Uint8Array,
): Observation | null {
  const { address, bytes, version } = manifest.observation;
  if (version !== ObservationBlock.VERSION || bytes < ObservationBlock.BYTES) return null;
  if (address + ObservationBlock.BYTES > memory.length) return null;
  const block = new DataView(memory.buffer, memory.byteOffset + address, ObservationBlock.BYTES);
  if (block.getUint32(0, true) !== ObservationBlock.MAGIC) return null;
  if (block.getUint32(4, true) !== ObservationBlock.VERSION) return null;
  return {
    steps: Number(block.getBigUint64(8, true)),
    heapUsedBytes: Number(block.getBigUint64(16, true)),
    memoryBytes: Number(block.getBigUint64(24, true)),
    collections: Number(block.getBigUint64(32, true)),
    timersPending: block.getUint32(40, true),
    holds: block.getUint32(44, true),
    lastStepNs: block.getBigInt64(48, true),
  };
}
