/** What a connection has become after another protocol was agreed (RFC 9110 §7.8). */
export interface Upgraded {
  /** Bytes, or the end, or room has come. True if it could go on at once. */
  onTurn(): bool;

  /** The time of `HttpConnection.setDeadline` is over. */
  onDeadline(): void;

  /** What had found no room has been sent: from now on, time is its own again. */
  onCaughtUp(): void;

  /** It holds memory of the server's `collectedBytes`. */
  readonly collects: bool;

  /** Others need what it holds: it ends. */
  giveWay(): void;

  /** The connection has ended. */
  onGone(): void;
}
