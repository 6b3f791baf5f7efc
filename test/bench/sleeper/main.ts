import { LineReader } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** Says hello and then waits for input that never comes. */
class Waiter implements LineReader {
  onLine(line: string): void {}
  onEnd(): void {}
}

export function main(os: Devices): void {
  os.console.writeLine("Hello");
  os.console.readLines(new Waiter());
}
