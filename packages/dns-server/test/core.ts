/** The pure core in an instance of its own, for tests and measurements: bytes in, bytes out. */
import { fileURLToPath } from "node:url";
import { Compiler } from "../../../toolchain/dist/compile/compiler.js";
import { Language } from "../../../toolchain/dist/compile/language/language.js";
import { findAllOverrides } from "../../../toolchain/dist/compile/overrides.js";
import { SourceTree } from "../../../toolchain/dist/compile/resolve.js";
import { Packages } from "../../../toolchain/dist/packages.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

const ENTRY = `
import { Responder, TRANSFER } from "@phantasm/dns-server/responder";
import { Transfer } from "@phantasm/dns-server/transfer";
import { ZoneAccount, Zones } from "@phantasm/dns-server/zone-data";
import { ZoneSet } from "@phantasm/dns-server/zone-set";
import { Cookies } from "@phantasm/dns-server/cookies";
import { RateLimit } from "@phantasm/dns-server/rate-limit";
import { Draft } from "@phantasm/dns-server/draft";
import { TransferReader } from "@phantasm/dns-server/transfer-reader";
import { ZoneWriter } from "@phantasm/dns-server/zone-writer";
import { ServedZone } from "@phantasm/dns-server/zone-set";
import { ZoneChanges } from "@phantasm/dns-server/zone-changes";
import { ZoneCheck } from "@phantasm/dns-server/zone-check";
import { PENDING } from "@phantasm/interfaces";
/** Of our runtime, which is not here. */
@global function __new_cleared(size: usize, id: u32): usize {
  const made = __new(size, id);
  memory.fill(made, 0, size);
  return made;
}
let responder: Responder = changetype<Responder>(0);
let transfer: Transfer = changetype<Transfer>(0);
export function allocate(bytes: i32): usize { return heap.alloc(bytes); }
export function open(content: usize, bytes: i32): void {
  const zones = new Zones(content, bytes);
  responder = new Responder(new ZoneSet(zones));
  transfer = new Transfer();
}
export function addZone(name: usize, nameBytes: i32, content: usize, bytes: i32): void {
  const zone = new ServedZone(name, nameBytes);
  responder.zones.add(zone);
  if (bytes > 0) responder.zones.replace(zone, new Zones(content, bytes));
}
let draft: Draft = changetype<Draft>(0);
let reader: TransferReader = changetype<TransferReader>(0);
let writer: ZoneWriter = changetype<ZoneWriter>(0);
export function receive(bytesMax: i32, recordsMax: i32): void {
  draft = new Draft(bytesMax, recordsMax);
  reader = new TransferReader(draft, recordsMax);
  writer = new ZoneWriter(draft);
}
export function beginReceiving(name: usize, nameBytes: i32, id: i32, type: i32, serial: u32): i32 {
  reader.begin(name, nameBytes, id, type, serial);
  return draft.begin(name, nameBytes) ? 0 : -1;
}
export function receiveMessage(at: usize, bytes: i32): i32 { return reader.message(at, bytes); }
export function readMessage(): i32 { return reader.read(); }
/** Records of the version before, as a transfer has them. */
export function loadMessage(at: usize, bytes: i32): i32 { return reader.load(at, bytes); }
export function beginWriting(bytesMax: i32): void { writer.begin(new ZoneAccount(bytesMax)); }
export function write(steps: i32): i32 { return writer.work(steps); }
/** Address of the zone, whose bytes stand at 8. */
export function takeWritten(): usize { return writer.take().base; }
export function draftBytes(): i32 { return <i32>draft.bytes; }
export function setUdpBytes(bytes: i32): void { responder.udpBytesMax = bytes; }
export function setCookies(key0: u64, key1: u64, wallS: u32): void {
  responder.cookies = new Cookies(key0, key1);
  responder.wallS = wallS;
}
export function setLimit(perSecond: i32, slip: i32, entries: i32): void {
  responder.limit = new RateLimit(perSecond, slip, entries, 7);
}
export function setTime(nowNs: i64): void { responder.nowNs = nowNs; }
export function tell(): void {
  responder.version = "test";
  responder.identity = "one";
}
export function respond(query: usize, bytes: i32, into: usize, room: i32, isTcp: bool, low: u64): i32 {
  return responder.respond(query, bytes, into, room, isTcp, 0, 0xffff00000000 | low);
}
export function beginTransfer(query: usize): i32 { return transfer.begin(responder, query); }
export function nextTransfer(into: usize, room: i32): i32 {
  const bytes = transfer.next(responder.message, into, room);
  if (bytes == 0) transfer.finish();
  return bytes;
}
let problem: string = "";
/** What was wrong: UTF-16 behind its length in bytes. */
export function problemAt(): usize { return changetype<usize>(problem); }
/** 0: the zones are good; else the byte at which they are not, and 1. */
export function check(content: usize, bytes: i32): i32 {
  const check = new ZoneCheck();
  check.begin(content, bytes);
  let status = PENDING;
  for (let steps = 0; status == PENDING && steps < 10_000; steps++) status = check.step();
  assert(status != PENDING, "it does not end");
  problem = check.problem;
  return status == 0 ? 0 : <i32>check.problemAt + 1;
}
/** Serves other zones, and keeps what has changed. */
let changes: ZoneChanges = changetype<ZoneChanges>(0);
export function keepChanges(bytes: i32, versions: i32): void {
  changes = new ZoneChanges(7, bytes, versions);
  responder.changes = changes;
}
export function replaceBase(content: usize, bytes: i32): i32 {
  const zones = new Zones(content, bytes);
  let steps = 1;
  while (changes.compare(responder.zones.base, zones) == PENDING) steps++;
  responder.zones.replaceBase(zones);
  return steps;
}
/** Answers the queries that lie one behind the other, each behind its length, again and again. */
export function repeat(queries: usize, count: i32, rounds: i32, into: usize): i32 {
  let bytes = 0;
  for (; rounds > 0; rounds--) {
    let at = queries;
    for (let left = count; left > 0; left--) {
      const length = load<i32>(at);
      bytes += responder.respond(at + 4, length, into, 1232, false, 0, 0xffff0a000001);
      at += 4 + length;
    }
  }
  return bytes;
}
`;

