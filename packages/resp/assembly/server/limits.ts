/** What a server may keep at once, and what it counts. */

import { SECOND } from "@phantasm/interfaces";

export class StoreLimits {
  /** Clients; one more is told so, and closed. */
  clients: i32 = 10_000;
  backlog: i32 = 511;
  /** A client that is silent for so long is asked whether it is still there, three times, a third of it apart; 0: never. */
  keepAliveNs: i64 = 300 * SECOND;
  /** Bytes of the image's memory that are left to others, as the queues of the network; what needs them is refused. */
  spareBytes: i32 = 8 << 20;
  /** Bytes of keys and values; commands that add some are refused beyond. */
  memoryBytes: i64 = 64 << 20;
  /** Bytes of an argument, and of a string that is appended to. At most 8 MiB. */
  bulkBytes: i32 = 8 << 20;
  arguments: i32 = 1 << 20;
  /** Bytes of a request; its client is closed beyond. */
  requestBytes: i32 = 9 << 20;
  /**
   * Bytes of requests that are not complete yet, of all clients together; who is stalled is closed, else who adds
   * more. As many of those that are queued in transactions or wait for a key; they are refused.
   */
  waitingBytes: i32 = 32 << 20;
  /** Bytes of the largest reply, EXEC's too; an error stands for what is larger. */
  replyBytes: i32 = 16 << 20;
  /** Bytes of what COPY, SUNION and their kind make of others; more is refused as if memory was full. */
  resultBytes: i64 = 32 << 20;
  /** Bytes of messages that a subscriber has not taken yet; it is closed beyond. */
  pushBytes: i32 = 1 << 20;
  /** Bytes of all replies and messages that wait for their clients; who is stalled is closed, else who adds more. */
  unsentBytes: i32 = 32 << 20;
  /** For so long a client must have taken nothing, or sent no more of a request, to be closed for another. */
  stallNs: i64 = 1 * SECOND;
  /** Channels and patterns that all clients together may be subscribed to. */
  subscriptions: i32 = 65_536;
  /** Bytes of their names. */
  subscriptionBytes: i32 = 8 << 20;
  /** Patterns among them; every message is compared with each. */
  patterns: i32 = 1024;
  /** Keys that all clients together may wait for. */
  awaited: i32 = 65_536;
  /** Keys that a client may watch. */
  watched: i32 = 256;
  /** Bytes of the commands that a transaction may queue. */
  transactionBytes: i32 = 9 << 20;
}

export class StoreCounters {
  clients: u64 = 0;
  refusedClients: u64 = 0;
  commands: u64 = 0;
  /** Clients that were closed since they did not read, or wanted too much. */
  closedForMemory: u64 = 0;
  malformed: u64 = 0;
  /** Replies that were larger than may be: an error stood for them. */
  refusedReplies: u64 = 0;
  messages: u64 = 0;

  /** CONFIG RESETSTAT. */
  reset(): void {
    this.clients = 0;
    this.refusedClients = 0;
    this.commands = 0;
    this.closedForMemory = 0;
    this.malformed = 0;
    this.refusedReplies = 0;
    this.messages = 0;
  }
}
