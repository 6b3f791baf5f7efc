/** Stores of keys and values on a disk, from outside: see README.md. */
export {
  check,
  DAMAGES_MAX,
  type CheckOptions,
  type CheckReport,
  type CheckSummary,
} from "./check.js";
export { Damage, NoStoreError } from "./damage.js";
export { FileDevice, MemoryDevice, ShortReadError, type Device, type Source } from "./device.js";
export { dumpLines, type DumpOptions } from "./dump.js";
export { DumpError } from "./dump-line.js";
export { LOG_UNIT_BYTES, PAGE_BYTES, STORE_PAGES_MIN, type LogUnitBytes } from "./layout.js";
export { FullError } from "./page-writer.js";
export { Restorer } from "./restore.js";
export { Store, type StoredEntry } from "./store.js";
export {
  StoreWriter,
  type EntryHead,
  type StoreWriterOptions,
  type WrittenStore,
} from "./store-writer.js";
export { xxh64 } from "./xxh64.js";
