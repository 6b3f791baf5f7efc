import { Console, ConsoleReader, ConsoleWriter, LineReader } from "@phantasm/interfaces";
import { Source, addSource } from "@phantasm/runtime";
import { ConsoleInput } from "./input";
import { OutputQueue } from "./output";
import { OutputWaiters } from "./waiters";

/** The console over the hypercalls console_write and console_read. */
export class HostConsole extends Source implements Console {
  private readonly output: OutputQueue;
  /**
   * An OutputWaiters and a ConsoleInput, once they are needed. Their types are not named here: an image
   * that only writes would then carry both.
   */
  private waiters: Source | null = null;
  private input: Source | null = null;

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
    const bytes = String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE);
    return this.output.putWhole(changetype<usize>(bytes), bytes.byteLength);
  }

  writeLine(text: string): bool {
    return this.write(text + "\n");
  }

  writeBytes(bytes: Uint8Array, offset: i32, length: i32): i32 {
    assert(
      offset >= 0 && length >= 0 && offset <= bytes.length - length,
      "console: writeBytes beyond the array",
    );
    return this.output.put(bytes.dataStart + offset, length);
  }

  whenWritable(writer: ConsoleWriter): void {
    let waiters = this.waiters;
    if (waiters === null) {
      waiters = new OutputWaiters(this.output);
      this.waiters = waiters;
      addSource(waiters);
    }
    changetype<OutputWaiters>(waiters).add(writer);
  }

  read(reader: ConsoleReader): void {
    this.reading().read(reader);
  }

  readLines(reader: LineReader): void {
    this.reading().readLines(reader);
  }

  stopReading(): void {
    const input = this.input;
    if (input !== null) changetype<ConsoleInput>(input).stop();
  }

  dispatch(now: i64): void {
    this.output.drain();
  }

  busy(): bool {
    return !this.output.empty;
  }

  private reading(): ConsoleInput {
    let input = this.input;
    if (input === null) {
      input = new ConsoleInput(this.lineBytes);
      this.input = input;
      addSource(input);
    }
    return changetype<ConsoleInput>(input);
  }
}
