import { NO_DEADLINE } from "@phantasm/abi";
import { ConsoleReader, LineReader } from "@phantasm/interfaces";
import { Source, hold, isEnding, release } from "@phantasm/runtime";
import { InputBuffer } from "./buffer";
import { decodeUtf8 } from "./utf8";

/** Input calls in one step, so that a flood of input cannot keep the step. */
const STEP_READS_MAX: i32 = 64;

/** The half of the console that reads. An image that only writes is without it. */
export class ConsoleInput extends Source {
  private readonly buffer: InputBuffer = new InputBuffer();
  /** At most one of the two is set. */
  private reader: ConsoleReader | null = null;
  private lineReader: LineReader | null = null;
  private again: bool = false;

  /** @param lineBytes longest line, without its line feed */
  constructor(private readonly lineBytes: i32) {
    super();
  }

  read(reader: ConsoleReader): void {
    this.start();
    this.reader = reader;
  }

  readLines(reader: LineReader): void {
    this.start();
    this.lineReader = reader;
  }

  stop(): void {
    if (!this.reading) return;
    this.reader = null;
    this.lineReader = null;
    release();
  }

  dispatch(now: i64): void {
    this.again = false;
    this.deliver();
    for (let reads = 0; reads < STEP_READS_MAX; reads++) {
      if (!this.reading || isEnding()) return;
      // A line and its line feed must fit.
      const taken = this.buffer.read(this.lineBytes + 1);
      if (taken < 0) return;
      if (taken == 0) {
        this.finish();
        return;
      }
      this.deliver();
    }
    // This step has had its share; more may wait.
    this.again = true;
  }

  deadline(): i64 {
    return this.again ? 0 : NO_DEADLINE;
  }

  private get reading(): bool {
    return this.reader !== null || this.lineReader !== null;
  }

  private start(): void {
    assert(!this.reading, "console: it has a reader already; call stopReading first");
    hold();
    this.again = true;
  }

  /** Hands over what waits, as long as somebody reads. */
  private deliver(): void {
    const buffer = this.buffer;
    while (buffer.length > 0 && !isEnding()) {
      const reader = this.reader;
      if (reader !== null) {
        const length = buffer.length;
        reader.onInput(buffer.take(), length);
        continue;
      }
      const lineReader = this.lineReader;
      if (lineReader === null) return;
      const length = buffer.lineLength();
      assert(
        (length < 0 ? buffer.length : length) <= this.lineBytes,
        "console: an input line is too long; raise console({ lineBytes })",
      );
      if (length < 0) return;
      const line = decodeUtf8(buffer.address, length);
      buffer.skip(length + 1);
      lineReader.onLine(line);
    }
  }

  /** The last line may lack its line feed. */
  private finish(): void {
    const buffer = this.buffer;
    const lineReader = this.lineReader;
    if (lineReader !== null && buffer.length > 0) {
      const line = decodeUtf8(buffer.address, buffer.length);
      buffer.skip(buffer.length);
      lineReader.onLine(line);
      if (isEnding() || this.lineReader !== lineReader) return;
    }
    const reader = this.reader;
    this.stop();
    if (reader !== null) reader.onEnd();
    else if (lineReader !== null) lineReader.onEnd();
  }
}
