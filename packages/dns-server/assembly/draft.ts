/** Records of one zone in any order, collected for a `ZoneWriter`. */
import { NAME_BUFFER_BYTES, lowerName } from "@phantasm/dns/wire";
import { Arena } from "./arena";
import { DraftIndex } from "./draft-index";
import {
  DraftNode,
  Mark,
  NODE_FRONT_BYTES,
  RECORD_FRONT_BYTES,
  SET_DRAFT_BYTES,
} from "./draft-node";
import { compareLabels } from "./label-order";
import { copy } from "./message";
import { RecordData, layoutOf } from "./record-data";
import { Layout, hashOf, labelAt } from "./zone-data";

const CNAME: i32 = 5;
const SOA: i32 = 6;
const DNAME: i32 = 39;
const RRSIG: i32 = 46;
const NSEC: i32 = 47;
const SVCB: i32 = 64;
const HTTPS: i32 = 65;
const LABEL_AT: usize = 7;
/** What may be read behind a label. */
const BEHIND_BYTES: usize = 8;
/** As src/zone.ts has it: a message of TCP holds so much. */
const SET_BYTES_MAX: i32 = 65_535 - 12 - 255 - 4 - 64;
const SETS_MAX: i32 = 255;
const NOT_FOUND: usize = usize.MAX_VALUE;
const ROOT: usize = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0]);

/** What `add` and what follows answer; negative: the zone is not taken. */
export namespace DraftError {
  /** More bytes or records than are allowed. */
  export const LIMIT: i32 = -1;
  /** More types at a name, or data in a set, than can be sent. */
  export const SET: i32 = -2;
  /** No SOA record. */
  export const NO_SOA: i32 = -3;
  /** CNAME beside other records, or several of them; several DNAME. */
  export const ALIAS: i32 = -4;
  /** Not there to be removed. */
  export const MISSING: i32 = -5;
  /** Names whose hashes were chosen to be close to each other, which would make looking for them slow. */
  export const CROWDED: i32 = -6;
}

/** Used again for the next zone. */
@final
export class Draft {
  readonly arena: Arena;
  root: usize = 0;
  apex: usize = 0;
  records: u32 = 0;
  private readonly index: DraftIndex = new DraftIndex();
  private readonly lower: usize = heap.alloc(<usize>NAME_BUFFER_BYTES);
  private readonly path: usize = heap.alloc(128);
  /** A record as it will lie. */
  private readonly form: usize = heap.alloc(0x10000 + 16);

  constructor(
    bytesMax: usize,
    private readonly recordsMax: u32,
  ) {
    this.arena = new Arena(bytesMax);
  }

  get bytes(): usize {
    return this.arena.bytes + this.index.bytes;
  }

  /** False: there is no memory for it. */
  begin(apex: usize, apexBytes: i32): bool {
    this.clear();
    this.index.begin();
    this.root = this.newNode(0, 0, 0, ROOT);
    if (this.root == 0) return false;
    this.apex = this.node(apex, apexBytes, false);
    return this.apex != 0;
  }

  clear(): void {
    this.arena.clear();
    this.index.clear();
    this.records = 0;
    this.root = 0;
    this.apex = 0;
  }

  /** @param label behind its length, as it is spelled */
  private newNode(parent: usize, hash: u32, length: usize, label: usize): usize {
    const bytes = NODE_FRONT_BYTES + LABEL_AT + length + BEHIND_BYTES;
    const at = this.bytes < this.arena.bytesMax ? this.arena.take(bytes) : 0;
    if (at == 0) return 0;
    const node = at + NODE_FRONT_BYTES;
    memory.fill(at, 0, NODE_FRONT_BYTES + LABEL_AT);
    store<u32>(at, hash);
    store<u32>(node, <u32>parent);
    copy(node + LABEL_AT - 1, label, length + 1);
    if (parent == 0) return node;
    this.index.put(node);
    const last = DraftNode.lastChild(parent);
    DraftNode.setLastChild(parent, node);
    if (last == 0) DraftNode.setFirstChild(parent, node);
    else {
      DraftNode.setNext(last, node);
      if (compareLabels(last, node) > 0) DraftNode.mark(parent, Mark.DISORDER);
    }
    return node;
  }

  /** Why there is no node. */
  private get nodeError(): i32 {
    return this.index.isCrowded ? DraftError.CROWDED : DraftError.LIMIT;
  }

