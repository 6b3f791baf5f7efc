/**
 * What a device backend implements. The domain translates hypercalls into these calls; a backend
 * never sees guest addresses, and never calls the image: it calls `wake`.
 *
 * All buffers are owned by the caller and valid only during the call. `wake` is never called from
 * inside another call: it comes from the event loop, at the latest in the microtask after the step,
 * never before `attach` and never after `close`. It may come without cause.
 */

/** A link that carries Ethernet frames, each preceded by a 10-byte virtio_net_hdr. */
export interface NetBackend {
  /** 6 bytes, unicast, the guest's address on this link. */
  readonly mac: Uint8Array;
  /** Largest payload of an Ethernet frame, in bytes: 68 to 65535. */
  readonly mtu: number;
  /**
   * Bits of NetFeature that this backend offers; after `attach`, those whose frames it may still deliver.
   * Whoever attaches finishes what it has not accepted: see `offload.ts`.
   */
  readonly features: number;
  /**
   * Called once before the first frame. `wake` says: a frame waits, room has come back, or the link is gone.
   * `accepted` are the features in use, a part of those offered; a backend may ignore it.
   */
  attach(wake: () => void, accepted?: number): void;
  /** Accepts a frame (copying what it keeps). False: no room now; `wake` follows. Lossy links drop and count instead. */
  send(frame: Uint8Array): boolean;
  /** Copies the next frame into `into` and returns its bytes; 0: none waits, `wake` follows. */
  receive(into: Uint8Array): number;
  /** Ports of the guest that the host offers, in the order in which they were asked for. */
  readonly published?: readonly PublishedPort[];
  /** True once the link has ended for good and nothing more waits. */
  readonly gone: boolean;
  /** Why the link has ended, for the operator; null or absent when it has not, or just ended. */
  readonly reason?: string | null;
  /** What the operator should know of it, a line each, when it is opened and when it is closed; absent: nothing. */
  readonly notices?: readonly string[];
  readonly counters: LinkCounters;
  /** Releases sockets and files; ends when they are. Idempotent. */
  close(): Promise<void>;
}

/** A port of the guest that clients reach through one of the host. */
export interface PublishedPort {
  readonly protocol: "tcp" | "udp";
  /** Where the host listens. */
  readonly address: string;
  readonly port: number;
  readonly guestPort: number;
  /** What a client opens. */
  readonly url: string;
}

/** Sums since a link was opened, as the guest sees it: sent is what it sent. */
export interface LinkCounters {
  sentFrames: number;
  sentBytes: number;
  receivedFrames: number;
  receivedBytes: number;
  /** Frames given up because a queue was full. */
  droppedFrames: number;
}

/** How a request ended: done; failed; the backend has no space left; the disk is closed or taken away. */
export type BlockStatus = "ok" | "io" | "nospace" | "gone";

/** Reads sectors. Nothing is copied until `complete` is called: only then is there a memory to copy to. */
export interface BlockRead {
  readonly operation: "read";
  readonly sector: number;
  readonly sectors: number;
  readonly tag: number;
  /** Where the sectors go, in the memory that `complete` is given. */
  readonly pointer: number;
}

/** Writes sectors. Durable once a flush that was submitted after it is done. */
export interface BlockWrite {
  readonly operation: "write";
  readonly sector: number;
  /** Whole sectors. The caller's: valid only during `submit`, not in the completion. */
  readonly data: Uint8Array;
  readonly tag: number;
}

/** Makes every write that was submitted before it durable. */
export interface BlockFlush {
  readonly operation: "flush";
  readonly tag: number;
}

/** The guest does not need the content of these sectors any more. */
export interface BlockDiscard {
  readonly operation: "discard";
  readonly sector: number;
  readonly sectors: number;
  readonly tag: number;
}

/** Tags are the caller's, and need not differ: a completion names the request itself. */
export type BlockRequest = BlockRead | BlockWrite | BlockFlush | BlockDiscard;

/** The end of a request. */
export interface BlockCompletion {
  /** The very object that was submitted. */
  readonly request: BlockRequest;
  readonly status: BlockStatus;
}

/** A disk. Range, depth, read-only and size of a request are checked before `submit`. */
export interface BlockBackend {
  readonly sectors: number;
  /** 512 or 4096. */
  readonly sectorBytes: number;
  readonly readonly: boolean;
  /** Carries out discard. */
  readonly discards: boolean;
  /** Requests in flight, at most. */
  readonly depth: number;
  /** What the operator should know of it, a line each, when it is opened and when it is closed; absent: nothing. */
  readonly notices?: readonly string[];
  /** `wake` says: a completion waits. */
  attach(wake: () => void): void;
  /**
   * Starts a request. Reads and writes may be carried out at once; a flush always leaves the thread.
   * True: ask for completions without waiting for a `wake`; one follows only for what cannot be taken
   * then. Never throws but for an exhausted stack.
   */
  submit(request: BlockRequest): boolean;
  /**
   * The next completion, or null. A read that is "ok" has put its sectors into `memory` at its pointer;
   * one that is not may have written there too, nowhere else. `memory` is the caller's, valid only
   * during the call, and holds every pointer.
   */
  complete(memory: Uint8Array): BlockCompletion | null;
  /** Waits for requests in flight, then releases the file and its lock. Idempotent. */
  close(): Promise<void>;
}
