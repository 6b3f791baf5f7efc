import { Console, ConsoleReader, ConsoleWriter, LineReader } from "@phantasm/interfaces";

const LINE_FEED: u8 = 0x0a;

/** Puts a prefix in front of every line of output; input passes unchanged. */
export class PrefixedConsole implements Console {
  private lineBegins: bool = true;

  constructor(
    private readonly prefix: string,
    private readonly target: Console,
  ) {}

  write(text: string): bool {
    if (text.length == 0) return true;
    if (!this.target.write(this.mark(text))) return false;
    this.lineBegins = text.endsWith("\n");
    return true;
  }

  writeLine(text: string): bool {
    return this.write(text + "\n");
  }

  writeBytes(bytes: Uint8Array, offset: i32, length: i32): i32 {
    let taken = 0;
    while (taken < length && this.begin()) {
      const start = offset + taken;
      const feed = bytes.indexOf(LINE_FEED, start);
      const end = feed < 0 || feed >= offset + length ? offset + length : feed + 1;
      const accepted = this.target.writeBytes(bytes, start, end - start);
      taken += accepted;
      if (accepted < end - start) break;
      this.lineBegins = bytes[end - 1] == LINE_FEED;
    }
    return taken;
  }

  whenWritable(writer: ConsoleWriter): void {
    this.target.whenWritable(writer);
  }

  read(reader: ConsoleReader): void {
    this.target.read(reader);
  }

  readLines(reader: LineReader): void {
    this.target.readLines(reader);
  }

  stopReading(): void {
    this.target.stopReading();
  }

  /** Writes the prefix if a line begins. False: no room for it. */
  private begin(): bool {
    if (!this.lineBegins) return true;
    if (!this.target.write(this.prefix)) return false;
    this.lineBegins = false;
    return true;
  }

  private mark(text: string): string {
    let marked = this.lineBegins ? this.prefix : "";
    let start = 0;
    let feed = text.indexOf("\n");
    // A line feed at the end begins no line yet.
    while (feed >= 0 && feed < text.length - 1) {
      marked += text.substring(start, feed + 1) + this.prefix;
      start = feed + 1;
      feed = text.indexOf("\n", start);
    }
    return marked + text.substring(start);
  }
}
