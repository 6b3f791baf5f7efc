import { MINUTE, SECOND } from "@phantasm/interfaces";

/** What a stack allows itself. The README says what happens at each limit. Set fields before use. */
export class TcpLimits {
  /** Connections in every state but TIME_WAIT, half-open ones included. */
  connections: i32 = 16_384;
  /** Ports that are listened at. */
  listeners: i32 = 64;
  /** Most that `listen` takes as its backlog. */
  backlog: i32 = 1024;
  /** Connections whose handshake a peer began and has not finished; SYN cookies beyond. */
  halfOpen: i32 = 256;
  /** Connections in TIME_WAIT. */
  timeWait: i32 = 4096;
  /** Bytes of all send and receive queues together. */
  memoryBytes: i32 = 32 << 20;
  /** Bytes that a connection has for what is not read yet: at first, and when it has grown. */
  receiveBytesFirst: i32 = 64 << 10;
  receiveBytesMax: i32 = 2 << 20;
  /** Bytes that a connection may have queued and unacknowledged. */
  sendBytesMax: i32 = 2 << 20;
  /** SYNs sent after the first: 183 s (RFC 9293 MUST-23). */
  synRetries: i32 = 7;
  /** SYN-ACKs sent after the first. */
  synAckRetries: i32 = 5;
  /** How long sent bytes may stay unacknowledged (RFC 9293 §3.9.1.1, RFC 5482). */
  userTimeoutNs: i64 = 5 * MINUTE;
  /** 2 MSL. */
  timeWaitNs: i64 = 60 * SECOND;
  /** How long a closed connection waits for the peer's FIN. */
  finWaitNs: i64 = 60 * SECOND;
  /** How long a connection must have been stalled to make room for others, when there is none. */
  stallNs: i64 = 1 * SECOND;
  /** RSTs a second that answer segments of no connection. */
  resetsPerSecond: i32 = 1000;
  /** Explicit congestion notification (RFC 3168) is offered and accepted. */
  ecn: bool = true;
}
