/**
 * Where answers are composed, so that those of pipelined requests leave in one write. One for all connections:
 * what is in it belongs to the connection whose turn it is, and goes to it before another has its turn.
 */
import { putNumber, putText, putUtf8 } from "../wire/characters";


@final
export class Output {
  readonly start: usize;
  readonly end: usize;
  /** Behind the last byte. */
  at: usize;

  constructor(bytes: i32) {
    this.start = heap.alloc(<usize>bytes);
    this.end = this.start + <usize>bytes;
    this.at = this.start;
  }

  // @ts-ignore: decorator
  @inline
  get used(): i32 {
    return <i32>(this.at - this.start);
  }

  // @ts-ignore: decorator
  @inline
  get room(): i32 {
    return <i32>(this.end - this.at);
  }

  /** Copies; there must be room, as for all that follow. */
  // @ts-ignore: decorator
  @inline
  put(from: usize, bytes: i32): void {
    memory.copy(this.at, from, <usize>bytes);
    this.at += <usize>bytes;
  }

  /** ASCII. */
  text(text: string): void {
    this.at = putText(this.at, text);
  }

  utf8(text: string): void {
    this.at = putUtf8(this.at, text);
  }

  number(value: u64): void {
    this.at = putNumber(this.at, value);
  }
}
