/**
 * Fragments put together (RFC 8200 §4.5). What waits is bounded in datagrams, bytes and time; whoever lets
 * fragments overlap loses the datagram (RFC 5722).
 */
import { SECOND } from "@phantasm/interfaces";
import { rawMemory, sameBytes } from "./raw";
import { HEADER_BYTES, load16, store16 } from "./wire";

/** Datagrams that are put together at once; one more takes the place of the oldest. */
export const REASSEMBLY_DATAGRAMS_MAX: i32 = 8;
/** Bytes of fragments that wait; at the limit the oldest datagrams are given up. */
export const REASSEMBLY_BYTES_MAX: i32 = 192 * 1024;
/** Fragments of one datagram: enough for 64 KiB over links of the smallest MTU. */
export const REASSEMBLY_FRAGMENTS_MAX: i32 = 64;
/** RFC 8200 §4.5. */
export const REASSEMBLY_NS: i64 = 60 * SECOND;

const PAYLOAD_BYTES_MAX: i32 = 65535;

/**
 * A fragment that waits: usize next, i32 offset, i32 bytes; at 16 its header and fragment header, as they came; at 64
 * its bytes.
 */
const OFFSET: usize = 4;
const BYTES: usize = 8;
export const FRAGMENT_PACKET: usize = 16;
export const FRAGMENT_HEADERS_BYTES: i32 = HEADER_BYTES + 8;
const DATA: usize = 64;

const NEVER: i64 = i64.MAX_VALUE;

/** What `add` answers besides an address. */
export namespace Fragment {
  /** More are to come, or it was dropped. */
  export const KEPT: usize = 0;
  /** Its length is no multiple of 8, though it is not the last (RFC 8200 §4.5). */
  export const BAD_LENGTH: usize = 1;
  /** The datagram would be too long. */
  export const TOO_LONG: usize = 2;
}

/** A datagram of which something is there: raw memory. */
@unmanaged
export class Datagram {
  /** Source and destination, as they lie in a header. */
  private addresses0: u64;
  private addresses1: u64;
  private addresses2: u64;
  private addresses3: u64;
  /** As it lies in a fragment header. */
  id: u32;
  /** Fragments that wait, by offset. */
  first: usize;
  /** Link address that the last one came from. */
  link: u64;
  /** 0: free. */
  untilNs: i64;
  fragments: i32;
  bytes: i32;
  /** Of the whole; -1 until the last fragment is there. */
  total: i32;
  /** Fragments overlapped: all that follow are dropped too. */
  isPoisoned: bool;
}

export interface ReassemblyOutput {
  /**
   * Time is over: its sender is told (RFC 8200 §4.5). `packet` is the first fragment, headers included, of which
   * `bytes` bytes are there.
   */
  timedOut(packet: usize, bytes: i32, link: u64): void;
}


@final
export class Reassembly {
  /** Not after the first datagram is given up. */
  dueNs: i64 = NEVER;
  /** Bytes that wait. */
  bytes: i32 = 0;
  /** Datagrams given up: time, room. */
  expired: u64 = 0;
  displaced: u64 = 0;
  /** Fragments that overlapped or contradicted others, with all of their datagram. */
  overlapping: u64 = 0;
  /** Of the last complete packet, header included. */
  packetBytes: i32 = 0;
  /** Set by its owner before anything else. */
  owner: ReassemblyOutput | null = null;
  private readonly datagrams: usize = rawMemory(REASSEMBLY_DATAGRAMS_MAX * offsetof<Datagram>());
  /** Where complete packets lie; made with the first. */
  private packet: usize = 0;

  /**
   * Takes a fragment.
   *
   * @param packet its header, with the addresses
   * @param at its fragment header, and
   * @param end where its bytes end
   * @returns address of the complete packet, a header and what follows, valid until the next call; else of Fragment
   */
  add(packet: usize, at: usize, end: usize, link: u64, nowNs: i64): usize {
    const place = load16(at + 2);
    const more = (place & 1) != 0;
    const offset = <i32>(place & 0xfff8);
    const bytes = <i32>(end - at) - 8;
    if (more && bytes & 7) return Fragment.BAD_LENGTH;
    if (offset + bytes > PAYLOAD_BYTES_MAX) return Fragment.TOO_LONG;
    if (bytes == 0) return Fragment.KEPT;
    const datagram = this.find(packet, load<u32>(at, 4), nowNs);
    if (!datagram.isPoisoned) {
      datagram.link = link;
      this.insert(datagram, packet, at, offset, bytes, more);
      if (datagram.bytes == datagram.total) return this.complete(datagram);
    }
    return Fragment.KEPT;
  }

  /** Gives up what is due at `nowNs`, and finds out when to be called again. */
  expire(nowNs: i64): void {
    if (nowNs < this.dueNs) return;
    this.dueNs = NEVER;
    for (let i = 0; i < REASSEMBLY_DATAGRAMS_MAX; i++) {
      const datagram = this.at(i);
      const first = datagram.first;
      if (datagram.untilNs == 0) continue;
      if (datagram.untilNs > nowNs) {
        this.dueNs = min(this.dueNs, datagram.untilNs);
        continue;
      }
      this.expired++;
      if (first != 0 && load<i32>(first, OFFSET) == 0)
        changetype<ReassemblyOutput>(this.owner).timedOut(
          first + FRAGMENT_PACKET,
          FRAGMENT_HEADERS_BYTES + load<i32>(first, BYTES),
          datagram.link,
        );
      this.free(datagram);
    }
  }

