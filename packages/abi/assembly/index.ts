// Generated from packages/abi/src/specification.ts by `npm run generate`. Do not edit.

/** The ABI version these declarations describe. */
export const ABI_VERSION: i32 = 1;

/** What step returns when nothing is due. */
export const NO_DEADLINE: i64 = i64.MAX_VALUE;

/** Errors. */
export namespace Errno {
  /** not now; the host steps the domain once when it may succeed */
  export const AGAIN: i32 = -1;
  /** the device failed; the data is neither written nor read */
  export const IO: i32 = -2;
  /** the backing store is full */
  export const NOSPACE: i32 = -3;
  /** the device was attached read-only */
  export const READONLY: i32 = -4;
  /** beyond the end of the device */
  export const RANGE: i32 = -5;
  /** the device was detached and will not come back */
  export const GONE: i32 = -6;
}

/** Events. */
export namespace Event {
  /** the operator asks the domain to end; set on every step from then on; after SHUTDOWN_GRACE_NS the host ends it */
  export const SHUTDOWN: i32 = 1;
  /** this domain is a fork, or a second restore, of one state: reseed randomness before anything else; never set for a migration or a replay */
  export const COPY: i32 = 2;
  /** refresh the observation block during this step */
  export const INSPECT: i32 = 4;
  /** do one thing in this step (take the devices' news, run one fibre, or collect once) and note it in the observation block, so that the time of the step is the time of the thing; an image MAY ignore it */
  export const TRACE: i32 = 8;
}

/** Exit codes. */
export namespace Exit {
  /** the largest status an image may give itself */
  export const STATUS_MAX: i32 = 99;
  /** the image called abort, or broke a rule of the boundary */
  export const ABORT: i32 = 100;
  /** WebAssembly trap: unreachable, out of bounds, stack overflow */
  export const TRAP: i32 = 101;
  /** the image needed more memory than it may have */
  export const MEMORY: i32 = 102;
  /** one step took longer than the step limit */
  export const STEP_LIMIT: i32 = 103;
  /** the verifier refused the image */
  export const REFUSED: i32 = 104;
  /** a device could not be attached, or failed beyond repair */
  export const DEVICE: i32 = 105;
}

/** Abort reasons. */
export namespace AbortReason {
  /** an assertion or an uncaught error; exit code 100 */
  export const FAILURE: i32 = 0;
  /** the allocator found no memory; exit code 102 */
  export const MEMORY: i32 = 1;
}

/** Block operations. */
export namespace BlockOperation {
  /** fill the buffer; it is written during the completion */
  export const READ: i32 = 0;
  /** the buffer is copied before block_submit returns */
  export const WRITE: i32 = 1;
  /** make every write submitted before it durable; sector, ptr and sectors MUST be 0 */
  export const FLUSH: i32 = 2;
  /** the content of these sectors is no longer needed; ptr MUST be 0 */
  export const DISCARD: i32 = 3;
}

/** Block flags. */
export namespace BlockFlag {
  /** writes and discards answer READONLY */
  export const READONLY: i32 = 1;
  /** discard is carried out; without it, it is accepted and ignored */
  export const DISCARD: i32 = 2;
}

/** Net features. */
export namespace NetFeature {
  /** received frames may carry partial checksums (virtio_net_hdr flag NEEDS_CSUM) */
  export const CHECKSUM_RECEIVE: i32 = 1;
  /** the image may send partial checksums */
  export const CHECKSUM_SEND: i32 = 2;
  /** received TCP segments may be up to 64 KiB (GSO) */
  export const SEGMENT_RECEIVE: i32 = 4;
  /** the image may send TCP segments up to 64 KiB */
  export const SEGMENT_SEND: i32 = 8;
}

/** Observation block. */
export namespace ObservationBlock {
  /** "PHOB" in memory order: the first four bytes */
  export const MAGIC: i32 = 1112492112;
  /** version of the layout: the second four bytes */
  export const VERSION: i32 = 3;
  /** size of the block in version 3 */
  export const BYTES: i32 = 336;
}

