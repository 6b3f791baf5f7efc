/** Frames that are nearly right, and then are not. */
import { LINK_HEADROOM_BYTES, Random } from "@phantasm/interfaces";
import { checksum, sumOf } from "@phantasm/ip";

export const US: u32 = 0x0a000001;
export const ALSO_US: u32 = 0x0a000064;
export const ECHO_PORT: u16 = 7;

/** xorshift64* (Vigna 2016). */
export class Seeded implements Random {
  constructor(private state: u64) {}

  u64(): u64 {
    this.state ^= this.state >> 12;
    this.state ^= this.state << 25;
    this.state ^= this.state >> 27;
    return this.state * 0x2545_f491_4f6c_dd1d;
  }

  u32(): u32 {
    return <u32>(this.u64() >> 32);
  }

  below(bound: u32): u32 {
    return <u32>((<u64>this.u32() * <u64>bound) >> 32);
  }

  f64(): f64 {
    return <f64>this.u32() / 4294967296.0;
  }

  fill(bytes: Uint8Array, offset: i32, length: i32): void {
    for (let at = 0; at < length; at++) bytes[offset + at] = <u8>this.u32();
  }
}

function put16(at: usize, value: u32): void {
  store<u16>(at, bswap(<u16>value));
}

function put32(at: usize, value: u32): void {
  store<u32>(at, bswap(value));
}

export class Frames {
  readonly buffer: Uint8Array = new Uint8Array(LINK_HEADROOM_BYTES + 14 + 9000);
  private readonly at: usize;
  /** The last datagram of the client: errors quote it. */
  private readonly sent: Uint8Array = new Uint8Array(14 + 128);
  length: i32 = 0;
  /** Where the datagram goes on that is being sent in fragments. */
  private offset: i32 = 0;

  constructor(private readonly random: Random) {
    this.at = this.buffer.dataStart + LINK_HEADROOM_BYTES;
  }

  /** Keeps a frame that we sent, if it is a datagram of the client. */
  remember(frame: usize, length: i32): void {
    if (load<u16>(frame, 12) != 0x0008 || load<u8>(frame, 23) != 17) return;
    if (load<u16>(frame, 20) & 0xff1f || load<u16>(frame, 34) == bswap(ECHO_PORT)) return;
    memory.copy(this.sent.dataStart, frame, min(length, this.sent.length));
  }

  /** Makes the next frame. */
  next(): void {
    const random = this.random;
    memory.fill(this.buffer.dataStart, 0, LINK_HEADROOM_BYTES);
    // The link vouches for every fourth: so much for checksums.
    if (random.below(4) == 0) this.buffer[0] = <u8>(1 + random.below(2));
    if (random.below(50) == 0) random.fill(this.buffer, 0, LINK_HEADROOM_BYTES);
    if (random.below(20) == 0) this.noise();
    else {
      this.ethernet();
      if (random.below(8) == 0) this.arp();
      else if (random.below(4) == 0) this.fragment();
      else this.ipv4();
      if (random.below(3) == 0) this.mutate();
    }
  }

  private noise(): void {
    this.length = this.random.below(200);
    this.random.fill(this.buffer, LINK_HEADROOM_BYTES, this.length);
    // Else hardly any would come through.
    if (this.random.below(2) == 0) this.ethernet();
    if (this.random.below(2) == 0) put16(this.at + 12, 0x0800);
  }

  private ethernet(): void {
    const at = this.at;
    store<u64>(at, this.random.below(8) == 0 ? 0xffff_ffff_ffff : 0x0100_0000_0002);
    store<u64>(at, 0x0000_0000_0002 | ((<u64>this.random.below(40)) << 40), 6);
    put16(at + 12, 0x0800);
  }

  private host(): u32 {
    switch (this.random.below(12)) {
      case 0:
        return US;
      case 1:
        return ALSO_US;
      case 2:
        return 0;
      case 3:
        return 0xffff_ffff;
      case 4:
        return 0x0a00_00ff;
      case 5:
        return this.random.u32();
      case 6:
        return 0xc000_0200 + this.random.below(8);
      default:
        return 0x0a00_0002 + this.random.below(40);
    }
  }

  private ours(): u32 {
    return this.random.below(10) == 0 ? this.host() : this.random.below(4) == 0 ? ALSO_US : US;
  }

  private arp(): void {
    const at = this.at + 14;
    put16(this.at + 12, 0x0806);
    put32(at, 0x0001_0800);
    put16(at + 4, 0x0604);
    put16(at + 6, 1 + this.random.below(2));
    store<u64>(at, load<u64>(this.at, 6), 8);
    put32(at + 14, this.host());
    store<u64>(at, 0, 18);
    put32(at + 24, this.ours());
    this.length = 14 + 28 + this.random.below(19);
  }

