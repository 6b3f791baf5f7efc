/** Answers from a server that means harm: nothing traps, nothing hangs, and what is behind a message is not looked at. */
import { describe, expect, test } from "@phantasm/testing";
import { ADDRESSES_MAX, Answer, AnswerKind } from "./answer";
import { Reply } from "./testing";
import {
  MALFORMED,
  MessageWriter,
  NAME_BUFFER_BYTES,
  RecordType,
  nameOfText,
  readName,
  skipName,
} from "./wire";

const ROUNDS: i32 = 100_000;
const NAMES: string[] = ["a.example", "b.example", "c.a.example", "example", ".", "A.EXAMPLE"];

let seed: u32 = 0x2545f491;

function dice(sides: u32): u32 {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed % sides;
}

const answer = new Answer();
const writer = new MessageWriter();
const name: usize = heap.alloc(NAME_BUFFER_BYTES);
const query = new Uint8Array(64);

function octets(count: u32): u8[] {
  const list: u8[] = [];
  for (; count > 0; count--) list.push(<u8>dice(256));
  return list;
}

function someName(): string {
  return NAMES[dice(NAMES.length)];
}

/** An answer that is nearly right. */
function message(): Reply {
  const flags =
    dice(4) == 0 ? dice(65536) : (dice(9) == 0 ? 0x8380 : 0x8180) | (dice(6) == 0 ? dice(16) : 0);
  const reply = new Reply(query, flags);
  for (let records = dice(6); records > 0; records--) {
    const kind = dice(8);
    if (kind < 3) reply.a(someName(), <u8>records, dice(3) == 0 ? dice(u32.MAX_VALUE) : 60);
    else if (kind < 5) reply.alias(someName(), someName());
    else if (kind == 5) reply.soa(someName(), dice(100), dice(100));
    else if (kind == 6) reply.raw(dice(3), someName(), dice(50), octets(dice(30)));
    else reply.ns(someName());
  }
  if (dice(2) == 0) reply.opt(dice(8) == 0 ? 1 : 0);
  return reply;
}

describe("fuzz", () => {
  test("100 000 answers", () => {
    const nameBytes = nameOfText("a.example", name);
    writer.begin(query.dataStart, 64, 7, 0x0100);
    writer.question(name, nameBytes, RecordType.A, 1);
    const kinds = new StaticArray<i32>(6);
    for (let round = 0; round < ROUNDS; round++) {
      const reply = message();
      let bytes = reply.length;
      const start = reply.bytes.dataStart;
      if (dice(3) == 0) {
        for (let changes = dice(4); changes > 0; changes--) {
          const at = start + dice(bytes);
          // Often a pointer, else anything.
          if (dice(2) == 0) store<u16>(at, bswap<u16>(<u16>(0xc000 | dice(bytes))));
          else store<u8>(at, <u8>dice(256));
        }
      }
      if (dice(5) == 0) bytes = dice(bytes + 1);
      memory.fill(start + bytes, <u8>dice(256), 300);
      const kind = answer.read(start, bytes, 7, name, nameBytes, RecordType.A, false);
      kinds[kind]++;
      expect(answer.count <= ADDRESSES_MAX).toBe(true);
      const ttl = answer.ttl;
      const count = answer.count;
      if (kind == AnswerKind.ADDRESSES) expect(count > 0 && ttl <= <u32>i32.MAX_VALUE).toBe(true);
      memory.fill(start + bytes, <u8>dice(256), 300);
      expect(answer.read(start, bytes, 7, name, nameBytes, RecordType.A, false)).toBe(kind);
      expect(answer.ttl == ttl && answer.count == count).toBe(true);
    }
    // Or else the fuzzer has lost its way in.
    for (let kind = 0; kind < 6; kind++) expect(kinds[kind]).toBeGreaterThan(500);
  });

  test("100 000 names", () => {
    const bytes = new Uint8Array(600);
    const target: usize = heap.alloc(NAME_BUFFER_BYTES + 16);
    let names = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const length = dice(300) + 1;
      for (let at: u32 = 0; at < length; at++) {
        const kind = dice(8);
        bytes[at] = <u8>(
          (kind == 0 ? 0 : kind == 1 ? 0xc0 | dice(2) : kind == 2 ? dice(256) : dice(64))
        );
      }
      const at = dice(length);
      store<u64>(target + NAME_BUFFER_BYTES, 0x1122334455667788);
      const read = readName(bytes.dataStart, length, at, target);
      const end = skipName(bytes.dataStart, length, at);
      expect(load<u64>(target + NAME_BUFFER_BYTES)).toBe(0x1122334455667788);
      if (read == MALFORMED) continue;
      names++;
      expect(end > <i32>at && end <= <i32>length).toBe(true);
      // What was read is a name without pointers.
      expect(skipName(target, read, 0)).toBe(read);
    }
    expect(names).toBeGreaterThan(10_000);
  });
});