/** Limits. */
export namespace Limit {
  /** frames an image takes from each device in one step */
  export const STEP_FRAMES_MAX: i32 = 64;
  /** bytes the host queues for a device and direction, then AGAIN */
  export const QUEUE_BYTES_MAX: i32 = 1048576;
  /** bytes one entropy call may ask for */
  export const ENTROPY_BYTES_MAX: i32 = 1024;
  /** bytes of encoded boot arguments */
  export const ARGUMENTS_BYTES_MAX: i32 = 65536;
  /** bytes of an abort message; the host cuts the rest */
  export const ABORT_MESSAGE_BYTES_MAX: i32 = 1024;
  /** bytes one block request may move */
  export const BLOCK_REQUEST_BYTES_MAX: i32 = 1048576;
  /** virtio_net_hdr in front of every frame */
  export const FRAME_HEADER_BYTES: i32 = 10;
  /** virtio_net_hdr, Ethernet header and the largest IP packet (10 + 14 + 65535) */
  export const FRAME_BYTES_MAX: i32 = 65559;
  /** size of the record that net_info writes */
  export const NET_INFO_BYTES: i32 = 16;
  /** size of the record that block_info writes */
  export const BLOCK_INFO_BYTES: i32 = 24;
  /** size of the record that block_complete writes */
  export const BLOCK_COMPLETION_BYTES: i32 = 8;
  /** time between SHUTDOWN and the end by force, in nanoseconds */
  export const SHUTDOWN_GRACE_NS: i64 = 10000000000;
}

/**
 * Ends the domain of its own will.
 * @param status 0 to 99
 * It never returns.
 * The host MUST deliver console bytes that it has accepted before it reports the end.
 * A status outside 0 to 99 is a guest bug.
 */
// @ts-ignore: decorator
@external("phantasm", "exit")
export declare function exit(status: i32): void;

/**
 * Ends the domain because something is wrong, with a message for the operator.
 * @param reason 0 FAILURE, 1 MEMORY
 * @param message pointer to UTF-8
 * @param length bytes
 * It never returns.
 * It is the only hypercall that init MAY make.
 * The host escapes control characters in the message and cuts it at ABORT_MESSAGE_BYTES_MAX.
 */
// @ts-ignore: decorator
@external("phantasm", "abort")
export declare function abort(reason: i32, message: usize, length: i32): void;

/**
 * Reads the boot arguments, already checked against the manifest.
 * @param ptr pointer
 * @param capacity bytes
 * @returns bytes of the encoded arguments
 * With capacity 0 it writes nothing and only returns the size; any other capacity below the size is a guest bug.
 * The encoding is the values in the order of the manifest, little-endian, without padding: a presence byte (0 or 1; optional arguments without a default may be absent), then for integer, duration (ns) and size (bytes) an i64; for boolean one byte; for ipv4 four bytes in network order; for cidr the same and a prefix-length byte; for string, enumeration and secret a u32 length and UTF-8.
 * The answer is the same for the life of the domain.
 */
// @ts-ignore: decorator
@external("phantasm", "arguments")
export declare function arguments(ptr: usize, capacity: i32): i32;

/**
 * Reads the time of day.
 * @returns nanoseconds since 1970-01-01T00:00:00Z
 * It MAY go back: the operator sets it.
 */
// @ts-ignore: decorator
@external("phantasm", "wall_clock")
export declare function wall_clock(): i64;

/**
 * Takes a fresh reading on the scale of step's now_ns, for measurements.
 * @returns nanoseconds since the first boot
 * It never goes back, and is never before the now_ns of the current step.
 * A protocol core MUST NOT use it: cores take now_ns.
 */
// @ts-ignore: decorator
@external("phantasm", "monotonic_clock")
export declare function monotonic_clock(): i64;

/**
 * Fills a buffer with bytes nobody else has seen, to seed a generator.
 * @param ptr pointer
 * @param length bytes, at most ENTROPY_BYTES_MAX
 * The bytes come from the operating system's generator and are never repeated.
 */
// @ts-ignore: decorator
@external("phantasm", "entropy")
export declare function entropy(ptr: usize, length: i32): void;

/**
 * Writes bytes to the operator's terminal or log.
 * @param ptr pointer
 * @param length bytes, at least 1
 * @returns bytes accepted, or an error
 * Errors: AGAIN.
 * It MAY accept fewer bytes than offered, but at least one unless it answers AGAIN.
 * Accepted bytes are delivered in order.
 */
// @ts-ignore: decorator
@external("phantasm", "console_write")
export declare function console_write(ptr: usize, length: i32): i32;

