import { isGroupMac } from "@phantasm/ethernet/frame";
import { MTU_MIN, NdOption, load32, load64 } from "./wire";

/** The options of a message of neighbour discovery (RFC 4861 §4.6) that may occur once; raw memory. */
@unmanaged
export class Options {
  /** Link addresses; 0: there is none that can be one. */
  sourceLink: u64;
  targetLink: u64;
  /** 0: none that may be. */
  mtu: i32;
  /** There is a source link-layer address option, even if with nonsense in it. */
  hasSource: bool;

  /** Looks at all between `at` and `end`. False: the message is invalid (RFC 4861 §4.6: a length of 0, or none). */
  read(at: usize, end: usize): bool {
    this.sourceLink = 0;
    this.targetLink = 0;
    this.mtu = 0;
    this.hasSource = false;
    while (at < end) {
      if (end - at < 8) return false;
      const bytes = (<usize>load<u8>(at, 1)) << 3;
      if (bytes == 0 || bytes > end - at) return false;
      const type = load<u8>(at);
      if (type == NdOption.SOURCE_LINK) {
        this.sourceLink = linkOf(at);
        this.hasSource = true;
      } else if (type == NdOption.TARGET_LINK) this.targetLink = linkOf(at);
      else if (type == NdOption.MTU) {
        const mtu = load32(at + 4);
        if (mtu >= <u32>MTU_MIN && mtu <= 65535) this.mtu = <i32>mtu;
      }
      at += bytes;
    }
    return true;
  }
}

/** A group is nobody's address, and neither is 0. */
function linkOf(option: usize): u64 {
  const address = load64(option) & 0xffff_ffff_ffff;
  return load<u8>(option, 1) != 1 || isGroupMac(address) ? 0 : address;
}
