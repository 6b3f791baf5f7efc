/**
 * Puts datagrams together from their fragments: pure, with time as a parameter. RFC 791 §3.2 and RFC 815, and
 * what has been learned since: fragments that overlap are an attack, and the whole datagram is dropped (RFC
 * 5722 for IPv6; the reasons are the same).
 *
 * Pieces lie in a fixed number of buffers, each with room for the largest packet of the link:
 *
 *     u32 next piece, by offset (0: none)   u16 offset   u16 bytes   u32 where its IP header is   | header, payload
 */
import { checksum, sumOf } from "@phantasm/ip/checksum";
import { Ipv4Counters } from "./counters";
import { Ipv4Limits } from "./limits";
import { IPV4_BYTES_MAX, IPV4_HEADER_BYTES_MAX, MORE_FRAGMENTS, OFFSET_MASK } from "./wire";

const RECORD_BYTES: usize = 16;

/** A datagram that is not complete. */
@final
class Pieces {
  /** The four fields by which RFC 791 tells datagrams apart. */
  source: u32 = 0;
  destination: u32 = 0;
  identification: u16 = 0;
  protocol: u8 = 0;
  isUsed: bool = false;
  isGroup: bool = false;
  /** The first piece, by offset; 0: none. */
  first: usize = 0;
  /** Bytes of payload that are here. */
  gathered: i32 = 0;
  /** Bytes of the whole payload; -1 until the last fragment is here. */
  total: i32 = -1;
  dueNs: i64 = 0;
}

/** Told about datagrams that did not arrive in time. */
export interface ReassemblyEvents {
  /** RFC 1122 §3.3.2: `header` is that of the first fragment, of which `bytes` bytes are there. */
  onReassemblyTimeout(header: usize, bytes: i32, isGroup: bool): void;
}


@final
export class Reassembly {
  /** Made with the first fragment. */
  private datagrams: StaticArray<Pieces> = new StaticArray<Pieces>(0);
  private readonly strideBytes: usize;
  private readonly capacity: i32;
  /** The pieces that are free, linked by their first word. Made with the first fragment. */
  private free: usize = 0;
  private freeCount: i32 = 0;
  private made: bool = false;
  /** Where a datagram is put together; made with the first. */
  private whole: usize = 0;

  /** Of what `add` has completed: the header, which lies in front of the payload. */
  header: usize = 0;
  /** Its bytes, header included. */
  bytes: i32 = 0;

  constructor(
    private readonly limits: Ipv4Limits,
    mtu: i32,
    private readonly counters: Ipv4Counters,
    private readonly events: ReassemblyEvents,
  ) {
    const strideBytes = (RECORD_BYTES + <usize>mtu + 15) & ~15;
    this.strideBytes = strideBytes;
    const fitting = <i32>(<usize>limits.reassemblyBytes / strideBytes);
    this.capacity = max(2, min(limits.fragments, fitting));
  }

  /** Pieces that are held. */
  get pieces(): i32 {
    return this.made ? this.capacity - this.freeCount : 0;
  }

  /** When `due` wants to be called; i64.MAX_VALUE: never. */
  get nextNs(): i64 {
    let nextNs = i64.MAX_VALUE;
    for (let at = 0; at < this.datagrams.length; at++) {
      const datagram = this.datagrams[at];
      if (datagram.isUsed) nextNs = min(nextNs, datagram.dueNs);
    }
    return nextNs;
  }

  /**
   * A fragment has arrived, with a valid header of `headerBytes` bytes at `at`. True: its datagram is complete, and
   * lies at `header` until the next one.
   */
  add(at: usize, headerBytes: i32, totalBytes: i32, isGroup: bool, nowNs: i64): bool {
    const cut = bswap(load<u16>(at, 6));
    const offset = (<i32>(cut & OFFSET_MASK)) << 3;
    const isLast = (cut & MORE_FRAGMENTS) == 0;
    const bytes = totalBytes - headerBytes;
    this.counters.fragmentsReceived++;
    // RFC 791 §3.2: all but the last are multiples of 8 bytes; and the whole is no longer than a packet may be.
    if (
      bytes == 0 ||
      (!isLast && (bytes & 7) != 0) ||
      offset + bytes > IPV4_BYTES_MAX - headerBytes ||
      totalBytes > <i32>(this.strideBytes - RECORD_BYTES)
    ) {
      this.counters.reassemblyRefused++;
      return false;
    }
    if (!this.made) this.make();
    const datagram = this.datagramOf(at, nowNs);
    if (isGroup) datagram.isGroup = true;
    // Two ends, or bytes behind the end: somebody is lying.
    if (isLast ? datagram.total >= 0 && datagram.total != offset + bytes : false)
      return this.refuse(datagram);
    let before: usize = 0;
    let next = datagram.first;
    while (next != 0 && pieceOffset(next) < offset) {
      before = next;
      next = load<u32>(next);
    }
    if (next != 0 && pieceOffset(next) == offset && pieceBytes(next) == bytes) {
      // The network has doubled it.
      return false;
    }
    if (before != 0 && pieceOffset(before) + pieceBytes(before) > offset)
      return this.refuse(datagram);
    if (next != 0 && offset + bytes > pieceOffset(next)) return this.refuse(datagram);
    if (isLast) {
      if (next != 0) return this.refuse(datagram);
      datagram.total = offset + bytes;
    } else if (datagram.total >= 0 && offset + bytes > datagram.total) return this.refuse(datagram);
    const piece = this.take(datagram);
    if (piece == 0) return this.refuse(datagram);
    store<u32>(piece, <u32>next);
    store<u16>(piece, <u16>offset, 4);
    store<u16>(piece, <u16>bytes, 6);
    store<u32>(piece, headerBytes, 8);
    memory.copy(piece + RECORD_BYTES, at, totalBytes);
    if (before == 0) datagram.first = piece;
    else store<u32>(before, <u32>piece);
    datagram.gathered += bytes;
    if (datagram.gathered != datagram.total) return false;
    this.join(datagram);
    return true;
  }

