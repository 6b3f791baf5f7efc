/** Numbers of directories and contents: each is given out once, also across crashes. */
import { Batch } from "@phantasm/interfaces";
import { Header } from "./format";

/** Numbers that one write of the header reserves. */
const RESERVED: u64 = 64;


@final
export class Numbers {
  readonly header: Header = new Header();
  /** The next one. */
  private next: u64 = 0;
  /** Below this, the store knows that they may be in use. */
  private known: u64 = 0;

  constructor(private readonly key: Uint8Array) {}

  /** Begins where the header says. */
  begin(): void {
    this.next = this.header.nextNumber;
    this.known = this.header.nextNumber;
  }

  /**
   * Gives out a number to whoever commits this batch next. Until a batch that reserves it has gone well, each
   * one reserves for itself: the one before may fail.
   */
  take(batch: Batch): u64 {
    const number = this.next++;
    if (number >= this.known) {
      this.header.nextNumber = number + RESERVED;
      batch.put(this.key, this.header.encode());
    }
    return number;
  }

  /** The batch of this number has gone well. */
  taken(number: u64): void {
    if (number >= this.known) this.known = number + RESERVED;
  }
}
