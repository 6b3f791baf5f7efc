/**
 * The addresses of this host: where they come from, whether somebody else has them, and how long they are good for
 * (RFC 4862, RFC 7217).
 *
 *     TENTATIVE ──nobody objects──▶ VALID ──lifetime is over──▶ FREE
 *         └──somebody has it──▶ another identifier, at most three times, else DUPLICATE
 */
import { HOUR, MILLISECOND, Random, SECOND } from "@phantasm/interfaces";
import { stableIdentifier } from "./identifier";
import { rawMemory } from "./raw";
import { LINK_LOCAL_HIGH, isGroup, isLinkLocal, solicitedLow } from "./wire";

/** Addresses at once, the link-local one included; of these, autoconfigured ones leave some to the configuration. */
export const ADDRESSES_MAX: i32 = 12;
const AUTOMATIC_MAX: i32 = 8;

/**
 * RFC 4862 §5.4.2 wants up to a second before the first solicitation, lest a building full of hosts that get
 * power back speak at once. Domains boot one by one, in milliseconds; a tenth keeps those of a script apart.
 */
const START_DELAY_MS: u32 = 100;

/** RFC 7217 §7. */
const IDGEN_RETRIES: i32 = 3;
const IDGEN_DELAY_MS: u32 = 1000;

const TWO_HOURS_NS: i64 = 2 * HOUR;
/** Lifetimes are seconds; this one is for ever (RFC 4861 §4.6.2). */
const INFINITE: u32 = 0xffff_ffff;

const NEVER: i64 = i64.MAX_VALUE;

/** When a lifetime in seconds that begins now ends. */
export function endOf(seconds: u32, nowNs: i64): i64 {
  return seconds == INFINITE ? NEVER : nowNs + <i64>seconds * SECOND;
}

export namespace AddressState {
  export const FREE: i32 = 0;
  /** It may be somebody else's: nothing is sent from it, and only discovery is heard. */
  export const TENTATIVE: i32 = 1;
  export const VALID: i32 = 2;
  /** Somebody else has it. Kept, so that nobody configures it again. */
  export const DUPLICATE: i32 = 3;
}

/** An entry of the table: raw memory. */
@unmanaged
export class Address {
  high: u64;
  low: u64;
  /** After this it is deprecated: no longer chosen for something new. */
  preferredUntilNs: i64;
  validUntilNs: i64;
  /** While tentative: when to ask, or to be sure. */
  dueNs: i64;
  /** Bits of its network. */
  prefixLength: i32;
  state: i32;
  /** Solicitations sent. */
  probes: i32;
  /** Identifiers of this prefix that were duplicates. */
  duplicates: i32;
  /** Made here from a prefix: another one can be made. */
  isAutomatic: bool;

  isDeprecated(nowNs: i64): bool {
    return this.preferredUntilNs <= nowNs;
  }
}

export interface AddressOutput {
  /** Its solicited-node group is heard from now on. */
  listen(address: Address): void;
  /** And no longer. */
  ignore(address: Address): void;
  /** Ask whether somebody has it. */
  probe(address: Address): void;
  /** It may be used. */
  usable(address: Address): void;
  /** It was usable, and is no more. */
  lost(address: Address): void;
  /** Somebody else has it, and another one cannot be made. */
  duplicate(address: Address): void;
}


@final
export class Addresses {
  /** Not after the first due. */
  dueNs: i64 = NEVER;
  /** Solicitations without an answer after which an address is ours; 0: it is ours at once (RFC 4862 §5.1). */
  probesMax: i32 = 1;
  /** Between them, and after the last. */
  retransmitNs: i64 = SECOND;
  /** Identifiers that somebody else had. */
  duplicates: u64 = 0;
  /** Somebody advertises one that is ours and in use. */
  conflicts: u64 = 0;
  /** Addresses that found no room. */
  refused: u64 = 0;
  private readonly first: usize = rawMemory(ADDRESSES_MAX * offsetof<Address>());
  /** Set by its owner before anything else. */
  owner: AddressOutput | null = null;
  private automatic: i32 = 0;

  /** @param keyHigh and `keyLow`: the secret that makes identifiers; the same secret, the same addresses */
  constructor(
    private readonly random: Random,
    private readonly keyHigh: u64,
    private readonly keyLow: u64,
  ) {}

  /** The entry with that number, 0 to ADDRESSES_MAX - 1; it may be free. */
  // @ts-ignore: decorator
  @inline
  at(index: i32): Address {
    return changetype<Address>(this.first + index * offsetof<Address>());
  }

  // @ts-ignore: decorator
  @inline
  private get output(): AddressOutput {
    return changetype<AddressOutput>(this.owner);
  }

