/**
 * The operator's terminal or log: a stream of bytes each way.
 *
 * Output is queued in the image up to a named limit and handed to the host as it takes it, so a write
 * never waits. A full queue is a circumstance, not an error: the caller keeps the text and is told
 * when there is room.
 */

/** Receives console input. The domain stays alive while a reader is set and input has not ended. */
export interface ConsoleReader {
  /**
   * Bytes have arrived: the first `length` of `bytes`, at least one. The array belongs to the console
   * and is used again after the call.
   */
  onInput(bytes: Uint8Array, length: i32): void;

  /** End of input; called once, nothing follows. */
  onEnd(): void;
}

/** Receives console input line by line. */
export interface LineReader {
  /** One line, without its line feed. The last line may have lacked one. */
  onLine(line: string): void;

  /** End of input; called once, nothing follows. */
  onEnd(): void;
}

/** Told when the output queue has emptied after it was full. */
export interface ConsoleWriter {
  onWritable(): void;
}

export interface Console {
  /** Queues text as UTF-8, all or nothing. False: no room; `whenWritable` tells when to try again. */
  write(text: string): bool;

  /** `write` with a line feed. */
  writeLine(text: string): bool;

  /** Queues `length` bytes from `offset` and returns how many were taken, 0 to `length`. They are copied. */
  writeBytes(bytes: Uint8Array, offset: i32, length: i32): i32;

  /** Calls back once, at the step in which all queued output has gone to the host. Keeps the domain alive. */
  whenWritable(writer: ConsoleWriter): void;

  /** Starts reading; at most one reader, bytes or lines, at a time. */
  read(reader: ConsoleReader): void;

  /** Starts reading lines. A line longer than the reader's limit ends the domain with a clear message. */
  readLines(reader: LineReader): void;

  /** Stops reading: input stays with the host, and no longer keeps the domain alive. */
  stopReading(): void;
}
