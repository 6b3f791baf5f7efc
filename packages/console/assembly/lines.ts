import { ConsoleReader, LineReader } from "@phantasm/interfaces";

const LINE_FEED: u8 = 0x0a;

/** Cuts a stream of bytes into lines of UTF-8, with a limit on their length. */
export class LineSplitter implements ConsoleReader {
  private pending: StaticArray<u8>;
  private length: i32 = 0;

  /** @param bytesMax longest line, without its line feed */
  constructor(
    private readonly reader: LineReader,
    private readonly bytesMax: i32,
  ) {
    this.pending = new StaticArray<u8>(min(256, bytesMax));
  }

  onInput(bytes: Uint8Array, length: i32): void {
    const address = bytes.dataStart;
    let start = 0;
    for (let i = 0; i < length; i++) {
      if (load<u8>(address + i) != LINE_FEED) continue;
      if (this.length == 0) {
        assert(i - start <= this.bytesMax, "console input: a line is longer than lineBytes");
        this.reader.onLine(String.UTF8.decodeUnsafe(address + start, i - start));
      } else {
        this.keep(address + start, i - start);
        this.flush();
      }
      start = i + 1;
    }
    this.keep(address + start, length - start);
  }

  onEnd(): void {
    if (this.length > 0) this.flush();
    this.reader.onEnd();
  }

  private flush(): void {
    const line = String.UTF8.decodeUnsafe(changetype<usize>(this.pending), this.length);
    this.length = 0;
    this.reader.onLine(line);
  }

  private keep(address: usize, length: i32): void {
    const total = this.length + length;
    assert(total <= this.bytesMax, "console input: a line is longer than lineBytes");
    if (total > this.pending.length) {
      const grown = new StaticArray<u8>(min(this.bytesMax, max(total, this.pending.length * 2)));
      memory.copy(changetype<usize>(grown), changetype<usize>(this.pending), this.length);
      this.pending = grown;
    }
    memory.copy(changetype<usize>(this.pending) + this.length, address, length);
    this.length = total;
  }
}
