/**
 * The boundary between an image and its host, ABI version 1.
 *
 * This file is the specification. The TypeScript types (`types.ts`), the AssemblyScript
 * declarations (`../assembly/index.ts`) and the reference page (`docs/reference/abi.md`) are
 * derived from it, so none of them can say anything else.
 *
 * Goals: small enough to read in one sitting; nothing blocks; between two steps an image is
 * nothing but its memory and its mutable globals, so it can be saved, moved and replayed.
 * Non-goals: POSIX, threads, shared memory with the host, more than one image in a domain.
 *
 * Vocabulary of the rules: MUST, MUST NOT and MAY as in RFC 2119. "Ends the domain" means that
 * the host marks the domain dead before it throws, and that every later hypercall throws too.
 *
 * How it changes: a new hypercall, event bit or error raises `ABI_VERSION` by one; a host states
 * the versions it runs and refuses the others by name. The meaning of a published version never
 * changes.
 */

/** The version that a manifest names in `abi`. */
export const ABI_VERSION = 1;

/** The module name of every import. */
export const IMPORT_MODULE = "phantasm";

export type ValueType = "i32" | "i64";

export interface Parameter {
  readonly name: string;
  readonly type: ValueType;
  /** What the number means: a unit, a pointer, a handle, an enumeration. */
  readonly unit: string;
}

export interface Hypercall {
  readonly name: string;
  /** What the manifest must declare for the import to be allowed; `null`: always there. */
  readonly capability: string | null;
  readonly parameters: readonly Parameter[];
  readonly result: { readonly type: ValueType; readonly unit: string } | null;
  /** Circumstances that it reports as a negative result; guest bugs end the domain instead. */
  readonly errors: readonly string[];
  readonly summary: string;
  readonly rules: readonly string[];
}

/**
 * Circumstances, as negative i32 results. They are never a bug of the guest: a wrong pointer, handle,
 * alignment or size ends the domain.
 */
export const ERRORS = {
  AGAIN: { value: -1, meaning: "not now; the host steps the domain once when it may succeed" },
  IO: { value: -2, meaning: "the device failed; the data is neither written nor read" },
  NOSPACE: { value: -3, meaning: "the backing store is full" },
  READONLY: { value: -4, meaning: "the device was attached read-only" },
  RANGE: { value: -5, meaning: "beyond the end of the device" },
  GONE: { value: -6, meaning: "the device was detached and will not come back" },
} as const;

/** Bits of the `events` argument of `step`. */
export const EVENTS = {
  SHUTDOWN: {
    value: 1,
    meaning:
      "the operator asks the domain to end; set on every step from then on; after SHUTDOWN_GRACE_NS the host ends it",
  },
  COPY: {
    value: 2,
    meaning:
      "this domain is a fork, or a second restore, of one state: reseed randomness before anything else; never set for a migration or a replay",
  },
  INSPECT: { value: 4, meaning: "refresh the observation block during this step" },
  TRACE: {
    value: 8,
    meaning:
      "do one thing in this step (take the devices' news, run one fibre, or collect once) and note it in the observation block, so that the time of the step is the time of the thing; an image MAY ignore it",
  },
} as const;

/** How a domain ends, and the exit code of the process that ran it. */
export const EXIT = {
  STATUS_MAX: { value: 99, meaning: "the largest status an image may give itself" },
  ABORT: { value: 100, meaning: "the image called abort, or broke a rule of the boundary" },
  TRAP: { value: 101, meaning: "WebAssembly trap: unreachable, out of bounds, stack overflow" },
  MEMORY: { value: 102, meaning: "the image needed more memory than it may have" },
  STEP_LIMIT: { value: 103, meaning: "one step took longer than the step limit" },
  REFUSED: { value: 104, meaning: "the verifier refused the image" },
  DEVICE: { value: 105, meaning: "a device could not be attached, or failed beyond repair" },
} as const;

/** First argument of `abort`. */
export const ABORT_REASONS = {
  FAILURE: { value: 0, meaning: "an assertion or an uncaught error; exit code 100" },
  MEMORY: { value: 1, meaning: "the allocator found no memory; exit code 102" },
} as const;

/** Operations of `block_submit`. */
export const BLOCK_OPERATIONS = {
  READ: { value: 0, meaning: "fill the buffer; it is written during the completion" },
  WRITE: { value: 1, meaning: "the buffer is copied before block_submit returns" },
  FLUSH: {
    value: 2,
    meaning: "make every write submitted before it durable; sector, ptr and sectors MUST be 0",
  },
  DISCARD: { value: 3, meaning: "the content of these sectors is no longer needed; ptr MUST be 0" },
} as const;

