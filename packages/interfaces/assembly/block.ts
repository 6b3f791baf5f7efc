/**
 * A disk: sectors that are read and written as wholes.
 *
 * A request is submitted, and its handler is called later, never from inside the call. Several may be in
 * flight; the disk may carry them out in any order, except that a flush covers every write submitted before
 * it. Requests in flight that overlap have no defined order: wait, or keep them apart.
 *
 * A disk may have to read before it knows how large it is: a partition, an overlay. Until then its `state`
 * is PENDING, requests are answered AGAIN, and `whenReady` calls back when it is decided, either way.
 *
 * Not promised: that a sector is written as a whole when the power fails, or that anything is durable
 * before a flush has reported 0.
 */

/** Told how a request went. */
export interface BlockHandler {
  /**
   * `tag` is the one given with the request. `status` is 0, or Errno.IO, NOSPACE or GONE, and from layers
   * that look for them CORRUPT (of a read: nothing of it is handed out) and TIMED_OUT; the sectors of a
   * failed write may hold the old data, the new, or part of both. Called once for each request that was
   * accepted. New requests may be made here, with the same buffer too.
   */
  onBlock(tag: i32, status: i32): void;
}

/** Told that a request may be accepted again. */
export interface BlockWaiter {
  onBlockReady(): void;
}

/** Of these, all but `sectors` are known from the start. */
export interface Block {
  /**
   * 0: requests are accepted. PENDING: not yet, and they are answered AGAIN. Another error: the disk cannot be
   * used any more (IO, GONE), or never could (CORRUPT, WRONG_FORMAT, NOT_FOUND …): it is the answer to every
   * request.
   */
  readonly state: i32;

  /** Size of the disk; 0 while its state is PENDING. */
  readonly sectors: u64;

  /** 512 or 4096. */
  readonly sectorBytes: i32;

  /** Sectors one request may move, at most: 4096 bytes or more. */
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
   * Returns 0 if accepted; AGAIN when `requestsMax` are in flight or the disk has no room for it just now
   * (`whenReady` tells when to come back), RANGE beyond the end of the disk, GONE when it was detached, or
   * the `state`. A request in flight keeps the domain alive.
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
   * Makes every write submitted before it durable, if it was reported 0. Errors: AGAIN, GONE, `state`. After a
   * flush has failed, every request is answered or reported IO until the disk is attached anew: what was
   * written since the last good flush may be lost, and must not be assumed.
   */
  flush(handler: BlockHandler, tag: i32): i32;

  /** Says that the content of these sectors is no longer needed; reading them gives anything. Errors as `write`. */
  discard(sector: u64, sectors: i32, handler: BlockHandler, tag: i32): i32;

  /**
   * Calls back once, when a request may be accepted again or the state is no longer PENDING: in the order of
   * asking, never from inside the call. Keeps the domain alive.
   */
  whenReady(waiter: BlockWaiter): void;
}
