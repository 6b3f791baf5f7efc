/** How answers are fetched that are too long for a datagram. An image that has none of this links no TCP. */
import { IpAddress } from "@phantasm/interfaces";

export interface LongAnswerReceiver {
  /** `bytes` bytes of a message lie at `message` for the length of the call. */
  onLongAnswer(message: usize, bytes: i32): void;
  onLongAnswerFailed(): void;
}

export interface LongAnswers {
  /**
   * Sends the first `bytes` bytes of `query`, which are copied, to port 53 of the server; the receiver is told once
   * what came of it, never inside this call. False: there is no room for another.
   */
  fetch(server: IpAddress, query: Uint8Array, bytes: i32, receiver: LongAnswerReceiver): bool;

  /** The receiver is not told any more. */
  cancel(receiver: LongAnswerReceiver): void;
}
