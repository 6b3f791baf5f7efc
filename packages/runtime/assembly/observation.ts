/**
 * The observation block: counters the host reads at rest, at an address the manifest names.
 *
 * Layout, version 1, little-endian:
 *
 *      0  u32  magic, "PHOB"
 *      4  u32  version
 *      8  u64  steps taken
 *     16  u64  heap in use, bytes
 *     24  u64  memory, bytes
 *     32  u64  collections
 *     40  u32  timers pending
 *     44  u32  holds: what keeps the domain alive
 *     48  i64  now_ns of the last step
 *     56       reserved, zero
 *
 * Steps, holds and the time are kept up at every step; the rest when the host sets INSPECT.
 */
import { ObservationBlock } from "@phantasm/abi";

/** The link step reads this address and puts it into the manifest. */
export const OBSERVATION_ADDRESS: usize = memory.data(ObservationBlock.BYTES, 16);

/** Overlay on the block. */
@unmanaged
export class Observation {
  magic: u32;
  version: u32;
  steps: u64;
  heapUsedBytes: u64;
  memoryBytes: u64;
  collections: u64;
  timersPending: u32;
  holds: u32;
  lastStepNs: i64;
  reserved: u64;
}

export function observation(): Observation {
  return changetype<Observation>(OBSERVATION_ADDRESS);
}

export function markObservation(): void {
  const block = observation();
  block.magic = ObservationBlock.MAGIC;
  block.version = ObservationBlock.VERSION;
}
