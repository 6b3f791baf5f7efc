import { Console, ConsoleReader } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

const LINE_FEED: u8 = 0x0a;

/** Blank, tab, line feed, vertical tab, form feed, carriage return: `isspace` of the C locale. */
function isSpace(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Not a space, and visible. As for GNU `wc`, a word has at least one of these. */
function isGraphic(byte: u8): bool {
  return byte > 0x20 && byte < 0x7f;
}

/** Counts what comes, and prints the sums at the end of input. */
class Counter implements ConsoleReader {
  private lines: u64 = 0;
  private words: u64 = 0;
  private bytes: u64 = 0;
  private inWord: bool = false;

  constructor(private readonly console: Console) {}

  onInput(bytes: Uint8Array, length: i32): void {
    for (let i = 0; i < length; i++) {
      const byte = unchecked(bytes[i]);
      if (byte == LINE_FEED) this.lines++;
      if (isSpace(byte)) {
        this.inWord = false;
      } else if (isGraphic(byte) && !this.inWord) {
        this.inWord = true;
        this.words++;
      }
    }
    this.bytes += length;
  }

  onEnd(): void {
    this.console.writeLine(`${this.lines} ${this.words} ${this.bytes}`);
  }
}

export function main(os: Devices): void {
  os.console.read(new Counter(os.console));
}
