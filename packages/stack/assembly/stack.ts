/**
 * A TCP/IP stack over one link, as an application sees it. An application with two networks has two.
 *
 * What is not used is not in the image: `tcp`, `names` and `dial` are made when they are first reached, and an
 * application that never reaches them links none of them.
 */
import { HappyEyeballs, Resolver } from "@phantasm/dns";
import { Ip, IpAddress, Tcp, Udp } from "@phantasm/interfaces";
import { PingHandler, Pinger } from "./ping";

/** Told that there is an address to send from. */
export interface StackWaiter {
  onStackUp(stack: Stack): void;
}

/** Told of every change of addresses. */
export interface AddressHandler {
  /** It may be used from now on. */
  onAddress(address: IpAddress): void;

  /** It must not be used any more; connections that used it have ended with ADDRESS_LOST. */
  onAddressGone(address: IpAddress): void;
}

export interface Stack {
  readonly udp: Udp;
  readonly tcp: Tcp;
  /** The network layer itself, for modules. */
  readonly ip: Ip;

  /** Addresses of names. */
  readonly names: Resolver;

  /** Connections to names: the first address that answers (RFC 8305). */
  readonly dial: HappyEyeballs;

  /** There is an address other hosts can answer to; link-local ones do not count. */
  readonly isUp: bool;

  /** Addresses that may be used, link-local ones included. */
  readonly addresses: IpAddress[];

  /** Calls back once, as soon as it is up: in a later step, also when it is up already. Keeps the domain alive. */
  whenUp(waiter: StackWaiter): void;

  /** The waiter is not called any more. Nothing happens if it has been. */
  forget(waiter: StackWaiter): void;

  /** Echo requests to a host, as `ping` sends them; one host of each version at a time. Null: not this version. */
  ping(remote: IpAddress, handler: PingHandler): Pinger | null;

  /** One handler; it is told at once of the addresses that there are. */
  watchAddresses(handler: AddressHandler): void;
}
