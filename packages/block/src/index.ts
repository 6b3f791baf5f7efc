export { block, type BlockOptions } from "./block.js";
export {
  cache,
  checksummed,
  timeout,
  type CacheOptions,
  type ChecksummedOptions,
  type RequestOptions,
} from "./filters.js";
export { mirror, overlay, overlayInMemory, type OverlayInMemoryOptions } from "./pairs.js";
export { partition, slice, type PartitionChoice, type SliceOptions } from "./parts.js";
export { ramDisk, type RamDiskOptions } from "./ram-disk.js";
