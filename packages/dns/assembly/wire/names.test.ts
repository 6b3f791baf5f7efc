import { describe, expect, test } from "@phantasm/testing";
import {
  MALFORMED,
  NAME_BUFFER_BYTES,
  equalNames,
  hashName,
  isWithin,
  lower8,
  lowerName,
  nameOfText,
  readName,
  skipName,
  textOfName,
} from "./names";

const one: usize = heap.alloc(NAME_BUFFER_BYTES);
const two: usize = heap.alloc(NAME_BUFFER_BYTES);
const message = new Uint8Array(1024);
let messageBytes: i32 = 0;

/** "3www.7example.0" and the like: a number is a byte, letters are themselves, `@12` is a pointer. */
function write(at: i32, text: string): i32 {
  for (const part of text.split(" ")) {
    if (part.startsWith("@")) {
      const target = I32.parseInt(part.substring(1));
      message[at++] = <u8>(0xc0 | (target >> 8));
      message[at++] = <u8>target;
    } else if (part.charCodeAt(0) < 0x3a) message[at++] = <u8>I32.parseInt(part);
    else for (let i = 0; i < part.length; i++) message[at++] = <u8>part.charCodeAt(i);
  }
  messageBytes = max(messageBytes, at);
  return at;
}

function read(at: i32): string {
  const bytes = readName(message.dataStart, messageBytes, at, one);
  return bytes < 0 ? "malformed" : `${textOfName(one)} ${bytes}`;
}

function skip(at: i32): i32 {
  return skipName(message.dataStart, messageBytes, at);
}

describe("reading", () => {
  test("labels", () => {
    const end = write(12, "3 www 7 Example 3 com 0");
    expect(read(12)).toBe("www.Example.com 17");
    expect(skip(12)).toBe(end);
    write(40, "0");
    expect(read(40)).toBe(". 1");
    expect(skip(40)).toBe(41);
  });

  test("pointers", () => {
    write(12, "7 example 3 com 0");
    const end = write(40, "3 www @12");
    const again = write(end, "1 a @40");
    expect(read(40)).toBe("www.example.com 17");
    expect(read(end)).toBe("a.www.example.com 19");
    expect(skip(40)).toBe(end);
    expect(skip(end)).toBe(again);
    write(again, "@20");
    expect(read(again)).toBe("com 5");
  });

  test("loops end: a pointer to itself, forward, in a circle", () => {
    write(12, "@12");
    expect(read(12)).toBe("malformed");
    write(12, "1 a @12");
    expect(read(12)).toBe("malformed");
    write(12, "@20");
    write(20, "1 a 0");
    expect(read(12)).toBe("malformed");
    write(12, "1 a @20");
    write(20, "1 b @12");
    expect(read(12)).toBe("malformed");
    expect(read(20)).toBe("malformed");
  });

  test("more pointers than a name can have labels", () => {
    let at = write(12, "1 a 0");
    let previous = 12;
    for (let count = 1; count <= 130; count++) {
      const here = at;
      at = write(at, `@${previous}`);
      previous = here;
      expect(read(here)).toBe(count <= 127 ? "a 3" : "malformed");
    }
  });

  test("cut off anywhere", () => {
    write(12, "7 example 3 com 0");
    const end = write(40, "3 www @12");
    for (let bytes = 12; bytes < 25; bytes++)
      expect(readName(message.dataStart, bytes, 12, one)).toBe(MALFORMED);
    for (let bytes = 40; bytes < end; bytes++) {
      expect(readName(message.dataStart, bytes, 40, one)).toBe(MALFORMED);
      expect(skipName(message.dataStart, bytes, 40)).toBe(MALFORMED);
    }
    expect(skipName(message.dataStart, 20, 20)).toBe(MALFORMED);
    expect(readName(message.dataStart, 20, 500, one)).toBe(MALFORMED);
  });

  test("labels of 63, not of 64; 255 bytes, not 256", () => {
    message[12] = 63;
    message.fill(0x61, 13, 76);
    write(76, "0");
    expect(readName(message.dataStart, 77, 12, one)).toBe(65);
    message[12] = 64;
    expect(readName(message.dataStart, 200, 12, one)).toBe(MALFORMED);
    expect(skipName(message.dataStart, 200, 12)).toBe(MALFORMED);
    message[12] = 0x80;
    expect(readName(message.dataStart, 200, 12, one)).toBe(MALFORMED);

    // 3 * 64 + 1 + n + 1 bytes.
    for (let n = 60; n < 63; n++) {
      message.fill(0x61, 12);
      for (let label = 0; label < 3; label++) message[12 + 64 * label] = 63;
      message[204] = <u8>n;
      message[205 + n] = 0;
      const bytes = 194 + n;
      expect(readName(message.dataStart, 1000, 12, one)).toBe(bytes <= 255 ? bytes : MALFORMED);
      expect(skipName(message.dataStart, 1000, 12)).toBe(bytes <= 255 ? 12 + bytes : MALFORMED);
    }
  });

  test("the limit of 255 also holds with pointers", () => {
    for (let at = 0; at < 250; at += 2) {
      message[at] = 1;
      message[at + 1] = 0x61;
    }
    message[250] = 0; // 251 bytes from 0
    messageBytes = 251;
    write(260, "3 abc @0");
    expect(read(260).endsWith("255")).toBe(true);
    write(260, "4 abcd @0");
    expect(read(260)).toBe("malformed");
  });
});

