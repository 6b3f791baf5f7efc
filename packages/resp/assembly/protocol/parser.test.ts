import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { bytesOf, textAt } from "../testing";
import { Parse, RequestParser } from "./parser";

/** What requests of a stream say, when it comes in pieces that `random` decides; null: as a whole. */
function read(stream: Uint8Array, random: TestRandom | null): string {
  const parser = new RequestParser(1000, 100_000);
  // Quotes are replaced where they lie.
  const bytes = stream.slice(0);
  let start = 0;
  let end = 0;
  let text = "";
  while (true) {
    const parsed = parser.parse(bytes.dataStart + <usize>start, end - start);
    if (parsed == Parse.MORE) {
      if (end == bytes.length) return text + "…";
      expect(parser.needed).toBeGreaterThan(end - start);
      end = random === null ? bytes.length : min(end + 1 + <i32>random.below(9), bytes.length);
      continue;
    }
    if (parsed == Parse.ERROR) return text + "!" + parser.error;
    text += parser.count.toString();
    for (let i = 0; i < parser.count; i++) {
      const offset = load<i32>(parser.table + ((<usize>i) << 3));
      const length = load<i32>(parser.table + ((<usize>i) << 3), 4);
      expect(offset >= 0 && length >= 0 && offset + length <= parser.consumed).toBe(true);
      text += ` <${textAt(bytes.dataStart + <usize>(start + offset), length)}>`;
    }
    text += "; ";
    start += parser.consumed;
    expect(start).toBeLessThanOrEqual(end);
    parser.reset();
  }
}

function whole(text: string): string {
  return read(bytesOf(text), null);
}

test("requests, one behind the other", () => {
  expect(whole("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nPING\r\n")).toBe(
    "2 <GET> <a>; 1 <PING>; …",
  );
  expect(whole("*1\r\n$0\r\n\r\n*0\r\n*-1\r\n")).toBe("1 <>; 0; 0; …");
});

test("lines of words", () => {
  expect(whole("ping\r\n  set a  'b c'\n")).toBe("1 <ping>; 3 <set> <a> <b c>; …");
  expect(whole('a "\\x41\\n\\"" x"y z"\n\r\n')).toBe('3 <a> <A\n"> <xy z>; 0; …');
  expect(whole("a 'it\\'s'\n")).toBe("2 <a> <it's>; …");
});

test("errors say what those of Redis say", () => {
  expect(whole('a "b\n')).toBe("!unbalanced quotes in request");
  expect(whole('a "b"c\n')).toBe("!unbalanced quotes in request");
  expect(whole("*x\r\n")).toBe("!invalid multibulk length");
  expect(whole("*1001\r\n")).toBe("!invalid multibulk length");
  expect(whole("*1\r\n+a\r\n")).toBe("!expected '$', got '+'");
  expect(whole("*1\r\n$-1\r\n")).toBe("!invalid bulk length");
  expect(whole("*1\r\n$100001\r\n")).toBe("!invalid bulk length");
  expect(whole("x".repeat(65_537))).toBe("!too big inline request");
  expect(whole("*" + "1".repeat(65_537))).toBe("!too big mbulk count string");
});

test("who is not known may send little", () => {
  const parser = new RequestParser(1000, 100_000);
  parser.isStranger = true;
  const many = bytesOf("*11\r\n");
  expect(parser.parse(many.dataStart, many.length)).toBe(Parse.ERROR);
  expect(parser.error).toBe("unauthenticated multibulk length");
});

const ALPHABET: string = "*$:0123456789\r\n\r\n\r\n\"'\\x ab";

function splits(seed: u64): void {
  const random = new TestRandom(seed);
  for (let round = 0; round < 400; round++) {
    let text = "";
    for (let i = <i32>random.below(12); i >= 0; i--) {
      const kind = random.below(5);
      if (kind == 0) text += "*2\r\n$1\r\nx\r\n$3\r\na\r\n\r\n";
      else if (kind == 1) text += `*1\r\n$${random.below(5)}\r\nabc\r\n`;
      else if (kind == 2) text += "get 'x y' \"\\x0a\"\r\n";
      else text += ALPHABET.charAt(<i32>random.below(ALPHABET.length));
    }
    const bytes = bytesOf(text);
    const expected = read(bytes, null);
    for (let again = 0; again < 3; again++) expect(read(bytes, random)).toBe(expected);
  }
}

test("however it is split, it reads the same (seed 1)", () => {
  splits(1);
});

test("however it is split, it reads the same (seed 2)", () => {
  splits(2);
});
