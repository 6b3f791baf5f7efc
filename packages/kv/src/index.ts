import { ConfigurationError, checkOptions, device, type Device } from "phantasm";

export interface KeyValueOptions {
  /** Memory for pages, 262144 (256 KiB) to 536870912; default 4194304 (4 MiB). */
  readonly cacheBytes?: number;
  /** Operations that may wait at once, 8 to 65536; default 256. */
  readonly operationsMax?: number;
  /** Snapshots that may be open at once, 1 to 256; default 16. */
  readonly snapshotsMax?: number;
  /** Values that may be read by streams at once, 1 to 256; default 8. Each takes 128 KiB while it is open. */
  readonly streamsMax?: number;
  /** Values that may be written by streams at once, 1 to 64; default 4. Each takes 128 KiB while it is open. */
  readonly writersMax?: number;
  /** Watchers, 1 to 1024; default 16. */
  readonly watchersMax?: number;
  /** Bytes of changes that are kept for a watcher until they are durable, 1024 to 1048576; default 16384. */
  readonly watchBytes?: number;
  /** `"blank"`, the default: a disk with zeros in its first 80 KiB is made a store. `"always"`: any disk that is not one yet. `"never"`. */
  readonly format?: "blank" | "always" | "never";
}

const OPTIONS = [
  "cacheBytes",
  "operationsMax",
  "snapshotsMax",
  "streamsMax",
  "writersMax",
  "watchersMax",
  "watchBytes",
  "format",
] as const satisfies (keyof KeyValueOptions)[];

/** What it takes beside the cache: for frames and places, for a batch, a record of the log and a checkpoint, for others each. */
const FRAME_SHARE = 0.05;
const LOG_BYTES = 1_327_104;
const STREAM_BYTES = 131_072;
const OPERATION_BYTES = 640;

const FORMATS = ["blank", "always", "never"];

/**
 * A key-value store on a disk that it has for itself.
 *
 * @example devices: { store: keyValue(block("data"), clock()) }
 */
export function keyValue(
  disk: Device<"Block">,
  clock: Device<"Clock">,
  options: KeyValueOptions = {},
): Device<"KeyValue"> {
  checkOptions("keyValue", options, OPTIONS);
  const format = FORMATS.indexOf(options.format ?? "blank");
  if (format < 0)
    throw new ConfigurationError(
      `keyValue: format must be one of ${FORMATS.join(", ")}, got ${JSON.stringify(options.format)}`,
      "format",
    );
  const {
    cacheBytes = 4_194_304,
    operationsMax = 256,
    snapshotsMax = 16,
    streamsMax = 8,
    writersMax = 4,
    watchersMax = 16,
    watchBytes = 16_384,
  } = options;
  return device({
    module: "@phantasm/kv",
    class: "KeyValueStore",
    provides: "KeyValue",
    parameters: [
      { name: "disk", device: disk, needs: "Block" },
      { name: "clock", device: clock, needs: "Clock" },
      {
        name: "cacheBytes",
        value: cacheBytes,
        minimum: 262_144,
        maximum: 536_870_912,
      },
      { name: "operationsMax", value: operationsMax, minimum: 8, maximum: 65_536 },
      { name: "snapshotsMax", value: snapshotsMax, minimum: 1, maximum: 256 },
      { name: "streamsMax", value: streamsMax, minimum: 1, maximum: 256 },
      { name: "writersMax", value: writersMax, minimum: 1, maximum: 64 },
      { name: "watchersMax", value: watchersMax, minimum: 1, maximum: 1024 },
      {
        name: "watchBytes",
        value: watchBytes,
        minimum: 1024,
        maximum: 1_048_576,
      },
      { name: "format", value: format },
    ],
    memoryBytes: Math.ceil(
      cacheBytes * (1 + FRAME_SHARE) +
        LOG_BYTES +
        (streamsMax + writersMax) * STREAM_BYTES +
        watchersMax * watchBytes +
        operationsMax * OPERATION_BYTES,
    ),
  });
}
