/** Domains in virtual time, for tests of images and of modules. */
export {
  MS,
  NS,
  SECOND,
  simulate,
  US,
  VirtualHost,
  type Simulation,
  type VirtualHostOptions,
} from "./virtual-host.js";
export { VirtualTime } from "./virtual-time.js";
export { VirtualLink, type VirtualLinkOptions } from "./virtual-link.js";
export { VirtualDisk, type VirtualDiskOptions } from "./virtual-disk.js";
export { blockFaults, type FaultOptions, type FaultyDisk } from "../backends/block/faults.js";
export { logWrites, MemoryLog, type LogEntry, type LogSink } from "../backends/block/log.js";
export { FileLog, readBlockLog, type BlockLog } from "../backends/block/log-file.js";
export { CrashReplay, type CrashOptions } from "../backends/block/replay.js";
export { MemoryDisk } from "../backends/block/memory.js";
export { impair, type ImpairedLink, type ImpairOptions } from "../backends/impair/impair.js";
export { SeededEntropy } from "../entropy.js";
export { memoryConsole, MemoryConsole } from "../console/memory.js";