/**
 * Reads bytes the operator has typed or piped in.
 * @param ptr pointer
 * @param capacity bytes, at least 1
 * @returns bytes read, 0 at end of input, or an error
 * Errors: AGAIN.
 * After 0 it answers 0 for ever.
 */
// @ts-ignore: decorator
@external("phantasm", "console_read")
export declare function console_read(ptr: usize, capacity: i32): i32;

/**
 * Describes the link.
 * @param handle index into the devices of the manifest
 * @param ptr pointer to NET_INFO_BYTES, a multiple of 4
 * Layout: u32 features, u32 MTU in bytes (payload of an Ethernet frame), 6 bytes of MAC address, 2 bytes of zero.
 * features is the intersection of what the manifest accepts and the backend offers, fixed for life.
 */
// @ts-ignore: decorator
@external("phantasm", "net_info")
export declare function net_info(handle: i32, ptr: usize): void;

/**
 * Sends one Ethernet frame.
 * @param handle index into the devices of the manifest
 * @param ptr pointer to virtio_net_hdr and frame
 * @param length bytes, header included
 * @returns 0, or an error
 * Errors: AGAIN, GONE.
 * length is at least 24 and at most 24 + MTU, or FRAME_BYTES_MAX for a segment the features allow.
 * A header that asks for an offload outside features is a guest bug; unused, all ten bytes MUST be 0.
 * The host copies or writes the frame before it returns.
 */
// @ts-ignore: decorator
@external("phantasm", "net_send")
export declare function net_send(handle: i32, ptr: usize, length: i32): i32;

/**
 * Takes the next received frame, header first.
 * @param handle index into the devices of the manifest
 * @param ptr pointer
 * @param capacity bytes
 * @returns bytes of header and frame, or an error
 * Errors: AGAIN, GONE.
 * capacity MUST be at least 24 + MTU, or FRAME_BYTES_MAX when features has SEGMENT_RECEIVE, whether or not a frame waits.
 * An image SHOULD take at most STEP_FRAMES_MAX frames from a device in one step.
 */
// @ts-ignore: decorator
@external("phantasm", "net_receive")
export declare function net_receive(handle: i32, ptr: usize, capacity: i32): i32;

/**
 * Describes the disk.
 * @param handle index into the devices of the manifest
 * @param ptr pointer to BLOCK_INFO_BYTES, a multiple of 8
 * Layout: u64 sectors, u32 bytes of a sector (512 or 4096), u32 depth (requests in flight), u32 flags, u32 sectors one request may move.
 * It answers the same for the life of the domain.
 */
// @ts-ignore: decorator
@external("phantasm", "block_info")
export declare function block_info(handle: i32, ptr: usize): void;

/**
 * Queues a block request.
 * @param handle index into the devices of the manifest
 * @param operation READ, WRITE, FLUSH or DISCARD
 * @param sector first sector
 * @param ptr pointer to sectors × sector bytes
 * @param sectors sectors
 * @param tag any number; the completion carries it
 * @returns 0, or an error
 * Errors: AGAIN, RANGE, READONLY, GONE.
 * AGAIN when depth requests are in flight.
 * sectors is at least 1 for READ, WRITE and DISCARD, and at most what block_info says.
 * Data to write is copied before it returns; the buffer of a READ MUST stay untouched until the completion.
 * A flush covers every write submitted before it; other requests may be reordered; requests in flight that overlap are undefined, except that nothing outside them changes.
 * A request that was refused here has no completion.
 */
// @ts-ignore: decorator
@external("phantasm", "block_submit")
export declare function block_submit(handle: i32, operation: i32, sector: i64, ptr: usize, sectors: i32, tag: i32): i32;

/**
 * Takes the next completion.
 * @param handle index into the devices of the manifest
 * @param ptr pointer to BLOCK_COMPLETION_BYTES, a multiple of 4
 * @returns 0, or an error
 * Errors: AGAIN.
 * Layout: i32 tag, i32 status (0, IO, NOSPACE or GONE).
 * The data of a READ is written to the request's buffer during this call.
 * After a failed flush every request answers IO until the device is opened again.
 */
// @ts-ignore: decorator
@external("phantasm", "block_complete")
export declare function block_complete(handle: i32, ptr: usize): i32;
