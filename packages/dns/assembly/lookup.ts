import { IpAddress, NO_SUCH_NAME } from "@phantasm/interfaces";
import { Task, ready } from "@phantasm/runtime";
import { ADDRESS_BYTES } from "./answer";
import { Resolver } from "./resolver";

/** Which addresses are wanted. */
export enum Family {
  /** Those of all versions of IP that the resolver asks for. */
  ANY,
  IPV4,
  IPV6,
}

/** Told how a lookup went. */
export interface LookupHandler {
  /** It has ended: `lookup.error` is 0 and there are addresses, or it is negative. Called once, by the dispatcher. */
  onResolved(lookup: Lookup): void;
}

/** A name that is being looked up, and later what was found. */
@final
export class Lookup extends Task {
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;

  /**
   * 0; NO_SUCH_NAME: it does not exist, or has no such address; TIMED_OUT; NAME_SERVER_FAILED; NO_ROUTE: no name server
   * is known; REFUSED, UNREACHABLE: none can be reached; EXHAUSTED: too many questions or sockets are open.
   */
  error: i32 = 0;

  /** At least one if `error` is 0. IPv6 and IPv4 take turns, IPv6 first (RFC 8305 §4). */
  addresses: IpAddress[] = [];

  /** Questions that are still to be answered; for the resolver. */
  outstanding: i32 = 0;
  isOver: bool = false;

  private four: IpAddress[] = [];
  private six: IpAddress[] = [];

  constructor(
    private readonly resolver: Resolver,
    readonly name: string,
    private readonly handler: LookupHandler,
  ) {
    super();
  }

  /** The handler will not be called. Nothing happens if it has been. */
  cancel(): void {
    this.resolver.cancel(this);
  }

  /** For the resolver: one question has been answered, with an error or `count` addresses in memory. */
  answer(error: i32, addresses: usize, count: i32): void {
    // What is worth another try is worth more than that half of it does not exist.
    if (error != 0 && (this.error == 0 || this.error == NO_SUCH_NAME)) this.error = error;
    for (let index = 0; index < count; index++, addresses += ADDRESS_BYTES)
      this.add(new IpAddress(load<u64>(addresses), load<u64>(addresses, 8)));
    if (--this.outstanding == 0) ready(this);
  }

  /** For the resolver: an address that is known without asking. */
  add(address: IpAddress): void {
    if (address.isIpv4) this.four.push(address);
    else this.six.push(address);
  }

  performTask(): void {
    if (this.isOver) return;
    this.resolver.end(this);
    const four = this.four;
    const six = this.six;
    for (let index = 0; index < max(four.length, six.length); index++) {
      if (index < six.length) this.addresses.push(six[index]);
      if (index < four.length) this.addresses.push(four[index]);
    }
    if (this.addresses.length > 0) this.error = 0;
    this.handler.onResolved(this);
  }
}