  /** The node of a name, which is made if need be; 0: see `nodeError`. */
  private node(name: usize, bytes: i32, isOwner: bool): usize {
    const lower = this.lower;
    const path = this.path;
    copy(lower, name, <usize>bytes);
    lowerName(lower, bytes);
    let count = 0;
    for (let at = 0; load<u8>(name + <usize>at) != 0; count++) {
      store<u8>(path + <usize>count, <u8>at);
      at += <i32>load<u8>(name + <usize>at) + 1;
    }
    let node = this.root;
    while (count > 0) {
      const at = <usize>load<u8>(path + <usize>--count);
      const label = lower + at;
      const length = <i32>load<u8>(label);
      const hash = hashOf(<u32>node, label + 1, length);
      let child = this.index.find(hash, node, label);
      if (child == 0) {
        if (this.index.isCrowded) return 0;
        child = this.newNode(node, hash, <usize>length, name + at);
        if (child == 0) return 0;
      }
      if (isOwner && !(DraftNode.marks(child) & Mark.OWNER)) {
        DraftNode.mark(child, Mark.OWNER);
        copy(labelAt(child), name + at + 1, <usize>length);
      }
      node = child;
    }
    return node;
  }

  /**
   * Adds a record. One that is there already changes nothing; a SOA record takes the place of the one before, and of
   * different times to live of a set the least holds (RFC 2181 §5.2). 0, or a DraftError.
   *
   * @param owner of the zone, in wire form, in NAME_BUFFER_BYTES bytes
   */
  add(owner: usize, ownerBytes: i32, type: i32, ttl: u32, data: RecordData): i32 {
    const node = this.node(owner, ownerBytes, true);
    if (node == 0) return this.nodeError;
    const formBytes = this.shape(type, node, data);
    if (formBytes < 0) return formBytes;
    let sets = 0;
    let before: usize = 0;
    let set = DraftNode.firstSet(node);
    for (; set != 0 && <i32>load<u16>(set, 16) < type; set = <usize>load<u32>(set)) {
      before = set;
      if (++sets == SETS_MAX) return DraftError.SET;
    }
    if (set == 0 || <i32>load<u16>(set, 16) != type) {
      const made = this.arena.take(SET_DRAFT_BYTES);
      if (made == 0) return DraftError.LIMIT;
      memory.fill(made, 0, SET_DRAFT_BYTES);
      store<u32>(made, <u32>set);
      store<u32>(made, ttl, 12);
      store<u16>(made, <u16>type, 16);
      if (before == 0) DraftNode.setFirstSet(node, made);
      else store<u32>(before, <u32>made);
      set = made;
    } else if (type == SOA) {
      this.records--;
      store<u32>(set, 0, 4);
      store<u32>(set, 0, 8);
      store<u32>(set, ttl, 12);
      store<u64>(set, <u64>SOA, 16);
    } else store<u32>(set, min(load<u32>(set, 12), ttl), 12);
    return this.append(set, formBytes, data.bytes);
  }

  private append(set: usize, formBytes: i32, dataBytes: i32): i32 {
    const hash = hashOf(0, this.form, formBytes);
    if (this.find(set, hash, formBytes) != NOT_FOUND) return 0;
    const sent = <i32>load<u16>(set, 22) + dataBytes + 12;
    if (sent > SET_BYTES_MAX) return DraftError.SET;
    if (this.records == this.recordsMax) return DraftError.LIMIT;
    const record = this.arena.take(RECORD_FRONT_BYTES + <usize>formBytes);
    if (record == 0) return DraftError.LIMIT;
    store<u32>(record, 0);
    store<u32>(record, hash, 4);
    store<u16>(record, <u16>formBytes, 8);
    copy(record + RECORD_FRONT_BYTES, this.form, <usize>formBytes);
    const last = <usize>load<u32>(set, 8);
    if (last == 0) store<u32>(set, <u32>record, 4);
    else store<u32>(last, <u32>record);
    store<u32>(set, <u32>record, 8);
    store<u16>(set, load<u16>(set, 18) + 1, 18);
    store<u16>(set, load<u16>(set, 20) + <u16>formBytes, 20);
    store<u16>(set, <u16>sent, 22);
    this.records++;
    return 0;
  }

  /** The record before the one that is `form`, 0 if that is the first; NOT_FOUND. */
  private find(set: usize, hash: u32, formBytes: i32): usize {
    let before: usize = 0;
    for (let record = <usize>load<u32>(set, 4); record != 0; record = <usize>load<u32>(record)) {
      if (
        load<u32>(record, 4) == hash &&
        <i32>load<u16>(record, 8) == formBytes &&
        memory.compare(record + RECORD_FRONT_BYTES, this.form, <usize>formBytes) == 0
      )
        return before;
      before = record;
    }
    return NOT_FOUND;
  }

