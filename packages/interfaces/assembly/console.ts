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
  /**
   * One line, without its line feed; a carriage return before it stays. The last line may have lacked
   * the line feed. Bytes that are not UTF-8 appear as U+FFFD.
   */
  onLine(line: string): void;

  /** End of input; called once, nothing follows. */
  onEnd(): void;
}

/** Told that all output has gone to the host. */
export interface ConsoleWriter {
  onWritable(): void;
}

export interface Console {
  /**
   * Queues text as UTF-8, all or nothing. False: no room; `whenWritable` tells when to try again. An
   * empty queue takes a text of any length.
   */
  write(text: string): bool;

  /** `write` with a line feed. */
  writeLine(text: string): bool;

  /** Queues `length` bytes from `offset` and returns how many were taken, 0 to `length`. They are copied. */
  writeBytes(bytes: Uint8Array, offset: i32, length: i32): i32;

  /** Calls back once, when all queued output has gone to the host: in the order of asking. Keeps the domain alive. */
  whenWritable(writer: ConsoleWriter): void;

  /** Starts reading. There is one reader at a time, of bytes or of lines; a second ends the domain. */
  read(reader: ConsoleReader): void;

  /**
   * Starts reading lines. A line longer than the console's limit ends the domain with a message that
   * says so: whoever must live with any input reads bytes.
   */
  readLines(reader: LineReader): void;

  /**
   * Stops reading, at once: no call follows, and input no longer keeps the domain alive. What has
   * arrived and was not delivered waits for the next reader.
   */
  stopReading(): void;
}