interface Exports {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  open(content: number, bytes: number): void;
  setUdpBytes(bytes: number): void;
  setCookies(key0: bigint, key1: bigint, wallS: number): void;
  setLimit(perSecond: number, slip: number, entries: number): void;
  setTime(nowNs: bigint): void;
  tell(): void;
  respond(
    query: number,
    bytes: number,
    into: number,
    room: number,
    tcp: number,
    low: bigint,
  ): number;
  addZone(name: number, nameBytes: number, content: number, bytes: number): void;
  receive(bytesMax: number, recordsMax: number): void;
  beginReceiving(name: number, nameBytes: number, id: number, type: number, serial: number): number;
  receiveMessage(at: number, bytes: number): number;
  readMessage(): number;
  loadMessage(at: number, bytes: number): number;
  beginWriting(bytesMax: number): void;
  write(steps: number): number;
  takeWritten(): number;
  draftBytes(): number;
  beginTransfer(query: number): number;
  nextTransfer(into: number, room: number): number;
  check(content: number, bytes: number): number;
  problemAt(): number;
  keepChanges(bytes: number, versions: number): void;
  replaceBase(content: number, bytes: number): number;
  repeat(queries: number, count: number, rounds: number, into: number): number;
}

const QUERY_BYTES_MAX = 65_536;
export const TRANSFER = -1;

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const compiler = await Compiler.load();
  const packages = new Packages(PACKAGE);
  const tree = new SourceTree(PACKAGE, packages, new Map([["entry.ts", ENTRY]]));
  const language = await Language.load(compiler, tree);
  const output = new Map<string, Uint8Array | string>();
  class Link {
    afterParse(parser: never): void {
      language.lower(parser);
    }

    afterInitialize(program: never): void {
      findAllOverrides(program);
    }
  }
  const messages: string[] = [];
  const { error } = await compiler.asc.main(
    [
      "entry.ts",
      "--outFile",
      "core.wasm",
      "--runtime",
      "stub",
      "-O1",
      "--noColors",
      "--enable",
      "simd",
    ],
    {
      transforms: [Link as never],
      readFile: (name) => language.read(name),
      writeFile: (name, contents) => void output.set(name, contents),
      listFiles: () => [],
      reportDiagnostic: ({ message, range }) =>
        void messages.push(
          `${range ? compiler.place(tree, range).file : ""}:${range ? compiler.place(tree, range).line : ""} ${message}`,
        ),
    },
  );
  if (messages.length > 0 || error) throw new Error(`${messages.join("\n")}\n${String(error)}`);
  return WebAssembly.compile(output.get("core.wasm") as Uint8Array<ArrayBuffer>);
}

