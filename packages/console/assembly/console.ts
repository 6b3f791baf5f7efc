import { console_read } from "@phantasm/abi";
import { Console, ConsoleReader, ConsoleWriter, LineReader } from "@phantasm/interfaces";
import { Source, addSource, hold, isEnding, release } from "@phantasm/runtime";
import { LineSplitter } from "./lines";
import { OutputQueue } from "./output";

/** Bytes taken from the host at a time. */
const INPUT_BYTES: i32 = 4096;

/** Input calls in one step, so that a flood of input cannot keep the step. */
const STEP_READS_MAX: i32 = 64;

/** The console over the hypercalls console_write and console_read. */
export class HostConsole extends Source implements Console {
  private readonly output: OutputQueue;
  private input: Uint8Array | null = null;
  private reader: ConsoleReader | null = null;
  private writer: ConsoleWriter | null = null;
  private again: bool = false;

  /**
   * @param outputBytes bytes of output queued before a write is refused
   * @param lineBytes longest input line
   */
  constructor(
    outputBytes: i32,
    private readonly lineBytes: i32,
  ) {
    super();
    this.output = new OutputQueue(outputBytes);
    addSource(this);
  }

  write(text: string): bool {
    this.output.drain();
    const bytes = String.UTF8.encode(text);
    return this.output.putWhole(changetype<usize>(bytes), bytes.byteLength);
  }

  writeLine(text: string): bool {
    return this.write(text + "\n");
  }

  writeBytes(bytes: Uint8Array, offset: i32, length: i32): i32 {
    assert(
      offset >= 0 && length >= 0 && offset <= bytes.length - length,
      "writeBytes: range outside the array",
    );
    return this.output.put(bytes.dataStart + offset, length);
  }

  whenWritable(writer: ConsoleWriter): void {
    if (this.writer === null) hold();
    this.writer = writer;
    this.again = true;
  }

  read(reader: ConsoleReader): void {
    if (this.reader === null) hold();
    this.reader = reader;
    this.again = true;
  }

  readLines(reader: LineReader): void {
    this.read(new LineSplitter(reader, this.lineBytes));
  }

  stopReading(): void {
    if (this.reader === null) return;
    this.reader = null;
    release();
  }

  dispatch(now: i64): void {
    this.output.drain();
    this.again = false;
    if (isEnding()) return;
    const writer = this.writer;
    if (writer !== null && this.output.empty) {
      this.writer = null;
      release();
      writer.onWritable();
    }
    this.receive();
  }

  deadline(): i64 {
    // Asks for the next step when this one's share of input was used up, or a handler has just been set.
    return this.again ? 0 : i64.MAX_VALUE;
  }

  busy(): bool {
    return !this.output.empty;
  }

  private receive(): void {
    for (let reads = 0; reads < STEP_READS_MAX; reads++) {
      const reader = this.reader;
      if (reader === null || isEnding()) return;
      let input = this.input;
      if (input === null) {
        input = new Uint8Array(INPUT_BYTES);
        this.input = input;
      }
      const length = console_read(input.dataStart, INPUT_BYTES);
      if (length < 0) return;
      if (length == 0) {
        this.stopReading();
        reader.onEnd();
        return;
      }
      reader.onInput(input, length);
    }
    this.again = true;
  }
}
