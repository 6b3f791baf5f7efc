/** How long the nodes, sets and records of zones are, before anything is known of what they lead to: see ZoneCheck. */
import { NODE_BYTES, SET_BYTES } from "./layout";
import {
  Layout,
  NodeFlag,
  flagsOf,
  labelBytes,
  recordCount,
  setCount,
  setLayout,
  setPrefix,
  setType,
} from "./zone-data";

const LABEL_BYTES_MAX: u32 = 63;
/** What a message of TCP has room for: header, a question and EDNS beside it. */
const SET_WIRE_BYTES_MAX: u32 = 65_535 - 12 - 255 - 4 - 64;

const CNAME: i32 = 5;
const SOA: i32 = 6;
const DNAME: i32 = 39;
const OPT: i32 = 41;
/** Types of questions and messages (RFC 6895 §3.1). */
const META_FIRST: i32 = 128;
const META_LAST: i32 = 255;
/** IN, as it is sent. */
const CLASS_IN: u16 = 0x0100;

export abstract class ZoneShapes {
  /** What is wrong, and at which byte. */
  problem: string = "";
  problemAt: u32 = 0;
  protected base: usize = 0;
  /** Where nodes end. */
  protected end: u32 = 0;
  protected root: u32 = 0;
  /** What is left of one step. */
  protected work: i32 = 0;

  protected fail(at: u32, problem: string): bool {
    this.problem = problem;
    this.problemAt = at;
    return false;
  }

  // @ts-ignore: decorator
  @inline
  protected word(at: u32): u32 {
    return load<u32>(this.base + <usize>at);
  }

  /** The end of a node; 0: there is a problem. */
  protected shape(at: u32): u32 {
    const node = this.base + <usize>at;
    const end = this.end;
    if (at + NODE_BYTES > end) return this.none(at, "a node goes beyond all nodes");
    const length = <u32>labelBytes(node);
    if (length > LABEL_BYTES_MAX) return this.none(at, "a label is too long");
    if ((length == 0) != (at == this.root))
      return this.none(at, "the root, and nothing else, has no label");
    let set = at + NODE_BYTES + length + (flagsOf(node) & NodeFlag.APEX ? 4 : 0);
    if (set > end) return this.none(at, "a node goes beyond all nodes");
    let last = 0;
    for (let left = setCount(node); left > 0; left--) {
      const next = this.setShape(set, last);
      if (next == 0) return 0;
      last = setType(this.base + <usize>set);
      set = next;
    }
    return (set + 3) & ~3;
  }

  private none(at: u32, problem: string): u32 {
    this.fail(at, problem);
    return 0;
  }

  /** The end of a set; 0: there is a problem. */
  private setShape(at: u32, last: i32): u32 {
    if (at + SET_BYTES > this.end) return this.none(at, "a set goes beyond all nodes");
    const set = this.base + <usize>at;
    const type = setType(set);
    if (type <= last) return this.none(at, "sets are not in the order of types");
    if (type == OPT || (type >= META_FIRST && type <= META_LAST))
      return this.none(at, "a zone cannot have records of this type");
    if (load<u16>(set, 2) != CLASS_IN) return this.none(at + 2, "the class is not IN");
    const layout = setLayout(set);
    const prefix = <u32>setPrefix(set);
    if (layout > Layout.TARGET) return this.none(at + 12, "the layout is not known");
    if ((type == SOA) != (layout == Layout.SOA))
      return this.none(at + 12, "a SOA record, and nothing else, has the layout of one");
    if (
      (type == CNAME && (layout != Layout.NAME || prefix != 0)) ||
      (type == DNAME && (layout != Layout.TARGET || prefix != 0))
    )
      return this.none(at + 12, "an alias is not laid out as one");
    const count = recordCount(set);
    if (count == 0 || (count != 1 && (type == SOA || type == CNAME || type == DNAME)))
      return this.none(at + 8, "a set has no records, or more than its type can have");
    const end = at + SET_BYTES + <u32>load<u16>(set, 10);
    if (end > this.end) return this.none(at, "a set goes beyond all nodes");
    this.work -= count;
    return this.recordShapes(at, end, count, layout, prefix);
  }

  private recordShapes(at: u32, end: u32, count: i32, layout: i32, prefix: u32): u32 {
    let record = at + SET_BYTES;
    let wire: u32 = 0;
    for (; count > 0; count--) {
      let bytes: u32 = layout == Layout.SOA ? 28 : prefix + 4;
      if (layout == Layout.OPAQUE || layout == Layout.TARGET) {
        const front: u32 = layout == Layout.TARGET ? 6 : 2;
        if (record + front > end) return this.none(record, "a record goes beyond its set");
        bytes = front + <u32>bswap(load<u16>(this.base + <usize>(record + front - 2)));
      }
      record += bytes;
      if (record > end) return this.none(at, "a record goes beyond its set");
      // A name in it may be longer than its node's number.
      wire += 12 + bytes;
    }
    if (record != end) return this.none(at, "the records end before their set");
    if (wire > SET_WIRE_BYTES_MAX) return this.none(at, "a set is too long for a message");
    return end;
  }
}
