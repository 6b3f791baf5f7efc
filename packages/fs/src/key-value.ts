/** Files in a key-value store. */
import { ConfigurationError, checkOptions, device, type Device } from "phantasm";

export interface KeyValueFilesOptions {
  /** What the keys of the volume begin with, at most 200 bytes: it may share the store. Default: nothing. */
  readonly prefix?: string;
  /** Bytes of a chunk in a new volume: 4096, 8192, 16384, 32768 or 65536. Default 32768; less in a small store. */
  readonly chunkBytes?: number;
  /** Files open at once, at most, each opening counted: 1 to 4096. Default 64. */
  readonly filesMax?: number;
  /** Operations under way at once, at most: 1 to 256. Default 32. */
  readonly operationsMax?: number;
  /** Chunks kept in memory that were read or written in part: 0 to 64. Default 8. */
  readonly cacheChunks?: number;
}

const OPTIONS = [
  "prefix",
  "chunkBytes",
  "filesMax",
  "operationsMax",
  "cacheChunks",
] as const satisfies (keyof KeyValueFilesOptions)[];

const PREFIX_BYTES_MAX = 200;
const CHUNK_BYTES = [4096, 8192, 16_384, 32_768, 65_536];

/**
 * Files that can be read and written, in a key-value store.
 *
 * @example devices: { data: keyValueFiles(keyValue(block("data"), clock()), clock()) }
 */
export function keyValueFiles(
  store: Device<"KeyValue">,
  clock: Device<"Clock">,
  options: KeyValueFilesOptions = {},
): Device<"Files"> {
  checkOptions("keyValueFiles", options, OPTIONS);
  const { prefix = "", chunkBytes = 32_768, filesMax = 64 } = options;
  const { operationsMax = 32, cacheChunks = 8 } = options;
  if (new TextEncoder().encode(prefix).length > PREFIX_BYTES_MAX)
    throw new ConfigurationError(
      `keyValueFiles: prefix has at most ${PREFIX_BYTES_MAX} bytes`,
      "prefix",
    );
  if (!CHUNK_BYTES.includes(chunkBytes))
    throw new ConfigurationError(
      `keyValueFiles: chunkBytes must be one of ${CHUNK_BYTES.join(", ")}, got ${chunkBytes}`,
      "chunkBytes",
    );
  return device({
    module: "@phantasm/fs",
    class: "KeyValueFiles",
    provides: "Files",
    memoryBytes: cacheChunks * chunkBytes,
    parameters: [
      { name: "store", device: store, needs: "KeyValue" },
      { name: "clock", device: clock, needs: "Clock" },
      { name: "prefix", value: prefix },
      { name: "chunkBytes", value: chunkBytes },
      { name: "filesMax", value: filesMax, minimum: 1, maximum: 4096 },
      { name: "operationsMax", value: operationsMax, minimum: 1, maximum: 256 },
      { name: "cacheChunks", value: cacheChunks, minimum: 0, maximum: 64 },
    ],
  });
}