  /** Removes a record that is there (RFC 1995 §4). 0, or a DraftError. */
  remove(owner: usize, ownerBytes: i32, type: i32, data: RecordData): i32 {
    const node = this.node(owner, ownerBytes, false);
    if (node == 0) return this.nodeError;
    const formBytes = this.shape(type, node, data);
    if (formBytes < 0) return formBytes;
    let before: usize = 0;
    let set = DraftNode.firstSet(node);
    for (; set != 0 && <i32>load<u16>(set, 16) != type; set = <usize>load<u32>(set)) before = set;
    if (set == 0) return DraftError.MISSING;
    const earlier = this.find(set, hashOf(0, this.form, formBytes), formBytes);
    if (earlier == NOT_FOUND) return DraftError.MISSING;
    this.records--;
    const next = load<u32>(earlier == 0 ? <usize>load<u32>(set, 4) : <usize>load<u32>(earlier));
    if (earlier == 0) store<u32>(set, next, 4);
    else store<u32>(earlier, next);
    if (next == 0) store<u32>(set, <u32>earlier, 8);
    store<u16>(set, load<u16>(set, 18) - 1, 18);
    store<u16>(set, load<u16>(set, 20) - <u16>formBytes, 20);
    store<u16>(set, load<u16>(set, 22) - <u16>(data.bytes + 12), 22);
    if (load<u16>(set, 18) > 0) return 0;
    if (before == 0) DraftNode.setFirstSet(node, <usize>load<u32>(set));
    else store<u32>(before, load<u32>(set));
    return 0;
  }

  /** Writes `form`; its bytes, or a DraftError. */
  private shape(type: i32, owner: usize, record: RecordData): i32 {
    const form = this.form;
    const data = record.data;
    const layout = layoutOf(type);
    const first = <usize>record.first;
    if (record.bytes > SET_BYTES_MAX) return DraftError.SET;
    if (layout == Layout.NAME) {
      copy(form, data, first);
      const target = this.node(data + first, record.bytes - <i32>first, false);
      if (target == 0) return this.nodeError;
      store<u32>(form + first, <u32>target);
      return <i32>first + 4;
    }
    if (layout == Layout.SOA) {
      const second = record.second;
      const server = this.node(data, second, false);
      const mailbox = this.node(data + <usize>second, record.bytes - second - 20, false);
      if (server == 0 || mailbox == 0) return this.nodeError;
      store<u32>(form, <u32>server);
      store<u32>(form, <u32>mailbox, 4);
      copy(form + 8, data + <usize>record.bytes - 20, 20);
      return 28;
    }
    let at: usize = 0;
    if (layout == Layout.TARGET) {
      let target = owner;
      // RFC 9460 §2.5.2: in service mode, "." is the owner itself.
      const isService = type == SVCB || type == HTTPS;
      if (!isService || load<u8>(data + first) != 0 || load<u16>(data) == 0) {
        target = this.node(data + first, nameBytes(data + first), false);
        if (target == 0) return this.nodeError;
      }
      store<u32>(form, <u32>target);
      at = 4;
    }
    store<u16>(form + at, bswap(<u16>record.bytes));
    memory.copy(form + at + 2, data, <usize>record.bytes);
    return <i32>at + 2 + record.bytes;
  }

  /** Whether sets could be served: 0, or a DraftError. */
  check(node: usize): i32 {
    for (let set = DraftNode.firstSet(node); set != 0; set = <usize>load<u32>(set)) {
      const type = <i32>load<u16>(set, 16);
      if (type != CNAME && type != DNAME) continue;
      if (load<u16>(set, 18) != 1) return DraftError.ALIAS;
      if (type == DNAME) continue;
      for (let other = DraftNode.firstSet(node); other != 0; other = <usize>load<u32>(other)) {
        const beside = <i32>load<u16>(other, 16);
        // RFC 4034 §3 and §4: signatures lie beside an alias.
        if (beside != CNAME && beside != RRSIG && beside != NSEC) return DraftError.ALIAS;
      }
    }
    return 0;
  }
}

function nameBytes(name: usize): i32 {
  let bytes = 1;
  while (load<u8>(name) != 0) {
    const label = <i32>load<u8>(name) + 1;
    bytes += label;
    name += <usize>label;
  }
  return bytes;
}
