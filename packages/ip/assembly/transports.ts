/** Who gets the packets of which protocol. */
import { TransportHandler } from "@phantasm/interfaces";

/** TCP, UDP, and two that nobody has thought of yet. */
const TRANSPORTS_MAX: i32 = 4;


@final
export class Transports {
  private readonly protocols: StaticArray<u8> = new StaticArray<u8>(TRANSPORTS_MAX);
  private readonly handlers: StaticArray<TransportHandler | null> =
    new StaticArray<TransportHandler | null>(TRANSPORTS_MAX);
  private count: i32 = 0;

  /** One for each protocol, and at most four. */
  register(protocol: u8, handler: TransportHandler): void {
    assert(
      this.count < TRANSPORTS_MAX && this.find(protocol) === null,
      "ip: a protocol twice, or more than four",
    );
    this.protocols[this.count] = protocol;
    this.handlers[this.count] = handler;
    this.count++;
  }

  find(protocol: u8): TransportHandler | null {
    for (let at = 0, count = this.count; at < count; at++)
      if (unchecked(this.protocols[at]) == protocol) return unchecked(this.handlers[at]);
    return null;
  }

  addressLost(high: u64, low: u64): void {
    for (let at = 0; at < this.count; at++)
      changetype<TransportHandler>(this.handlers[at]).onAddressLost(high, low);
  }
}
