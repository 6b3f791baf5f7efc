import { MINUTE, SECOND } from "@phantasm/interfaces";
import { HeadLimits } from "../wire/head";

/**
 * What a server takes at most, and for how long it waits. What happens at a limit stands beside it. Where an image has
 * little memory, the server lowers `connections`, `exchanges`, `partialBytes`, `unsentBytes` and `collectedBytes` to their parts of it.
 */
export class HttpLimits extends HeadLimits {
  /** Connections at once, fewer than TCP has. For the next one, one that is stalled or idle is ended, else it is answered with 503. */
  connections: i32 = 16_000;
  /** Connections that wait to be accepted: see `Tcp.listen`. */
  backlog: i32 = 1_024;
  /** Requests that are being answered at once. For the next one, one that is stalled is ended, else it is answered with 503. */
  exchanges: i32 = 1_024;
  /** Bytes of all heads that are kept: those that have come in part, and those of requests under way. As with requests. */
  partialBytes: i32 = 1 << 20;
  /** Bytes of all answers that are composed and find no room in their connections. One that is stalled is cut off, else who would need more. */
  unsentBytes: i32 = 2 << 20;
  /** Bytes of content that `receive` collects, unless it says otherwise: beyond, 413. */
  contentBytesMax: i32 = 1 << 20;
  /** Bytes of content and WebSocket messages that all together collect. As with requests; a WebSocket is closed with 1013. */
  collectedBytes: i32 = 4 << 20;
  /** Bytes of content that nobody has asked for, but are read so that the connection can go on: beyond, it is closed. */
  discardBytesMax: i32 = 64 << 10;
  /** Bytes of the fields that `setField` adds to one answer. Too many are a mistake, and end the domain. */
  fieldBytesMax: i32 = 8_192;
  /** Answers are composed here before they go out, for all connections in turn. At least 16 KiB. */
  outputBytes: i32 = 64 << 10;
  /** From a connection's first byte, or the first of a request, to the end of its head: then 408. */
  headNs: i64 = 10 * SECOND;
  /** For each 16 KiB of content, or what is left of it: then 408. */
  contentNs: i64 = 20 * SECOND;
  /** Between two requests: then the connection is closed. */
  idleNs: i64 = 75 * SECOND;
  /** Without room for more of an answer: then the connection is cut off. */
  writeNs: i64 = 1 * MINUTE;
  /** For so long a client must have kept its connection waiting before it makes room for others at one of these limits. */
  stallNs: i64 = 1 * SECOND;
  /** After the last answer, for the client to read it and close (RFC 9112 §9.6). */
  lingerNs: i64 = 2 * SECOND;
}

/** Of `HttpCounters`, for `--stats`. */
export const COUNTER_LABELS: string =
  "accepted refused-connections requests malformed refused-requests timeouts evicted cut-off aborted";

/** Sums since the server was made. */
export class HttpCounters {
  /** Connections that were accepted. */
  accepted: u64 = 0;
  /** Connections beyond the limit. */
  refusedConnections: u64 = 0;
  /** Heads that were understood. */
  requests: u64 = 0;
  /** Heads or contents that were not, and were refused. */
  malformed: u64 = 0;
  /** Requests that were refused because of `exchanges`, `partialBytes` or `collectedBytes`. */
  refusedRequests: u64 = 0;
  /** Connections that ended because a time was over, idle ones not included. */
  timeouts: u64 = 0;
  /** Clients that were ended to make room for others. */
  evicted: u64 = 0;
  /** Connections that were cut off because of `unsentBytes`. */
  cutOff: u64 = 0;
  /** Answers that were begun and not finished, because the connection broke. */
  aborted: u64 = 0;
}