describe("text", () => {
  test("there and back", () => {
    for (const text of ["www.example.com", "a", "xn--bcher-kva.example", "_dns.local-1", "1.2"]) {
      expect(nameOfText(text, one)).toBe(text.length + 2);
      expect(textOfName(one)).toBe(text);
      expect(nameOfText(text + ".", one)).toBe(text.length + 2);
    }
    expect(nameOfText(".", one)).toBe(1);
    expect(textOfName(one)).toBe(".");
  });

  test("in lower case", () => {
    nameOfText("WWW.Example.COM", one);
    expect(textOfName(one)).toBe("www.example.com");
  });

  test("escapes", () => {
    expect(nameOfText("a\\.b\\\\.\\000\\255c", one)).toBe(10);
    expect(textOfName(one)).toBe("a\\.b\\\\.\\000\\255c");
    for (const text of ["\\", "a\\", "\\256", "\\25", "\\2a5", "\\é"])
      expect(nameOfText(text, one)).toBe(MALFORMED);
  });

  test("what is no name", () => {
    for (const text of ["", "..", ".a", "a..b", "a b", "bücher.example", "a\n", "a.."])
      expect(nameOfText(text, one)).toBe(MALFORMED);
  });

  test("lengths", () => {
    expect(nameOfText("a".repeat(63), one)).toBe(65);
    expect(nameOfText("a".repeat(64), one)).toBe(MALFORMED);
    expect(nameOfText("a".repeat(64) + ".b", one)).toBe(MALFORMED);
    const long = ("a".repeat(63) + ".").repeat(3) + "b".repeat(61);
    expect(nameOfText(long, one)).toBe(255);
    expect(nameOfText(long + ".", one)).toBe(255);
    expect(nameOfText(long + "b", one)).toBe(MALFORMED);
    expect(nameOfText(long.substring(0, 252) + ".b", one)).toBe(MALFORMED);
    store<u8>(one + 255, 0x77);
    nameOfText(long, one);
    expect(load<u8>(one + 255)).toBe(0x77);
  });
});

describe("comparing", () => {
  test("letters alone have two cases (RFC 4343)", () => {
    for (let byte = 0; byte < 256; byte++) {
      const isUpper = byte >= 0x41 && byte <= 0x5a;
      const lower: u64 = isUpper ? byte | 0x20 : byte;
      for (let place = 0; place < 64; place += 8) {
        const around: u64 = ~((<u64>0xff) << place) & 0x5b40ffdac1608061;
        expect(lower8(((<u64>byte) << place) | around)).toBe((lower << place) | lower8(around));
      }
    }
    expect(lower8(0x405b_415a_c1da_617a)).toBe(0x405b_617a_c1da_617a);
  });

  test("names of all lengths, whatever lies behind them", () => {
    for (let length = 1; length <= 40; length++) {
      const a = nameOfText("x".repeat(length), one);
      const b = nameOfText("x".repeat(length), two);
      for (let at = 1; at <= length; at += 3) store<u8>(two + at, 0x58);
      store<u8>(one + a, 1);
      store<u8>(two + b, 2);
      expect(equalNames(one, a, two, b)).toBe(true);
      expect(hashName(one, a, 1, 2)).toBe(hashName(two, b, 1, 2));
      for (let at = 0; at < b; at++) {
        store<u8>(two + at, load<u8>(two + at) ^ 1);
        expect(equalNames(one, a, two, b)).toBe(false);
        expect(hashName(one, a, 1, 2) == hashName(two, b, 1, 2)).toBe(false);
        store<u8>(two + at, load<u8>(two + at) ^ 1);
      }
      expect(equalNames(one, a, two, b - 1)).toBe(false);
      lowerName(two, b);
      expect(memory.compare(one, two, a)).toBe(0);
    }
  });

  test("SipHash-1-3 of 0, 1, 2, … with the key 0, 1, 2, …", () => {
    for (let at = 0; at < 16; at++) store<u8>(one + at, <u8>at);
    // None is a letter in upper case.
    expect(hashName(one, 0, 0x0706050403020100, 0x0f0e0d0c0b0a0908)).toBe(0xabac0158050fc4dc);
    expect(hashName(one, 15, 0x0706050403020100, 0x0f0e0d0c0b0a0908)).toBe(0xd320d86d2a519956);
    expect(hashName(one, 16, 0x0706050403020100, 0x0f0e0d0c0b0a0908)).toBe(0xcc4fdd1a7d908b66);
  });

  test("the hash depends on both halves of the key", () => {
    const bytes = nameOfText("example.com", one);
    expect(hashName(one, bytes, 1, 2) == hashName(one, bytes, 1, 3)).toBe(false);
    expect(hashName(one, bytes, 1, 2) == hashName(one, bytes, 2, 2)).toBe(false);
  });

  test("within", () => {
    const name = nameOfText("www.example.com", one);
    expect(isWithin(one, name, two, nameOfText("www.example.com", two))).toBe(true);
    expect(isWithin(one, name, two, nameOfText("Example.COM", two))).toBe(true);
    expect(isWithin(one, name, two, nameOfText("com", two))).toBe(true);
    expect(isWithin(one, name, two, nameOfText(".", two))).toBe(true);
    expect(isWithin(one, name, two, nameOfText("example", two))).toBe(false);
    expect(isWithin(one, name, two, nameOfText("ample.com", two))).toBe(false);
    expect(isWithin(one, name, two, nameOfText("a.www.example.com", two))).toBe(false);
  });
});
