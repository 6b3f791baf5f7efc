/** What benchmarks of the network's layers are measured on: a link that costs nothing. */
import { FrameHandler, Link, LinkCounters, LinkWaiter } from "@phantasm/interfaces";

/** Takes everything, and delivers what the benchmark hands to its `handler`. */
@final
export class Nothing implements Link {
  readonly address: Uint8Array = new Uint8Array(6);
  readonly sums: LinkCounters = new LinkCounters();
  handler: FrameHandler | null = null;

  /** @param offloads bits of NetFeature */
  constructor(private readonly offloads: u32 = 0) {}

  get mac(): Uint8Array {
    return this.address;
  }
  get mtu(): i32 {
    return 1500;
  }
  get features(): u32 {
    return this.offloads;
  }
  get counters(): LinkCounters {
    return this.sums;
  }
  send(buffer: Uint8Array, offset: i32, length: i32): i32 {
    this.sums.sentFrames++;
    return 0;
  }
  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32 {
    this.sums.sentFrames++;
    return 0;
  }
  receive(handler: FrameHandler): void {
    this.handler = handler;
  }
  background(): void {}
  stop(): void {}
  whenReady(waiter: LinkWaiter): void {}
}

/** Writes 16 bits in the order of the network. */
export function put16(at: usize, value: u32): void {
  store<u16>(at, bswap(<u16>value));
}