/** Bits of `flags` in the block information. */
export const BLOCK_FLAGS = {
  READONLY: { value: 1, meaning: "writes and discards answer READONLY" },
  DISCARD: { value: 2, meaning: "discard is carried out; without it, it is accepted and ignored" },
} as const;

/** Bits of `features` in the net information, and of `offloads` in the manifest. */
export const NET_FEATURES = {
  CHECKSUM_RECEIVE: {
    value: 1,
    meaning: "received frames may carry partial checksums (virtio_net_hdr flag NEEDS_CSUM)",
  },
  CHECKSUM_SEND: { value: 2, meaning: "the image may send partial checksums" },
  SEGMENT_RECEIVE: { value: 4, meaning: "received TCP segments may be up to 64 KiB (GSO)" },
  SEGMENT_SEND: { value: 8, meaning: "the image may send TCP segments up to 64 KiB" },
} as const;

/** The observation block, whose address the manifest names; packages/runtime lays out its counters. */
export const OBSERVATION_BLOCK = {
  MAGIC: { value: 0x424f4850, meaning: '"PHOB" in memory order: the first four bytes' },
  VERSION: { value: 3, meaning: "version of the layout: the second four bytes" },
  BYTES: { value: 336, meaning: "size of the block in version 3" },
} as const;

/** Numbers both sides hold to. */
export const LIMITS = {
  STEP_FRAMES_MAX: { value: 64, meaning: "frames an image takes from each device in one step" },
  QUEUE_BYTES_MAX: {
    value: 1048576,
    meaning: "bytes the host queues for a device and direction, then AGAIN",
  },
  ENTROPY_BYTES_MAX: { value: 1024, meaning: "bytes one entropy call may ask for" },
  ARGUMENTS_BYTES_MAX: { value: 65536, meaning: "bytes of encoded boot arguments" },
  ABORT_MESSAGE_BYTES_MAX: {
    value: 1024,
    meaning: "bytes of an abort message; the host cuts the rest",
  },
  BLOCK_REQUEST_BYTES_MAX: { value: 1048576, meaning: "bytes one block request may move" },
  FRAME_HEADER_BYTES: { value: 10, meaning: "virtio_net_hdr in front of every frame" },
  FRAME_BYTES_MAX: {
    value: 65559,
    meaning: "virtio_net_hdr, Ethernet header and the largest IP packet (10 + 14 + 65535)",
  },
  NET_INFO_BYTES: { value: 16, meaning: "size of the record that net_info writes" },
  BLOCK_INFO_BYTES: { value: 24, meaning: "size of the record that block_info writes" },
  BLOCK_COMPLETION_BYTES: { value: 8, meaning: "size of the record that block_complete writes" },
  SHUTDOWN_GRACE_NS: {
    value: 10000000000,
    meaning: "time between SHUTDOWN and the end by force, in nanoseconds",
  },
} as const;

/** What `step` returns when nothing is due: no deadline. */
export const NO_DEADLINE = 0x7fff_ffff_ffff_ffffn;

const handle = {
  name: "handle",
  type: "i32",
  unit: "index into the devices of the manifest",
} as const;

