/**
 * A disk: sectors that are read and written as wholes.
 *
 * A request is submitted, and its handler is called in a later step. Several may be in flight; the disk
 * may carry them out in any order, except that a flush covers every write submitted before it. Requests
 * in flight that overlap have no defined order: wait, or keep them apart.
 *
 * Not promised: that a sector is written as a whole when the power fails, or that anything is durable
 * before a flush has reported 0.
 */

/** Told how a request went. */
export interface BlockHandler {
  /**
   * `tag` is the one given with the request. `status` is 0, or Errno.IO, NOSPACE or GONE; the sectors of
   * a failed write may hold the old data, the new, or part of both. Called once for each request that
   * was accepted. New requests may be made here, with the same buffer too.
   */
  onBlock(tag: i32, status: i32): void;
}

/** Told that a request may be accepted again. */
export interface BlockWaiter {
  onBlockReady(): void;
}

export interface Block {
  /** Size of the disk. */
  readonly sectors: u64;

  /** 512 or 4096. */
  readonly sectorBytes: i32;

  /** Sectors one request may move, at most. */
  readonly requestSectorsMax: i32;

  /** Requests that may be in flight at once. */
  readonly requestsMax: i32;

  /** False: writes and discards answer READONLY. */
  readonly writable: bool;

  /** A discard is carried out; otherwise it is accepted and has no effect. */
  readonly discards: bool;

  /**
   * Reads `sectors` sectors from `sector` into `buffer` from `offset`. From here to the call of the
   * handler the buffer belongs to the disk: its content there is undefined. It is kept from the
   * collector meanwhile.
   *
   * Returns 0 if accepted; AGAIN when `requestsMax` are in flight (`whenReady` tells when to come back),
   * RANGE beyond the end of the disk, GONE when it was detached. A request in flight keeps the domain
   * alive.
   */
  read(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32;

  /** Writes; the data is copied before it returns. Errors as `read`, and READONLY. */
  write(
    sector: u64,
    sectors: i32,
    buffer: Uint8Array,
    offset: i32,
    handler: BlockHandler,
    tag: i32,
  ): i32;

  /**
   * Makes every write submitted before it durable. Errors: AGAIN, GONE. After a flush has failed, every
   * request reports IO until the disk is attached anew: what was written since the last good flush may
   * be lost, and must not be assumed.
   */
  flush(handler: BlockHandler, tag: i32): i32;

  /** Says that the content of these sectors is no longer needed; reading them gives anything. Errors as `write`. */
  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32;

  /** Calls back once, when a request may be accepted again: in the order of asking. Keeps the domain alive. */
  whenReady(waiter: BlockWaiter): void;
}
