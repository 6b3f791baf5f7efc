/**
 * Boot arguments. The host has checked them against the manifest and hands over the values in the
 * manifest's order (see the hypercall `arguments`); generated code reads them one after the other.
 */
import { arguments as readArguments } from "@phantasm/abi";

/** An IPv4 address; `value` has the first octet in its highest byte. */
export class IPv4 {
  constructor(readonly value: u32) {}

  toString(): string {
    const v = this.value;
    return `${v >> 24}.${(v >> 16) & 255}.${(v >> 8) & 255}.${v & 255}`;
  }
}

/** An IPv4 address with the length of its network prefix (RFC 4632 §3.1). */
export class CIDR {
  constructor(
    readonly address: IPv4,
    readonly prefixLength: i32,
  ) {}

  toString(): string {
    return `${this.address.toString()}/${this.prefixLength}`;
  }
}

/** Reads the encoded values in order. */
export class ArgumentReader {
  private at: usize;
  private readonly bytes: StaticArray<u8>;

  constructor() {
    const length = readArguments(0, 0);
    const bytes = new StaticArray<u8>(length);
    if (length > 0) readArguments(changetype<usize>(bytes), length);
    this.bytes = bytes;
    this.at = changetype<usize>(bytes);
  }

  /** True if the next argument has a value; must be called before reading each. */
  present(): bool {
    return load<u8>(this.at++) != 0;
  }

  /** Integer, duration in nanoseconds, size in bytes. */
  integer(): i64 {
    const value = load<i64>(this.at);
    this.at += 8;
    return value;
  }

  boolean(): bool {
    return load<u8>(this.at++) != 0;
  }

  text(): string {
    const length = load<u32>(this.at);
    const value = String.UTF8.decodeUnsafe(this.at + 4, length);
    this.at += 4 + length;
    return value;
  }

  ipv4(): IPv4 {
    const value = bswap(load<u32>(this.at));
    this.at += 4;
    return new IPv4(value);
  }

  cidr(): CIDR {
    const address = this.ipv4();
    return new CIDR(address, load<u8>(this.at++));
  }
}