/** Every import an image may have, in the order of the reference. */
export const HYPERCALLS = [
  {
    name: "exit",
    capability: null,
    parameters: [{ name: "status", type: "i32", unit: "0 to 99" }],
    result: null,
    errors: [],
    summary: "Ends the domain of its own will.",
    rules: [
      "It never returns.",
      "The host MUST deliver console bytes that it has accepted before it reports the end.",
      "A status outside 0 to 99 is a guest bug.",
    ],
  },
  {
    name: "abort",
    capability: null,
    parameters: [
      { name: "reason", type: "i32", unit: "0 FAILURE, 1 MEMORY" },
      { name: "message", type: "i32", unit: "pointer to UTF-8" },
      { name: "length", type: "i32", unit: "bytes" },
    ],
    result: null,
    errors: [],
    summary: "Ends the domain because something is wrong, with a message for the operator.",
    rules: [
      "It never returns.",
      "It is the only hypercall that init MAY make.",
      "The host escapes control characters in the message and cuts it at ABORT_MESSAGE_BYTES_MAX.",
    ],
  },
  {
    name: "arguments",
    capability: "arguments",
    parameters: [
      { name: "ptr", type: "i32", unit: "pointer" },
      { name: "capacity", type: "i32", unit: "bytes" },
    ],
    result: { type: "i32", unit: "bytes of the encoded arguments" },
    errors: [],
    summary: "Reads the boot arguments, already checked against the manifest.",
    rules: [
      "With capacity 0 it writes nothing and only returns the size; any other capacity below the size is a guest bug.",
      "The encoding is the values in the order of the manifest, little-endian, without padding: a presence byte (0 or 1; optional arguments without a default may be absent), then for integer, duration (ns) and size (bytes) an i64; for boolean one byte; for ipv4 four bytes in network order; for cidr the same and a prefix-length byte; for string, enumeration and secret a u32 length and UTF-8.",
      "The answer is the same for the life of the domain.",
    ],
  },
  {
    name: "wall_clock",
    capability: "clock",
    parameters: [],
    result: { type: "i64", unit: "nanoseconds since 1970-01-01T00:00:00Z" },
    errors: [],
    summary: "Reads the time of day.",
    rules: ["It MAY go back: the operator sets it."],
  },
  {
    name: "monotonic_clock",
    capability: "clock",
    parameters: [],
    result: { type: "i64", unit: "nanoseconds since the first boot" },
    errors: [],
    summary: "Takes a fresh reading on the scale of step's now_ns, for measurements.",
    rules: [
      "It never goes back, and is never before the now_ns of the current step.",
      "A protocol core MUST NOT use it: cores take now_ns.",
    ],
  },
  {
    name: "entropy",
    capability: "entropy",
    parameters: [
      { name: "ptr", type: "i32", unit: "pointer" },
      { name: "length", type: "i32", unit: "bytes, at most ENTROPY_BYTES_MAX" },
    ],
    result: null,
    errors: [],
    summary: "Fills a buffer with bytes nobody else has seen, to seed a generator.",
    rules: ["The bytes come from the operating system's generator and are never repeated."],
  },
  {
    name: "console_write",
    capability: "console",
    parameters: [
      { name: "ptr", type: "i32", unit: "pointer" },
      { name: "length", type: "i32", unit: "bytes, at least 1" },
    ],
    result: { type: "i32", unit: "bytes accepted, or an error" },
    errors: ["AGAIN"],
    summary: "Writes bytes to the operator's terminal or log.",
    rules: [
      "It MAY accept fewer bytes than offered, but at least one unless it answers AGAIN.",
      "Accepted bytes are delivered in order.",
    ],
  },
  {
    name: "console_read",
    capability: "console",
    parameters: [
      { name: "ptr", type: "i32", unit: "pointer" },
      { name: "capacity", type: "i32", unit: "bytes, at least 1" },
    ],
    result: { type: "i32", unit: "bytes read, 0 at end of input, or an error" },
    errors: ["AGAIN"],
    summary: "Reads bytes the operator has typed or piped in.",
    rules: ["After 0 it answers 0 for ever."],
  },
  {
    name: "net_info",
    capability: "net",
    parameters: [
      handle,
      { name: "ptr", type: "i32", unit: "pointer to NET_INFO_BYTES, a multiple of 4" },
    ],
    result: null,
    errors: [],
    summary: "Describes the link.",
    rules: [
      "Layout: u32 features, u32 MTU in bytes (payload of an Ethernet frame), 6 bytes of MAC address, 2 bytes of zero.",
      "features is the intersection of what the manifest accepts and the backend offers, fixed for life.",
    ],
  },
  {
    name: "net_send",
    capability: "net",
    parameters: [
      handle,
      { name: "ptr", type: "i32", unit: "pointer to virtio_net_hdr and frame" },
      { name: "length", type: "i32", unit: "bytes, header included" },
    ],
    result: { type: "i32", unit: "0, or an error" },
    errors: ["AGAIN", "GONE"],
    summary: "Sends one Ethernet frame.",
    rules: [
      "length is at least 24 and at most 24 + MTU, or FRAME_BYTES_MAX for a segment the features allow.",
      "A header that asks for an offload outside features is a guest bug; unused, all ten bytes MUST be 0.",
      "The host copies or writes the frame before it returns.",
    ],
  },
  {
    name: "net_receive",
    capability: "net",
    parameters: [
      handle,
      { name: "ptr", type: "i32", unit: "pointer" },
      { name: "capacity", type: "i32", unit: "bytes" },
    ],
    result: { type: "i32", unit: "bytes of header and frame, or an error" },
    errors: ["AGAIN", "GONE"],
    summary: "Takes the next received frame, header first.",
    rules: [
      "capacity MUST be at least 24 + MTU, or FRAME_BYTES_MAX when features has SEGMENT_RECEIVE, whether or not a frame waits.",
      "An image SHOULD take at most STEP_FRAMES_MAX frames from a device in one step.",
    ],
  },
  {
    name: "block_info",
    capability: "block",
    parameters: [
      handle,
      { name: "ptr", type: "i32", unit: "pointer to BLOCK_INFO_BYTES, a multiple of 8" },
    ],
    result: null,
    errors: [],
    summary: "Describes the disk.",
    rules: [
      "Layout: u64 sectors, u32 bytes of a sector (512 or 4096), u32 depth (requests in flight), u32 flags, u32 sectors one request may move.",
      "It answers the same for the life of the domain.",
    ],
  },
  {
    name: "block_submit",
    capability: "block",
    parameters: [
      handle,
      { name: "operation", type: "i32", unit: "READ, WRITE, FLUSH or DISCARD" },
      { name: "sector", type: "i64", unit: "first sector" },
      { name: "ptr", type: "i32", unit: "pointer to sectors × sector bytes" },
      { name: "sectors", type: "i32", unit: "sectors" },
      { name: "tag", type: "i32", unit: "any number; the completion carries it" },
    ],
    result: { type: "i32", unit: "0, or an error" },
    errors: ["AGAIN", "RANGE", "READONLY", "GONE"],
    summary: "Queues a block request.",
    rules: [
      "AGAIN when depth requests are in flight.",
      "sectors is at least 1 for READ, WRITE and DISCARD, and at most what block_info says.",
      "Data to write is copied before it returns; the buffer of a READ MUST stay untouched until the completion.",
      "A flush covers every write submitted before it; other requests may be reordered; requests in flight that overlap are undefined, except that nothing outside them changes.",
      "A request that was refused here has no completion.",
    ],
  },
  {
    name: "block_complete",
    capability: "block",
    parameters: [
      handle,
      { name: "ptr", type: "i32", unit: "pointer to BLOCK_COMPLETION_BYTES, a multiple of 4" },
    ],
    result: { type: "i32", unit: "0, or an error" },
    errors: ["AGAIN"],
    summary: "Takes the next completion.",
    rules: [
      "Layout: i32 tag, i32 status (0, IO, NOSPACE or GONE).",
      "The data of a READ is written to the request's buffer during this call.",
      "After a failed flush every request answers IO until the device is opened again.",
    ],
  },
] as const satisfies readonly Hypercall[];