  private ipv4(): void {
    const random = this.random;
    const ip = this.at + 14;
    const words = random.below(6) == 0 ? 5 + random.below(11) : 5;
    const header = (<i32>words) << 2;
    memory.fill(ip, 0, header);
    store<u8>(ip, <u8>(0x40 | words));
    for (let at = 20; at < header; at++)
      store<u8>(ip + at, <u8>(random.below(3) == 0 ? random.u32() : random.below(9)));
    put16(ip + 4, random.below(4));
    if (random.below(4) == 0) {
      const last = random.below(4) == 0;
      put16(ip + 6, random.below(random.below(50) == 0 ? 8192 : 12) | (last ? 0 : 0x2000));
    }
    store<u8>(ip, <u8>random.below(256), 8);
    put32(ip + 12, this.host());
    put32(ip + 16, this.ours());
    let bytes = 0;
    const body = ip + header;
    switch (random.below(8)) {
      case 0:
        store<u8>(ip, <u8>random.below(256), 9);
        bytes = random.below(64);
        break;
      case 1:
      case 2:
        store<u8>(ip, 1, 9);
        bytes = this.icmp(body);
        break;
      default:
        store<u8>(ip, 17, 9);
        bytes = this.udp(body);
    }
    if (load<u16>(ip, 6) != 0 && random.below(4) != 0) bytes &= ~7;
    put16(ip + 2, header + bytes);
    this.length = 14 + header + bytes;
    this.seal();
  }

  /** The next fragment of a datagram; sometimes another one comes first, or never. */
  private fragment(): void {
    const random = this.random;
    const ip = this.at + 14;
    const bytes = 8 * (1 + <i32>random.below(20));
    const isLast = random.below(4) == 0;
    memory.fill(ip, 0, 20);
    store<u8>(ip, 0x45);
    put16(ip + 2, 20 + bytes);
    put16(ip + 4, 77);
    put16(ip + 6, (this.offset >> 3) | (isLast ? 0 : 0x2000));
    store<u8>(ip, 64, 8);
    store<u8>(ip, 17, 9);
    put32(ip + 12, 0x0a00_0002);
    put32(ip + 16, US);
    if (this.offset == 0) {
      put16(ip + 22, ECHO_PORT);
      put16(ip + 24, 8 + random.below(bytes));
      put16(ip + 26, 0);
    }
    this.length = 34 + bytes;
    this.offset = isLast ? 0 : this.offset + bytes;
    this.seal();
  }

  private udp(at: usize): i32 {
    const bytes = 8 + this.size();
    put16(at, this.random.below(65536));
    put16(at + 2, this.random.below(4) == 0 ? this.random.below(65536) : ECHO_PORT);
    put16(at + 4, this.random.below(20) == 0 ? this.random.below(2000) : bytes);
    put16(at + 6, this.random.below(4) == 0 ? 0 : this.random.below(65536));
    return bytes;
  }

  private icmp(at: usize): i32 {
    const random = this.random;
    const kinds: StaticArray<u8> = [0, 3, 3, 4, 5, 8, 11, 200];
    store<u8>(at, kinds[random.below(8)]);
    store<u8>(at, <u8>(random.below(2) == 0 ? 4 : random.below(16)), 1);
    put32(at + 4, random.below(2) == 0 ? random.below(1600) : 0);
    if (load<u8>(at) == 8 || random.below(6) == 0) return 8 + this.size();
    // Quotes what we have sent, or some of it.
    const bytes = random.below(8) == 0 ? random.below(100) : 36;
    memory.copy(at + 8, this.sent.dataStart + 14, bytes);
    return 8 + bytes;
  }

  private size(): i32 {
    return this.random.below(this.random.below(16) == 0 ? 1400 : 80);
  }

  /** Changes some bytes, cuts it, or makes it longer. */
  private mutate(): void {
    const random = this.random;
    for (let changes = random.below(4); changes > 0; changes--) {
      const at = random.below(3) == 0 ? random.below(max(1, this.length)) : random.below(48);
      const value = random.below(4) == 0 ? (random.below(2) == 0 ? 0 : 255) : random.below(256);
      store<u8>(this.at + at, <u8>value);
    }
    if (random.below(3) == 0) this.length = random.below(this.length + 1);
    else if (random.below(4) == 0) this.length = min(this.length + random.below(50), 1514);
    if (random.below(2) == 0) this.seal();
  }

  /** Right checksums of IP and ICMP: what comes behind them is to be tested too. */
  private seal(): void {
    const ip = this.at + 14;
    const header = (<i32>(load<u8>(ip) & 15)) << 2;
    const bytes = this.length - 14 - header;
    if (header < 20 || bytes < 0) return;
    store<u16>(ip, 0, 10);
    store<u16>(ip, checksum(sumOf(ip, header)), 10);
    const total = <i32>bswap(load<u16>(ip, 2)) - header;
    if (load<u8>(ip, 9) != 1 || total < 4 || total > bytes) return;
    store<u16>(ip + header, 0, 2);
    store<u16>(ip + header, checksum(sumOf(ip + header, total)), 2);
  }
}
