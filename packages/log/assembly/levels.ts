import { LogLevel } from "@phantasm/interfaces";

/** The level with that name, or -1. */
export function levelOf(name: string): i32 {
  if (name == "off") return LogLevel.OFF;
  if (name == "error") return LogLevel.ERROR;
  if (name == "warning") return LogLevel.WARNING;
  if (name == "info") return LogLevel.INFO;
  if (name == "debug") return LogLevel.DEBUG;
  return -1;
}

export function nameOf(level: i32): string {
  if (level == LogLevel.ERROR) return "error";
  if (level == LogLevel.WARNING) return "warning";
  if (level == LogLevel.INFO) return "info";
  return level == LogLevel.DEBUG ? "debug" : "off";
}

/** What the operator said about levels: `warning,dns=debug`. Of two that say the same thing, the later counts. */
export class Levels {
  /** What is wrong with the text, or null. */
  readonly problem: string | null;
  /** The loudest level in the text. */
  readonly loudest: i32;
  private readonly others: i32;
  private readonly names: string[] = [];
  private readonly levels: i32[] = [];

  constructor(text: string) {
    let problem: string | null = null;
    let others = LogLevel.OFF;
    let loudest = LogLevel.OFF;
    const items = text.split(",");
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      const equals = item.indexOf("=");
      const level = levelOf(item.substring(equals + 1));
      if (level < 0 || equals == 0) {
        problem = `"${item}" is neither LEVEL nor SOURCE=LEVEL`;
        break;
      }
      loudest = max(loudest, level);
      if (equals < 0) {
        others = level;
      } else {
        this.names.push(item.substring(0, equals));
        this.levels.push(level);
      }
    }
    this.problem = problem;
    this.others = others;
    this.loudest = loudest;
  }

  /** The level of a source. */
  of(source: string): i32 {
    for (let i = this.names.length - 1; i >= 0; i--)
      if (this.names[i] == source) return this.levels[i];
    return this.others;
  }
}
