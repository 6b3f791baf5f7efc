import { NO_DEADLINE } from "@phantasm/abi";
import { ConsoleWriter } from "@phantasm/interfaces";
import { Source, Waiters, isEnding } from "@phantasm/runtime";
import { OutputQueue } from "./output";

/** Those who want to be told that all output has gone to the host. */
export class OutputWaiters extends Source {
  private readonly waiters: Waiters<ConsoleWriter> = new Waiters<ConsoleWriter>();
  private again: bool = false;

  constructor(private readonly output: OutputQueue) {
    super();
  }

  add(writer: ConsoleWriter): void {
    this.waiters.add(writer);
    this.again = true;
  }

  dispatch(now: i64): void {
    this.again = false;
    this.output.drain();
    for (let count = this.waiters.count; count > 0 && this.output.empty && !isEnding(); count--)
      this.waiters.take().onWritable();
  }

  deadline(): i64 {
    return this.again ? 0 : NO_DEADLINE;
  }
}
