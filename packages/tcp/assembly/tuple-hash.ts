import { SipHash } from "@phantasm/checksum";
import { Random } from "@phantasm/interfaces";
import { Tuple } from "./tuple";

/** A keyed hash of addresses and ports, with a key of its own. */
@final
export class TupleHash {
  private readonly hash: SipHash;

  constructor(random: Random) {
    this.hash = new SipHash(random.u64(), random.u64());
  }

  /** Hashes addresses and ports, and one word more. */
  of(tuple: Tuple, extra: u64): u64 {
    const hash = this.hash;
    hash.begin();
    hash.word(tuple.localHigh);
    hash.word(tuple.localLow);
    hash.word(tuple.remoteHigh);
    hash.word(tuple.remoteLow);
    hash.word(((<u64>tuple.localPort) << 16) | (<u64>tuple.remotePort));
    hash.word(extra);
    return hash.end(0, 48);
  }
}
