/**
 * Server cookies that any server with the same secret makes and understands (RFC 7873, RFC 9018):
 *
 *     0  client's part, 8 bytes     9   0, three bytes               16  SipHash-2-4 of what is in front
 *     8  version, 1                 12  time, s since 1970               and the client's address
 */
import { SipHash } from "@phantasm/checksum";
import { isIpv4 } from "@phantasm/interfaces";

export const SERVER_COOKIE_BYTES: i32 = 24;
const VERSION: u8 = 1;
/** RFC 9018 §4.3: how old one may be, and how far in the future; a new one is given after half an hour. */
const AGE_MAX_S: i32 = 3600;
const RENEW_S: i32 = 1800;
const FUTURE_MAX_S: i32 = 300;


@final
export class Cookies {
  private readonly hash: SipHash;
  private readonly input: usize = heap.alloc(40);

  constructor(key0: u64, key1: u64) {
    this.hash = new SipHash(key0, key1);
  }

  /** True if it is one that we have made for this client, not long ago. */
  isValid(cookie: usize, bytes: i32, high: u64, low: u64, nowS: u32): bool {
    if (bytes != SERVER_COOKIE_BYTES || load<u8>(cookie, 8) != VERSION) return false;
    const age = <i32>(nowS - bswap(load<u32>(cookie, 12)));
    if (age > AGE_MAX_S || age < -FUTURE_MAX_S) return false;
    return load<u64>(cookie, 16) == this.sum(cookie, high, low);
  }

  /** One that is still good may be sent again. */
  isFresh(cookie: usize, nowS: u32): bool {
    const age = <i32>(nowS - bswap(load<u32>(cookie, 12)));
    return age < RENEW_S && age >= 0;
  }

  /** Completes a cookie of which only the client's part is there. */
  complete(cookie: usize, high: u64, low: u64, nowS: u32): void {
    store<u32>(cookie, <u32>VERSION, 8);
    store<u32>(cookie, bswap(nowS), 12);
    store<u64>(cookie, this.sum(cookie, high, low), 16);
  }

  private sum(cookie: usize, high: u64, low: u64): u64 {
    const input = this.input;
    store<u64>(input, load<u64>(cookie));
    store<u64>(input, load<u64>(cookie, 8), 8);
    if (isIpv4(high, low)) {
      store<u64>(input, <u64>bswap(<u32>low), 16);
      return this.hash.of(input, 20);
    }
    store<u64>(input, bswap(high), 16);
    store<u64>(input, bswap(low), 24);
    return this.hash.of(input, 32);
  }
}
