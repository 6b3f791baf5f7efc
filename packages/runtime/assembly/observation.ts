/**
 * The observation block: counters the host reads at rest, at an address the manifest names.
 *
 * Layout, version 3, little-endian:
 *
 *      0  u32  magic, "PHOB"                     72  u64  fibres spawned
 *      4  u32  version                           80  u64  switches: fibres resumed
 *      8  u64  steps taken                       88  u32  address of the first fibre
 *     16  u64  heap in use, bytes                92  u16  where a fibre has: the next one's address
 *     24  u64  memory, bytes                     94  u16  its name, the address of a string
 *     32  u64  collections finished              96  u16  its number, u32
 *     40  u32  timers pending                    98  u16  its state, u8
 *     44  u32  holds: what keeps the domain     100  u16  its deadline, i64 ns
 *     48  i64  now_ns of the last step          102  u16  the queue it waits in, the address of an
 *                                                     object that begins with the address of a string
 *     56  u32  activity of the last step        104  u32  probe: a fibre to show the stack of
 *     60  u32  and the address of its fibre     108  u32  address of the fibre that runs
 *     64  u32  and its work                     112  u64  heap limit, bytes
 *     68  u32  fibres                           120  u64  bytes freed by all collections
 *    128  u32 × 16  slices of collections by their work
 *    192  8 × { u32 class, u32 objects, u64 bytes }  what memory was full of
 *    320  u32  address of the first group of counters; see observed.ts for it and the rows
 *    324  u32  address of the rows of connections
 *    328  u32  rows that lie there
 *    332  u32  connections that there are
 *
 * Steps, holds, the time, the activity and the fibres' addresses are kept up at every step; the rest
 * when the host sets INSPECT.
 */
import { ObservationBlock } from "@phantasm/abi";

/** The link step reads this address and puts it into the manifest. */
export const OBSERVATION_ADDRESS: usize = memory.data(ObservationBlock.BYTES, 16);

/** What a step did that was asked to do one thing. */
export namespace Activity {
  export const NONE: u32 = 0;
  /** Took the devices' news and called handlers. */
  export const DISPATCH: u32 = 1;
  /** Performed a task; `activityFibre` says whose. */
  export const TASK: u32 = 2;
  /** Collected; `activityWork` says how much. */
  export const COLLECTION: u32 = 3;
}

/** Counters of slices by work: the first has those below 128 units, each next one twice as much. */
export const PAUSE_BUCKETS: i32 = 16;

/** Classes that are named when memory is full. */
export const CONSUMERS_MAX: i32 = 8;

/** Overlay on the block, without the two tables at its end. */
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
  activity: u32;
  activityFibre: u32;
  activityWork: u32;
  fibres: u32;
  fibresSpawned: u64;
  switches: u64;
  firstFibre: u32;
  nextOffset: u16;
  nameOffset: u16;
  idOffset: u16;
  stateOffset: u16;
  dueOffset: u16;
  queueOffset: u16;
  probe: u32;
  runningFibre: u32;
  heapLimitBytes: u64;
  heapFreedBytes: u64;
}

/** What lies behind the tables. */
@unmanaged
export class ObservedLists {
  firstCounters: u32;
  rows: u32;
  rowCount: u32;
  connections: u32;
}

/** One row of the table of consumers. */
@unmanaged
export class Consumer {
  classId: u32;
  objects: u32;
  bytes: u64;
}

const PAUSES_OFFSET: usize = 128;
const CONSUMERS_OFFSET: usize = 192;
const LISTS_OFFSET: usize = 320;

export function observation(): Observation {
  return changetype<Observation>(OBSERVATION_ADDRESS);
}

/** Address of the PAUSE_BUCKETS counters, u32 each. */
export function pausesAddress(): usize {
  return OBSERVATION_ADDRESS + PAUSES_OFFSET;
}

/** @param rank 0, the largest, to CONSUMERS_MAX - 1 */
export function consumer(rank: i32): Consumer {
  return changetype<Consumer>(OBSERVATION_ADDRESS + CONSUMERS_OFFSET + rank * offsetof<Consumer>());
}

export function observedLists(): ObservedLists {
  return changetype<ObservedLists>(OBSERVATION_ADDRESS + LISTS_OFFSET);
}

export function markObservation(): void {
  const block = observation();
  block.magic = ObservationBlock.MAGIC;
  block.version = ObservationBlock.VERSION;
}
