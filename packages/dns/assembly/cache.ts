/**
 * What is known of names, for as long as it may be believed: addresses, or that there are none.
 *
 * A table of sets of eight entries; a name belongs to one set, by a hash with a secret, so that nobody can aim at one.
 * When its set is full, an entry goes that has expired, else the one that was not asked for longest.
 *
 * ```
 *   0  u64 hash      8  i64 expiresNs    16  i64 usedNs
 *  24  u32 type     28  u8 nameBytes, u8 count
 *  32  name         296  addresses
 * ```
 */
import { Random, SECOND } from "@phantasm/interfaces";
import { ADDRESSES_MAX, ADDRESS_BYTES } from "./answer";
import { NAME_BUFFER_BYTES, equalNames, hashName } from "./wire";

const WAYS: i32 = 8;
const NAME_AT: usize = 32;
const ADDRESSES_AT: usize = NAME_AT + NAME_BUFFER_BYTES;
const ENTRY_BYTES: usize = ADDRESSES_AT + ADDRESSES_MAX * ADDRESS_BYTES;

/** An answer is not believed for longer, unless set (RFC 8767 §4 names a day as a common limit). */
export const TTL_SECONDS_MAX: u32 = 86_400;
/** Nor that there is none (RFC 2308 §5 would allow three hours): names are usually made soon after they are missed. */
export const NEGATIVE_TTL_SECONDS_MAX: u32 = 900;

export class Cache {
  hits: u64 = 0;
  misses: u64 = 0;
  /** Entries that had to go before they expired. */
  evictions: u64 = 0;

  /** Answers that may be kept at all are kept at least so long: spares a server whose times are short. */
  ttlSecondsMin: u32 = 0;
  /** And at most so long. */
  ttlSecondsMax: u32 = TTL_SECONDS_MAX;

  private readonly entries: usize;
  private readonly sets: u32;
  private key0: u64 = 0;
  private key1: u64 = 0;

  /** @param entries rounded up to a multiple of eight; each takes 424 bytes, now and for good. 0: nothing is kept */
  constructor(
    private readonly random: Random,
    entries: i32,
  ) {
    this.sets = (entries + WAYS - 1) / WAYS;
    this.entries = heap.alloc(<usize>this.sets * WAYS * ENTRY_BYTES);
    this.clear();
  }

  /** Forgets everything. */
  clear(): void {
    this.key0 = this.random.u64();
    this.key1 = this.random.u64();
    memory.fill(this.entries, 0, <usize>this.sets * WAYS * ENTRY_BYTES);
  }

  /** The entry of a name, for `countOf` and `addressesOf`, valid until the next `put`; 0: nothing is known. */
  find(name: usize, nameBytes: i32, type: i32, nowNs: i64): usize {
    const entry = this.sets > 0 ? this.lookUp(name, nameBytes, type) : 0;
    if (entry == 0 || load<i64>(entry, 8) <= nowNs) {
      this.misses++;
      return 0;
    }
    this.hits++;
    store<i64>(entry, nowNs, 16);
    return entry;
  }

  /**
   * Keeps `count` addresses for a name, or with 0 that there are none, for `ttl` seconds; not at all if that is 0.
   */
  put(
    name: usize,
    nameBytes: i32,
    type: i32,
    addresses: usize,
    count: i32,
    ttl: u32,
    nowNs: i64,
  ): void {
    if (ttl == 0 || this.sets == 0) return;
    const mostSeconds = this.ttlSecondsMax;
    ttl = min(
      max(ttl, this.ttlSecondsMin),
      count > 0 ? mostSeconds : min(mostSeconds, NEGATIVE_TTL_SECONDS_MAX),
    );
    let entry = this.lookUp(name, nameBytes, type);
    if (entry == 0) entry = this.vacate(hashName(name, nameBytes, this.key0, this.key1), nowNs);
    store<u64>(entry, hashName(name, nameBytes, this.key0, this.key1));
    store<i64>(entry, nowNs + <i64>ttl * SECOND, 8);
    store<i64>(entry, nowNs, 16);
    store<u32>(entry, type, 24);
    store<u8>(entry, <u8>nameBytes, 28);
    store<u8>(entry, <u8>count, 29);
    memory.copy(entry + NAME_AT, name, nameBytes);
    memory.copy(entry + ADDRESSES_AT, addresses, count * ADDRESS_BYTES);
  }

  countOf(entry: usize): i32 {
    return <i32>load<u8>(entry, 29);
  }

  addressesOf(entry: usize): usize {
    return entry + ADDRESSES_AT;
  }

  private setOf(hash: u64): usize {
    return this.entries + <usize>(<u32>hash % this.sets) * WAYS * ENTRY_BYTES;
  }

  private lookUp(name: usize, nameBytes: i32, type: i32): usize {
    const hash = hashName(name, nameBytes, this.key0, this.key1);
    let entry = this.setOf(hash);
    for (let way = 0; way < WAYS; way++, entry += ENTRY_BYTES) {
      if (load<u64>(entry) != hash || load<u32>(entry, 24) != <u32>type) continue;
      if (equalNames(entry + NAME_AT, load<u8>(entry, 28), name, nameBytes)) return entry;
    }
    return 0;
  }

  /** An entry of the set that is free, or made so. */
  private vacate(hash: u64, nowNs: i64): usize {
    const first = this.setOf(hash);
    let oldest = first;
    for (let way = 0; way < WAYS; way++) {
      const entry = first + <usize>way * ENTRY_BYTES;
      if (load<i64>(entry, 8) <= nowNs) return entry;
      if (load<i64>(entry, 16) < load<i64>(oldest, 16)) oldest = entry;
    }
    this.evictions++;
    return oldest;
  }
}