/** What an image MUST export, besides `g0`, `g1` … (all its mutable globals, in index order). */
export const EXPORTS = [
  {
    name: "memory",
    signature: "memory",
    rules: [
      "The one memory. The host touches it only during a hypercall, or at rest for snapshot and inspection; it keeps no view and no address across a return.",
      "Growth to the declared maximum always succeeds or ends the domain.",
    ],
  },
  {
    name: "init",
    signature: "() → ()",
    rules: [
      "The host calls it once, before the first step. It makes no hypercall except abort, so it can be run at build time.",
    ],
  },
  {
    name: "step",
    signature: "(now_ns: i64, events: i32) → i64",
    rules: [
      "Runs what can run, then returns an absolute deadline in ns on the scale of now_ns: at or before now_ns means call again soon, i64.MAX means none.",
      "now_ns counts from the first boot, continues across restore and never goes back; it is the only time a protocol core uses.",
      "It MUST take at most STEP_FRAMES_MAX frames from each device and make one pass over its run queue.",
      "The host MAY call it early, late (about 1 ms with timers) or without cause. It never calls it re-entrantly.",
    ],
  },
] as const;

/** How a domain is woken; not a call, but as binding. */
export const WAKE_UP = [
  "A call that returned AGAIN arms its handle and direction (net_receive, net_send, block_submit, console_read, console_write). When the armed source becomes ready the host steps the domain once and disarms it.",
  "Submitting a block request arms the completion of that device. It stays armed while requests are in flight, also when block_complete has answered AGAIN: each completion that becomes ready steps the domain.",
  "Spurious steps are allowed: an image MUST ask again, not assume.",
  "After a restore everything counts as armed.",
] as const;
