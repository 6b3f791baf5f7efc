import { expect, test } from "@phantasm/testing";
import { Flag, MessageReader, MessageWriter, Rcode, RecordClass, RecordType } from "./message";
import { NAME_BUFFER_BYTES, nameOfText, readName, textOfName } from "./names";

const buffer = new Uint8Array(600);
const name: usize = heap.alloc(NAME_BUFFER_BYTES);
const reader = new MessageReader();
const writer = new MessageWriter();

function hex(bytes: i32): string {
  let text = "";
  for (let at = 0; at < bytes; at++) text += buffer[at].toString(16).padStart(2, "0");
  return text;
}

/** An answer to example.com, A, with a CNAME and an address. */
function answer(bytesMax: i32): void {
  writer.begin(buffer.dataStart, bytesMax, 0x1234, Flag.RESPONSE | Flag.RECURSION_DESIRED);
  writer.question(name, nameOfText("example.com", name), RecordType.A, RecordClass.IN);
  const pointer: usize = memory.data<u16>([0x0cc0]);
  const alias = nameOfText("a.example.net", name);
  const target = writer.record(0, pointer, 2, RecordType.CNAME, RecordClass.IN, 60, alias);
  if (target != 0) memory.copy(target, name, alias);
  const data = writer.record(0, name, alias, RecordType.A, RecordClass.IN, 0x80000001, 4);
  if (data != 0) store<u32>(data, 0x04030201);
  writer.opt(1232);
}

test("a query, byte for byte", () => {
  writer.begin(buffer.dataStart, 600, 0xabcd, Flag.RECURSION_DESIRED);
  writer.question(name, nameOfText("ab.c", name), RecordType.AAAA, RecordClass.IN);
  writer.opt(1232);
  expect(hex(writer.bytes)).toBe(
    "abcd01000001000000000001" + "0261620163" + "00" + "001c0001" + "00002904d0000000000000",
  );
});

test("what was written is read", () => {
  answer(600);
  expect(writer.overflows).toBe(false);
  expect(reader.begin(buffer.dataStart, writer.bytes)).toBe(true);
  expect(reader.id).toBe(0x1234);
  expect(reader.rcode).toBe(Rcode.NO_ERROR);
  expect(reader.questions).toBe(1);
  expect(reader.answers).toBe(2);
  expect(reader.authorities).toBe(0);
  expect(reader.additionals).toBe(1);
  expect(reader.question()).toBe(true);
  expect(reader.name).toBe(12);
  expect(reader.type).toBe(RecordType.A);
  expect(reader.record()).toBe(true);
  expect(reader.type).toBe(RecordType.CNAME);
  expect(reader.ttl).toBe(60);
  readName(reader.message, reader.bytes, reader.name, name);
  expect(textOfName(name)).toBe("example.com");
  readName(reader.message, reader.bytes, reader.data, name);
  expect(textOfName(name)).toBe("a.example.net");
  expect(reader.record()).toBe(true);
  expect(reader.dataBytes).toBe(4);
  expect(reader.ttl).toBe(0x80000001);
  expect(reader.record()).toBe(true);
  expect(reader.type).toBe(RecordType.OPT);
  expect(reader.class).toBe(1232);
  expect(reader.at).toBe(writer.bytes);
  expect(reader.record()).toBe(false);
});

test("cut off anywhere, some record does not end", () => {
  answer(600);
  const bytes = writer.bytes;
  for (let cut = 0; cut < bytes; cut++) {
    let whole = reader.begin(buffer.dataStart, cut) && reader.question();
    for (let count = 0; count < 3; count++) whole = whole && reader.record();
    expect(whole).toBe(false);
  }
});

test("what does not fit is left out as a whole, and is not counted", () => {
  answer(600);
  const bytes = writer.bytes;
  for (let bytesMax = 12; bytesMax < bytes; bytesMax++) {
    buffer.fill(0xee);
    answer(bytesMax);
    expect(writer.overflows).toBe(true);
    expect(writer.bytes <= bytesMax).toBe(true);
    for (let at = bytesMax; at < bytesMax + 20; at++) expect(buffer[at]).toBe(0xee);
    expect(reader.begin(buffer.dataStart, writer.bytes)).toBe(true);
    for (let count = 0; count < reader.questions; count++) expect(reader.question()).toBe(true);
    const records = reader.answers + reader.additionals;
    for (let count = 0; count < records; count++) expect(reader.record()).toBe(true);
    expect(reader.at).toBe(writer.bytes);
  }
});

test("shorter than a header", () => {
  expect(reader.begin(buffer.dataStart, 11)).toBe(false);
  expect(reader.begin(buffer.dataStart, 12)).toBe(true);
  expect(reader.question()).toBe(false);
});
