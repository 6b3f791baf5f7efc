import { Console } from "@phantasm/interfaces";

const CARRIAGE_RETURN: u8 = 13;
const LINE_FEED: u8 = 10;

/** Prints what arrives, from the empty line on that ends the headers. */
export class Page {
  /** Bytes of the current line so far. */
  private lineBytes: i32 = 0;
  private isBody: bool;

  constructor(
    private readonly console: Console,
    withHeaders: bool,
  ) {
    this.isBody = withHeaders;
  }

  take(bytes: Uint8Array, length: i32): void {
    let from = 0;
    for (; from < length && !this.isBody; from++) {
      if (bytes[from] == LINE_FEED) {
        this.isBody = this.lineBytes == 0;
        this.lineBytes = 0;
      } else if (bytes[from] != CARRIAGE_RETURN) this.lineBytes++;
    }
    // A console that is read slowly loses the rest: this is an example.
    if (from < length) this.console.writeBytes(bytes, from, length - from);
  }
}
