/**
 * Destinations whose path carries less than the link: path MTU discovery (RFC 1191). Pure, with time as a
 * parameter.
 */
import { MINUTE } from "@phantasm/interfaces";
import { KeyedHash } from "@phantasm/ip/hash";

/** RFC 1191 §6.3: after this long it may have become larger. */
const AGE_NS: i64 = 10 * MINUTE;

/**
 * What a forged message cannot push an MTU below: the size that every host takes in (RFC 791 §3.1). To a path that
 * really carries less, packets of this size go without "don't fragment".
 */
export const PATH_MTU_MIN: i32 = 576;


@final
export class Destination {
  address: u32 = 0;
  /** 0: none. */
  mtu: i32 = 0;
  untilNs: i64 = 0;
  /** The router said less than PATH_MTU_MIN: routers may cut. */
  mayBeCut: bool = false;
}


@final
export class Destinations {
  /** Each is made when it is needed. */
  private readonly places: StaticArray<Destination | null>;

  constructor(
    capacity: i32,
    private readonly hash: KeyedHash,
  ) {
    this.places = new StaticArray<Destination | null>(capacity);
  }

  /** What is known of a destination; null: nothing. */
  find(address: u32, nowNs: i64): Destination | null {
    const place = unchecked(this.places[this.placeOf(address)]);
    return place !== null && place.address == address && place.untilNs > nowNs ? place : null;
  }

  /** A router has said that `mtu` bytes is what it passes on. */
  learn(address: u32, mtu: i32, nowNs: i64): void {
    this.put(address, max(mtu, PATH_MTU_MIN), nowNs + AGE_NS, mtu < PATH_MTU_MIN);
  }

  /** Takes `learn` back. */
  restore(address: u32, mtu: i32, untilNs: i64, mayBeCut: bool): void {
    this.put(address, mtu, untilNs, mayBeCut);
  }

  private put(address: u32, mtu: i32, untilNs: i64, mayBeCut: bool): void {
    const at = this.placeOf(address);
    let place = this.places[at];
    if (place === null) {
      place = new Destination();
      this.places[at] = place;
    }
    place.address = address;
    place.mtu = mtu;
    place.untilNs = untilNs;
    place.mayBeCut = mayBeCut;
  }

  private placeOf(address: u32): i32 {
    return this.hash.of(address, 0) & (this.places.length - 1);
  }
}

/** RFC 1191 §7: what a router that does not say its MTU probably has, when it refused `bytes` bytes. */
export function plateauBelow(bytes: i32): i32 {
  if (bytes > 32000) return 32000;
  if (bytes > 17914) return 17914;
  if (bytes > 8166) return 8166;
  if (bytes > 4352) return 4352;
  if (bytes > 2002) return 2002;
  if (bytes > 1492) return 1492;
  if (bytes > 1006) return 1006;
  return PATH_MTU_MIN;
}