  find(high: u64, low: u64): Address | null {
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = this.at(i);
      if (address.low == low && address.high == high && address.state != AddressState.FREE)
        return address;
    }
    return null;
  }

  /** True if it may be used. */
  has(high: u64, low: u64): bool {
    const address = this.find(high, low);
    return address !== null && address.state == AddressState.VALID;
  }

  /** Is there an address, tentative ones included, that listens to this solicited-node group? */
  listens(groupLow: u64): bool {
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = this.at(i);
      const state = address.state;
      if (state != AddressState.FREE && state != AddressState.DUPLICATE)
        if (solicitedLow(address.low) == groupLow) return true;
    }
    return false;
  }

  /** The address that may be used on this link, or null while it is tentative. */
  linkLocal(): Address | null {
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = this.at(i);
      if (address.state == AddressState.VALID && isLinkLocal(address.high)) return address;
    }
    return null;
  }

  /** Adds one of the configuration; it never expires. */
  addStatic(high: u64, low: u64, prefixLength: i32, nowNs: i64): void {
    const address = this.place(false);
    if (address === null || this.find(high, low) !== null) return;
    address.high = high;
    address.low = low;
    address.prefixLength = prefixLength;
    this.begin(address, nowNs, this.startDelay());
  }

  /** Adds the link-local address (RFC 4862 §5.3). */
  addLinkLocal(nowNs: i64): void {
    this.addAutomatic(LINK_LOCAL_HIGH, NEVER, NEVER, nowNs);
  }

  /** A router advertises a prefix for autoconfiguration (RFC 4862 §5.5.3); lifetimes in seconds. */
  advertised(high: u64, length: i32, preferred: u32, valid: u32, nowNs: i64): void {
    if (isLinkLocal(high) || isGroup(high) || preferred > valid || length != 64) return;
    const preferredUntilNs = endOf(preferred, nowNs);
    const validUntilNs = endOf(valid, nowNs);
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = this.at(i);
      if (address.state == AddressState.FREE || !address.isAutomatic || address.high != high)
        continue;
      address.preferredUntilNs = preferredUntilNs;
      // (e): nobody takes an address away at once by a forged lifetime.
      if (validUntilNs > nowNs + TWO_HOURS_NS || validUntilNs > address.validUntilNs)
        address.validUntilNs = validUntilNs;
      else if (address.validUntilNs > nowNs + TWO_HOURS_NS)
        address.validUntilNs = nowNs + TWO_HOURS_NS;
      this.dueNs = min(this.dueNs, address.validUntilNs);
      return;
    }
    if (valid != 0) this.addAutomatic(high, preferredUntilNs, validUntilNs, nowNs);
  }

  /** Somebody else probes for a tentative address, or advertises it (RFC 4862 §5.4.3, §5.4.4). */
  objected(address: Address, nowNs: i64): void {
    if (address.state == AddressState.VALID) this.conflicts++;
    if (address.state != AddressState.TENTATIVE) return;
    this.duplicates++;
    this.output.ignore(address);
    if (address.isAutomatic && address.duplicates < IDGEN_RETRIES) {
      // RFC 7217 §6: the next identifier, after a while that is not the same for two who meet again and again.
      address.duplicates++;
      address.low = this.identifier(address);
      this.begin(address, nowNs, <i64>this.random.below(IDGEN_DELAY_MS) * MILLISECOND);
    } else {
      address.state = AddressState.DUPLICATE;
      address.dueNs = NEVER;
      this.output.duplicate(address);
    }
  }

  /** Does what is due at `nowNs`, and finds out when to be called again. */
  expire(nowNs: i64): void {
    if (nowNs < this.dueNs) return;
    this.dueNs = NEVER;
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = this.at(i);
      if (address.state == AddressState.FREE) continue;
      if (address.validUntilNs <= nowNs) this.remove(address);
      else if (address.dueNs <= nowNs) this.advance(address, nowNs);
      if (address.state != AddressState.FREE)
        this.dueNs = min(this.dueNs, min(address.dueNs, address.validUntilNs));
    }
  }

  private advance(address: Address, nowNs: i64): void {
    if (address.probes < this.probesMax) {
      address.probes++;
      address.dueNs = nowNs + this.retransmitNs;
      this.output.probe(address);
    } else {
      address.state = AddressState.VALID;
      address.dueNs = NEVER;
      this.output.usable(address);
    }
  }

  /** Gives one up, tentative or not. */
  remove(address: Address): void {
    const state = address.state;
    address.state = AddressState.FREE;
    if (address.isAutomatic) this.automatic--;
    if (state != AddressState.DUPLICATE) this.output.ignore(address);
    if (state == AddressState.VALID) this.output.lost(address);
  }

  private addAutomatic(high: u64, preferredUntilNs: i64, validUntilNs: i64, nowNs: i64): void {
    const address = this.place(true);
    if (address === null) return;
    address.high = high;
    address.prefixLength = 64;
    address.isAutomatic = true;
    address.preferredUntilNs = preferredUntilNs;
    address.validUntilNs = validUntilNs;
    address.low = this.identifier(address);
    this.automatic++;
    this.dueNs = min(this.dueNs, validUntilNs);
    this.begin(address, nowNs, this.startDelay());
  }

  private begin(address: Address, nowNs: i64, delayNs: i64): void {
    address.state = AddressState.TENTATIVE;
    address.probes = 0;
    address.dueNs = nowNs + delayNs;
    this.dueNs = min(this.dueNs, address.dueNs);
    this.output.listen(address);
  }

  private startDelay(): i64 {
    return this.probesMax == 0 ? 0 : <i64>this.random.below(START_DELAY_MS) * MILLISECOND;
  }

  private identifier(address: Address): u64 {
    return stableIdentifier(address.high, address.duplicates, this.keyHigh, this.keyLow);
  }

  /** A free entry, as new; null: no more. */
  private place(isAutomatic: bool): Address | null {
    if (!isAutomatic || this.automatic < AUTOMATIC_MAX) {
      for (let i = 0; i < ADDRESSES_MAX; i++) {
        const address = this.at(i);
        if (address.state != AddressState.FREE) continue;
        address.isAutomatic = false;
        address.preferredUntilNs = NEVER;
        address.validUntilNs = NEVER;
        address.duplicates = 0;
        return address;
      }
    }
    this.refused++;
    return null;
  }
}
