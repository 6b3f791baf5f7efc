import { Console, LineReader } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** Answers each line with its number and its length. */
class Answer implements LineReader {
  private lines: i32 = 0;

  constructor(private readonly console: Console) {}

  onLine(line: string): void {
    this.lines++;
    const number = this.lines.toString();
    const length = line.length.toString();
    this.console.writeLine(number + ": " + length + " characters");
  }

  onEnd(): void {
    this.console.writeLine(this.lines.toString() + " lines. Goodbye.");
  }
}

export function main(os: Devices): void {
  os.console.writeLine("Type some lines, then Ctrl-D.");
  os.console.readLines(new Answer(os.console));
}
