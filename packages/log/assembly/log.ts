import { Console, LOG_LEVEL_MAX, Log, LogLevel, LogSink, Logger } from "@phantasm/interfaces";
import { Source, addSource, fail, now } from "@phantasm/runtime";
import { Levels, nameOf } from "./levels";
import { escapeControls, timestamp } from "./line";

/** Loggers write to a console. What finds no room there is dropped, counted, and reported once there is room. */
export class ConsoleLog extends Source implements Log, LogSink {
  private readonly levels: Levels;
  /** Lines dropped since the last report. */
  private dropped: u32 = 0;

  /** @param text boot argument: `LEVEL` and `SOURCE=LEVEL`, separated by commas */
  constructor(
    private readonly console: Console,
    text: string,
  ) {
    super();
    const levels = new Levels(text);
    this.levels = levels;
    const problem = levels.problem;
    if (problem !== null)
      fail(
        `argument log: ${problem}. Levels: off, error, warning, info, debug. Example: --log warning,dns=debug`,
        null,
        0,
        0,
      );
    addSource(this);
    if (levels.loudest > LOG_LEVEL_MAX)
      this.put(LogLevel.WARNING, "log", `this image has no lines above ${nameOf(LOG_LEVEL_MAX)}`);
  }

  source(name: string): Logger {
    return new Logger(name, this, this.levels.of(name));
  }

  put(level: i32, source: string, text: string): void {
    if (this.dropped > 0 && !this.report()) {
      this.dropped++;
      return;
    }
    if (!this.write(level, source, escapeControls(text))) this.dropped++;
  }

  dispatch(now: i64): void {
    if (this.dropped > 0) this.report();
  }

  /** The domain does not end before the number of dropped lines is told. */
  busy(): bool {
    return this.dropped > 0;
  }

  private report(): bool {
    const lines = this.dropped == 1 ? "1 line" : `${this.dropped} lines`;
    if (!this.write(LogLevel.WARNING, "log", `${lines} dropped, output was too slow`)) return false;
    this.dropped = 0;
    return true;
  }

  private write(level: i32, source: string, text: string): bool {
    return this.console.writeLine(`${timestamp(now())} ${source} ${nameOf(level)}: ${text}`);
  }
}