  /** Gives up what has waited too long. */
  due(nowNs: i64): void {
    for (let at = 0; at < this.datagrams.length; at++) {
      const datagram = this.datagrams[at];
      if (!datagram.isUsed || datagram.dueNs > nowNs) continue;
      this.counters.reassemblyTimedOut++;
      const first = datagram.first;
      // RFC 792: without the first fragment nobody is told.
      if (first != 0 && pieceOffset(first) == 0)
        this.events.onReassemblyTimeout(
          first + RECORD_BYTES,
          load<i32>(first, 8) + pieceBytes(first),
          datagram.isGroup,
        );
      this.drop(datagram);
    }
  }

  private refuse(datagram: Pieces): bool {
    this.counters.reassemblyRefused++;
    this.drop(datagram);
    return false;
  }

  /** The datagram that the fragment at `at` belongs to, or a new one in the place of a free or the oldest one. */
  private datagramOf(at: usize, nowNs: i64): Pieces {
    const source = load<u32>(at, 12);
    const destination = load<u32>(at, 16);
    const identification = load<u16>(at, 4);
    const protocol = load<u8>(at, 9);
    let place: Pieces | null = null;
    for (let index = 0; index < this.datagrams.length; index++) {
      const one = this.datagrams[index];
      if (!one.isUsed) {
        if (place === null || place.isUsed) place = one;
        continue;
      }
      if (
        one.source == source &&
        one.destination == destination &&
        one.identification == identification &&
        one.protocol == protocol
      )
        return one;
      if (place === null || (place.isUsed && one.dueNs < place.dueNs)) place = one;
    }
    const made = changetype<Pieces>(place);
    if (made.isUsed) {
      this.counters.reassemblyEvicted++;
      this.drop(made);
    }
    made.source = source;
    made.destination = destination;
    made.identification = identification;
    made.protocol = protocol;
    made.isUsed = true;
    made.isGroup = false;
    made.first = 0;
    made.gathered = 0;
    made.total = -1;
    made.dueNs = nowNs + this.limits.reassemblyNs;
    return made;
  }

  /** A free piece; else one of the oldest other datagram, which is given up. 0: there is no other. */
  private take(keep: Pieces): usize {
    if (this.free == 0) {
      let oldest: Pieces | null = null;
      for (let at = 0; at < this.datagrams.length; at++) {
        const one = this.datagrams[at];
        if (!one.isUsed || one === keep || one.first == 0) continue;
        if (oldest === null || one.dueNs < oldest.dueNs) oldest = one;
      }
      if (oldest === null) return 0;
      this.counters.reassemblyEvicted++;
      this.drop(oldest);
    }
    const piece = this.free;
    this.free = load<u32>(piece);
    this.freeCount--;
    return piece;
  }

  private make(): void {
    this.made = true;
    const datagrams = new StaticArray<Pieces>(this.limits.datagrams);
    for (let at = 0; at < datagrams.length; at++) datagrams[at] = new Pieces();
    this.datagrams = datagrams;
    const count = this.capacity;
    const arena = heap.alloc(this.strideBytes * count);
    for (let at = count - 1; at >= 0; at--) this.putBack(arena + <usize>at * this.strideBytes);
  }

  private putBack(piece: usize): void {
    store<u32>(piece, <u32>this.free);
    this.free = piece;
    this.freeCount++;
  }

  private drop(datagram: Pieces): void {
    for (let piece = datagram.first; piece != 0;) {
      const next = load<u32>(piece);
      this.putBack(piece);
      piece = next;
    }
    datagram.isUsed = false;
    datagram.first = 0;
  }

  /** Copies the pieces together behind the header of the first. */
  private join(datagram: Pieces): void {
    if (this.whole == 0) this.whole = heap.alloc(IPV4_HEADER_BYTES_MAX + IPV4_BYTES_MAX);
    const payload = this.whole + IPV4_HEADER_BYTES_MAX;
    const first = datagram.first;
    const headerBytes = load<i32>(first, 8);
    const header = payload - headerBytes;
    memory.copy(header, first + RECORD_BYTES, headerBytes);
    for (let piece = first; piece != 0; piece = load<u32>(piece))
      memory.copy(
        payload + pieceOffset(piece),
        piece + RECORD_BYTES + load<i32>(piece, 8),
        pieceBytes(piece),
      );
    const bytes = headerBytes + datagram.total;
    store<u16>(header, bswap(<u16>bytes), 2);
    store<u16>(header, 0, 6);
    store<u16>(header, 0, 10);
    store<u16>(header, checksum(sumOf(header, headerBytes)), 10);
    this.header = header;
    this.bytes = bytes;
    this.counters.reassembled++;
    this.drop(datagram);
  }
}

function pieceOffset(piece: usize): i32 {
  return load<u16>(piece, 4);
}

function pieceBytes(piece: usize): i32 {
  return load<u16>(piece, 6);
}
