/**
 * The console in straight lines.
 */
import { NO_DEADLINE } from "@phantasm/abi";
import { CLOSED, Console, ConsoleWriter, LineReader } from "@phantasm/interfaces";
import { Task, ready } from "@phantasm/runtime";
import { isInterrupted, wait } from "./fibre";
import { Mutex } from "./mutex";
import { WaitQueue } from "./wait";

/** Lines that arrived together and wait in the image, at most. */
const LINES_MAX: i32 = 64;

/**
 * Reads and writes lines of a console. Several fibres may: they take turns in the order of their calls.
 * The console must have no other reader.
 *
 * It reads only while a fibre waits for a line, so that input does not keep the domain alive longer.
 */
@final
export class Terminal {
  private readonly input: Input;
  private readonly output: Output;
  private readonly reading: Mutex = new Mutex("its turn to read from the console");
  private readonly writing: Mutex = new Mutex("its turn to write to the console");

  /** What the last `readLine` came to: 0, CLOSED (the end of input), CANCELLED or TIMED_OUT. */
  outcome: i32 = 0;

  constructor(console: Console) {
    this.input = new Input(console);
    this.output = new Output(console);
  }

  /** Waits for a line, without its line feed. Null: there is none, and `outcome` says why. */
  readLine(deadlineNs: i64 = NO_DEADLINE): string | null {
    let line: string | null = null;
    let outcome = this.reading.lock(deadlineNs);
    if (outcome == 0) {
      outcome = this.input.wait(deadlineNs);
      if (outcome == 0) line = this.input.take();
      this.reading.unlock();
    }
    this.outcome = outcome;
    return line;
  }

  /**
   * Waits until the console has room for a text, and hands it over as a whole. Returns 0; with CANCELLED
   * or TIMED_OUT nothing of it was written.
   */
  write(text: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    let outcome = this.writing.lock(deadlineNs);
    if (outcome != 0) return outcome;
    while (outcome == 0 && !this.output.console.write(text)) outcome = this.output.wait(deadlineNs);
    this.writing.unlock();
    return outcome;
  }

  /** `write` with a line feed. */
  writeLine(text: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    return this.write(text + "\n", deadlineNs);
  }
}

/** Lines on their way to the one fibre that reads. As a task it stops reading when none does. */
@final
class Input extends Task implements LineReader {
  private readonly lines: StaticArray<string> = new StaticArray<string>(LINES_MAX);
  private head: i32 = 0;
  private count: i32 = 0;
  private readonly reader: WaitQueue = new WaitQueue("a line from the console");
  private isReading: bool = false;
  private isReady: bool = false;
  private hasEnded: bool = false;

  constructor(private readonly console: Console) {
    super();
  }

  /** Waits for a line to take. Returns 0, CLOSED, CANCELLED or TIMED_OUT. */
  wait(deadlineNs: i64): i32 {
    if (!isInterrupted()) {
      if (this.count > 0) return 0;
      if (this.hasEnded) return CLOSED;
      this.start();
    }
    const outcome = wait(this.reader, deadlineNs);
    if (outcome != 0) this.stop();
    return outcome;
  }

  take(): string {
    const line = this.lines[this.head];
    unchecked((this.lines[this.head] = ""));
    this.head = (this.head + 1) % LINES_MAX;
    this.count--;
    return line;
  }

  onLine(line: string): void {
    this.lines[(this.head + this.count) % LINES_MAX] = line;
    this.count++;
    if (this.count == LINES_MAX) this.stop();
    this.reader.wake();
    if (this.isReady) return;
    // After the fibre that was woken: it may want another line.
    this.isReady = true;
    ready(this);
  }

  onEnd(): void {
    this.isReading = false;
    this.hasEnded = true;
    this.reader.wake(CLOSED);
  }

  performTask(): void {
    this.isReady = false;
    if (this.reader.isEmpty) this.stop();
  }

  private start(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.console.readLines(this);
  }

  private stop(): void {
    if (!this.isReading) return;
    this.isReading = false;
    this.console.stopReading();
  }
}


@final
class Output implements ConsoleWriter {
  private readonly writer: WaitQueue = new WaitQueue("room in the console");
  private hasAsked: bool = false;

  constructor(readonly console: Console) {}

  /** Waits until all that was written has gone. */
  wait(deadlineNs: i64): i32 {
    if (!this.hasAsked) {
      this.hasAsked = true;
      this.console.whenWritable(this);
    }
    return wait(this.writer, deadlineNs);
  }

  onWritable(): void {
    this.hasAsked = false;
    this.writer.wake();
  }
}
