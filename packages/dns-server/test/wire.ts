/** An independent, strict reader of messages: what is not exactly well-formed is an error. For tests only. */

export interface WireRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** With names decompressed and in lower case. */
  readonly data: string;
}

export interface WireMessage {
  readonly id: number;
  readonly flags: number;
  readonly rcode: number;
  readonly questions: readonly {
    readonly name: string;
    readonly type: number;
    readonly class: number;
  }[];
  readonly answers: readonly WireRecord[];
  readonly authorities: readonly WireRecord[];
  readonly additionals: readonly WireRecord[];
  readonly opt: WireRecord | null;
}

export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080 } as const;

/** Bytes in front of the names that may be compressed in data, and how many names. */
const COMPRESSIBLE: Readonly<Record<number, readonly [number, number]>> = {
  2: [0, 1],
  5: [0, 1],
  6: [0, 2],
  12: [0, 1],
  15: [2, 1],
};
/** Names there that must not be. */
const PLAIN: Readonly<Record<number, readonly [number, number]>> = {
  33: [6, 1],
  39: [0, 1],
  64: [2, 1],
  65: [2, 1],
};

class Reader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  u8(): number {
    return this.bytes.readUInt8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }

  /** As one string of the wire form, case kept. */
  name(mayPoint = true): string {
    let name = "";
    let at = this.at;
    let front = at;
    let jumped = false;
    for (;;) {
      const length = this.bytes.readUInt8(at);
      if (length >= 0xc0) {
        if (!mayPoint) throw new Error("a name is compressed that must not be");
        const to = this.bytes.readUInt16BE(at) & 0x3fff;
        if (to >= front || to < 12) throw new Error(`a pointer leads from ${at} to ${to}`);
        if (!jumped) this.at = at + 2;
        jumped = true;
        front = to;
        at = to;
        continue;
      }
      if (length > 63) throw new Error("a label is too long");
      if (at + 1 + length > this.bytes.length)
        throw new Error("a label reaches beyond the message");
      name += this.bytes.toString("latin1", at, at + 1 + length);
      if (name.length > 255) throw new Error("a name is too long");
      at += 1 + length;
      if (length === 0) break;
    }
    if (!jumped) this.at = at;
    return name;
  }
}

function readRecord(reader: Reader): WireRecord {
  const name = reader.name();
  const type = reader.u16();
  const record = { name, type, class: reader.u16(), ttl: reader.u32() };
  const length = reader.u16();
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new Error("data reach beyond the message");
  const start = reader.at;
  const [front, names] = COMPRESSIBLE[type] ?? PLAIN[type] ?? [0, 0];
  reader.at += front;
  let data = reader.bytes.toString("hex", start, reader.at);
  for (let left = names; left > 0; left--) data += ` ${lower(reader.name(type in COMPRESSIBLE))} `;
  if (reader.at > end) throw new Error("a name reaches beyond its data");
  data += reader.bytes.toString("hex", reader.at, end);
  reader.at = end;
  return { ...record, data };
}

export function lower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** @throws Error when it is not exactly well-formed */
export function readMessage(bytes: Buffer): WireMessage {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  const questions = Array.from({ length: counts[0] }, () => ({
    name: reader.name(false),
    type: reader.u16(),
    class: reader.u16(),
  }));
  const section = (count: number): WireRecord[] =>
    Array.from({ length: count }, () => readRecord(reader));
  const answers = section(counts[1]);
  const authorities = section(counts[2]);
  const all = section(counts[3]);
  if (reader.at !== bytes.length)
    throw new Error(`${bytes.length - reader.at} bytes follow the last record`);
  const opts = all.filter(({ type }) => type === 41);
  if (opts.length > 1 || [...answers, ...authorities].some(({ type }) => type === 41))
    throw new Error("an OPT record too many");
  const [opt = null] = opts;
  if (opt && opt.name !== "\0") throw new Error("an OPT record has a name");
  const rcode = (flags & 15) | ((opt ? opt.ttl >>> 24 : 0) << 4);
  const additionals = all.filter(({ type }) => type !== 41);
  return { id, flags, rcode, questions, answers, authorities, additionals, opt };
}

export interface QueryOptions {
  readonly id?: number;
  readonly flags?: number;
  readonly class?: number;
  /** Size of EDNS; none without. */
  readonly edns?: number;
  readonly version?: number;
  readonly dnssecOk?: boolean;
  /** Options of EDNS, as they are sent. */
  readonly options?: Buffer;
  /** Behind the question, counted in `authorities`. */
  readonly authority?: Buffer;
}

/** A name of dots in wire form; `\x` escapes nothing. */
export function wireName(text: string): string {
  if (text === ".") return "\0";
  return text
    .replace(/\.$/, "")
    .split(".")
    .map((label) => String.fromCharCode(label.length) + label)
    .join("")
    .concat("\0");
}

export function optRecord({
  edns = 1232,
  version = 0,
  dnssecOk = false,
  options = Buffer.alloc(0),
}: QueryOptions): Buffer {
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(41, 1);
  opt.writeUInt16BE(edns, 3);
  opt[6] = version;
  if (dnssecOk) opt[7] = 0x80;
  opt.writeUInt16BE(options.length, 9);
  return Buffer.concat([opt, options]);
}

/** @param name in wire form */
export function makeQuery(name: string, type: number, options: QueryOptions = {}): Buffer {
  const { id = 4711, flags = 0, class: class_ = 1, edns, authority } = options;
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(flags, 2);
  head.writeUInt16BE(1, 4);
  if (authority) head.writeUInt16BE(1, 8);
  if (edns !== undefined) head.writeUInt16BE(1, 10);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(class_, 2);
  return Buffer.concat([
    head,
    Buffer.from(name, "latin1"),
    tail,
    ...(authority ? [authority] : []),
    ...(edns === undefined ? [] : [optRecord(options)]),
  ]);
}