/** Zones in memory of their own, and room for one query and one answer. */
export class Core {
  readonly exports: Exports;
  readonly #query: number;
  readonly #answer: number;

  private constructor(instance: WebAssembly.Instance, zones: Uint8Array) {
    this.exports = instance.exports as unknown as Exports;
    const content = this.put(zones, 16);
    this.exports.open(content, zones.length);
    this.#query = this.exports.allocate(QUERY_BYTES_MAX);
    this.#answer = this.exports.allocate(QUERY_BYTES_MAX + 16);
  }

  static async of(zones: Uint8Array): Promise<Core> {
    compiled ??= compile();
    const abort = (message: number, file: number, line: number): never => {
      throw new Error(`the core aborted at line ${line} (${file}, ${message})`);
    };
    return new Core(await WebAssembly.instantiate(await compiled, { env: { abort } }), zones);
  }

  /** Copies bytes into the instance. */
  put(bytes: Uint8Array, padding = 0): number {
    const at = this.exports.allocate(bytes.length + padding);
    new Uint8Array(this.exports.memory.buffer).set(bytes, at);
    return at;
  }

  /** The answer; null: there is none, or the query asks for a transfer. */
  ask(
    query: Uint8Array,
    options: { tcp?: boolean; room?: number; from?: number } = {},
  ): Buffer | null {
    const { tcp = false, room = 65_535, from = 0x0a000001 } = options;
    const memory = new Uint8Array(this.exports.memory.buffer);
    memory.set(query, this.#query);
    memory.fill(0xee, this.#answer, this.#answer + room + 16);
    const bytes = this.exports.respond(
      this.#query,
      query.length,
      this.#answer,
      room,
      tcp ? 1 : 0,
      BigInt(from),
    );
    if (bytes > room) throw new Error(`an answer of ${bytes} bytes, and room for ${room}`);
    if (
      memory.subarray(this.#answer + room, this.#answer + room + 16).some((byte) => byte !== 0xee)
    )
      throw new Error("something was written behind the room for the answer");
    return bytes > 0 ? Buffer.from(memory.slice(this.#answer, this.#answer + bytes)) : null;
  }

  /** What `check` has found. */
  get problem(): string {
    const at = this.exports.problemAt();
    return this.take(at, this.take(at - 4, 4).readUInt32LE(0)).toString("utf16le");
  }

  /** Answers for one more zone, from zones that lie by themselves; null: it is not here yet. */
  add(name: string, zone: Uint8Array | null): void {
    const at = this.put(Buffer.from(name, "latin1"), 264);
    this.exports.addZone(at, name.length, zone ? this.put(zone, 16) : 0, zone?.length ?? 0);
  }

  /** The bytes at an address. */
  take(at: number, bytes: number): Buffer {
    return Buffer.from(new Uint8Array(this.exports.memory.buffer).slice(at, at + bytes));
  }

  /** All messages of a transfer; the response code when it is refused. */
  transfer(query: Uint8Array): Buffer[] | number {
    new Uint8Array(this.exports.memory.buffer).set(query, this.#query);
    const status = this.exports.respond(this.#query, query.length, this.#answer, 65_535, 1, 0n);
    if (status !== TRANSFER) throw new Error(`that is no request for a transfer: ${status}`);
    const rcode = this.exports.beginTransfer(this.#query);
    if (rcode !== 0) return rcode;
    const messages: Buffer[] = [];
    for (;;) {
      const bytes = this.exports.nextTransfer(this.#answer, 65_535);
      if (bytes === 0) return messages;
      if (new DataView(this.exports.memory.buffer).getUint16(this.#answer + 6) === 0)
        throw new Error("a message without records: there would be no end to them");
      messages.push(
        Buffer.from(
          new Uint8Array(this.exports.memory.buffer).slice(this.#answer, this.#answer + bytes),
        ),
      );
    }
  }
}