  // @ts-ignore: decorator
  @inline
  private at(index: i32): Datagram {
    return changetype<Datagram>(this.datagrams + index * offsetof<Datagram>());
  }

  /** The datagram a fragment belongs to; a new one, in the place of the oldest, if it is the first. */
  private find(packet: usize, id: u32, nowNs: i64): Datagram {
    let place = this.at(0);
    let placeAt = this.datagrams;
    for (let i = 0; i < REASSEMBLY_DATAGRAMS_MAX; i++) {
      const at = this.datagrams + i * offsetof<Datagram>();
      const datagram = changetype<Datagram>(at);
      if (datagram.id == id && datagram.untilNs > nowNs && sameBytes(at, packet + 8, 32))
        return datagram;
      if (datagram.untilNs < place.untilNs) {
        place = datagram;
        placeAt = at;
      }
    }
    if (place.untilNs > nowNs) this.displaced++;
    this.free(place);
    memory.copy(placeAt, packet + 8, 32);
    place.id = id;
    place.isPoisoned = false;
    place.total = -1;
    place.untilNs = nowNs + REASSEMBLY_NS;
    this.dueNs = min(this.dueNs, place.untilNs);
    return place;
  }

  /** Keeps the bytes in their place, unless they are there already, or the datagram is lost by them. */
  private insert(
    datagram: Datagram,
    packet: usize,
    at: usize,
    offset: i32,
    bytes: i32,
    more: bool,
  ): void {
    const end = offset + bytes;
    let before: usize = 0;
    let beforeEnd = 0;
    let after = datagram.first;
    while (after != 0 && load<i32>(after, OFFSET) < offset) {
      before = after;
      beforeEnd = load<i32>(after, OFFSET) + load<i32>(after, BYTES);
      after = load<usize>(after);
    }
    const afterAt = after == 0 ? i32.MAX_VALUE : load<i32>(after, OFFSET);
    // RFC 8200 §4.5: a duplicate made by the network is no overlap.
    if (
      afterAt == offset &&
      load<i32>(after, BYTES) == bytes &&
      sameBytes(after + DATA, at + 8, bytes)
    )
      return;
    const known = datagram.total;
    // Nothing may overlap, lie behind the end, or move it.
    if (
      beforeEnd > offset ||
      afterAt < end ||
      (!more && (after != 0 || known >= 0)) ||
      (known >= 0 && end > known) ||
      datagram.fragments == REASSEMBLY_FRAGMENTS_MAX
    ) {
      this.overlapping++;
      const untilNs = datagram.untilNs;
      this.free(datagram);
      datagram.untilNs = untilNs;
      datagram.isPoisoned = true;
      return;
    }
    this.makeRoom(datagram, bytes);
    const record = heap.alloc(DATA + bytes);
    store<usize>(record, after);
    store<i32>(record, offset, OFFSET);
    store<i32>(record, bytes, BYTES);
    memory.copy(record + FRAGMENT_PACKET, packet, HEADER_BYTES);
    memory.copy(record + FRAGMENT_PACKET + HEADER_BYTES, at, 8 + bytes);
    if (before == 0) datagram.first = record;
    else store<usize>(before, record);
    datagram.fragments++;
    datagram.bytes += bytes;
    this.bytes += bytes;
    if (!more) datagram.total = end;
  }

  /** Gives up the oldest others. One datagram alone is never too large. */
  private makeRoom(keep: Datagram, bytes: i32): void {
    while (this.bytes + bytes > REASSEMBLY_BYTES_MAX) {
      let oldest = keep;
      for (let i = 0; i < REASSEMBLY_DATAGRAMS_MAX; i++) {
        const datagram = this.at(i);
        if (datagram === keep || datagram.bytes == 0) continue;
        if (oldest === keep || datagram.untilNs < oldest.untilNs) oldest = datagram;
      }
      this.displaced++;
      this.free(oldest);
    }
  }

  private complete(datagram: Datagram): usize {
    if (this.packet == 0) this.packet = heap.alloc(HEADER_BYTES + PAYLOAD_BYTES_MAX);
    const packet = this.packet;
    const first = datagram.first;
    memory.copy(packet, first + FRAGMENT_PACKET, HEADER_BYTES);
    store16(packet + 4, datagram.total);
    store<u8>(packet, load<u8>(first, FRAGMENT_PACKET + HEADER_BYTES), 6);
    for (let record = first; record != 0; record = load<usize>(record))
      memory.copy(
        packet + HEADER_BYTES + load<i32>(record, OFFSET),
        record + DATA,
        load<i32>(record, BYTES),
      );
    this.packetBytes = HEADER_BYTES + datagram.total;
    this.free(datagram);
    return packet;
  }

  private free(datagram: Datagram): void {
    for (let record = datagram.first; record != 0;) {
      const next = load<usize>(record);
      heap.free(record);
      record = next;
    }
    this.bytes -= datagram.bytes;
    datagram.first = 0;
    datagram.bytes = 0;
    datagram.fragments = 0;
    datagram.untilNs = 0;
  }
}
