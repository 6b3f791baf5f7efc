/** Checks UTF-8 as it comes, in pieces (RFC 3629 §4): no surrogates, nothing longer than it must be, nothing above U+10FFFF. */

const ASCII: u64 = 0x8080808080808080;


@final
export class Utf8Check {
  /** Bytes of a character that are to come. */
  private left: i32 = 0;
  /** What the next one may be. */
  private lowest: i32 = 0x80;
  private highest: i32 = 0xbf;

  clear(): void {
    this.left = 0;
    this.lowest = 0x80;
    this.highest = 0xbf;
  }

  /** True if no character is open. */
  get isWhole(): bool {
    return this.left == 0;
  }

  /** Goes on with these bytes. False: it is no UTF-8. */
  follow(at: usize, bytes: i32): bool {
    const end = at + <usize>bytes;
    let left = this.left;
    let lowest = this.lowest;
    let highest = this.highest;
    while (at < end) {
      if (left == 0 && at + 8 <= end && (load<u64>(at) & ASCII) == 0) {
        at += 8;
        continue;
      }
      const c = <i32>load<u8>(at++);
      if (left > 0) {
        if (c < lowest || c > highest) return false;
        lowest = 0x80;
        highest = 0xbf;
        left--;
      } else if (c < 0x80) continue;
      else if (c < 0xc2 || c > 0xf4) return false;
      else if (c < 0xe0) left = 1;
      else if (c < 0xf0) {
        left = 2;
        if (c == 0xe0) lowest = 0xa0;
        else if (c == 0xed) highest = 0x9f;
      } else {
        left = 3;
        if (c == 0xf0) lowest = 0x90;
        else if (c == 0xf4) highest = 0x8f;
      }
    }
    this.left = left;
    this.lowest = lowest;
    this.highest = highest;
    return true;
  }
}

// @ts-ignore: decorator
@lazy
const check = new Utf8Check();

/** True if the bytes are UTF-8 as a whole. */
export function isUtf8(at: usize, bytes: i32): bool {
  check.clear();
  return check.follow(at, bytes) && check.isWhole;
}
