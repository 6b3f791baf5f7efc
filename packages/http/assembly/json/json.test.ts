import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { isUtf8 } from "../wire/utf8";
import { JSON_DEPTH_MAX, JsonReader, JsonToken } from "./json-reader";
import { JsonWriter } from "./json-writer";

const writer = new JsonWriter();
const reader = new JsonReader();

function raw(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8>text.charCodeAt(i);
  return bytes;
}

/** Tokens in short. */
function tokens(bytes: Uint8Array, length: i32 = bytes.length): string {
  reader.begin(bytes, 0, length);
  let text = "";
  for (let token = reader.next(); token != JsonToken.END; token = reader.next()) {
    if (token == JsonToken.INVALID) return "invalid";
    if (token == JsonToken.KEY) text += reader.text() + ":";
    else if (token == JsonToken.TEXT) text += "'" + reader.text() + "' ";
    else if (token == JsonToken.NUMBER) text += reader.number().toString() + " ";
    else text += "??{}[]???TFN".charAt(token) + " ";
  }
  return text;
}

function read(text: string): string {
  return tokens(Uint8Array.wrap(String.UTF8.encode(text)));
}

describe("a writer", () => {
  test("writes everything", () => {
    writer.clear().object().key("a").integer(i64.MIN_VALUE).key("b").array().text('x"\\\n\x01ü🎉');
    writer.number(1.5).number(NaN).boolean(true).null().array().end().object().end().end();
    writer.key("").boolean(false).end();
    expect(writer.toString()).toBe(
      '{"a":-9223372036854775808,"b":["x\\"\\\\\\n\\u0001ü🎉",1.5,null,true,null,[],{}],"":false}',
    );
    expect(read(writer.toString())).toBe(
      "{ a:-9223372036854776000.0 b:[ 'x\"\\\n\x01ü🎉' 1.5 N T N [ ] { } ] :F } ",
    );
  });

  test("is used again, and grows", () => {
    writer.clear().text("x".repeat(5000));
    expect(writer.length).toBe(5002);
    expect(writer.clear().integer(0).toString()).toBe("0");
  });

  test("writes nothing else", () => {
    expectAbort(() => {
      writer.clear().object().integer(1);
    }, "needs a key");
  });

  test("writes one value", () => {
    expectAbort(() => {
      writer.clear().integer(1).integer(1);
    }, "one value only");
  });
});

describe("a reader", () => {
  test("reads what RFC 8259 allows", () => {
    expect(read(' {"a" : [1, -0, 2.5e3, "\\u00fc\\ud83c\\udf89\\/\\b"], "a": {} }\r\n')).toBe(
      "{ a:[ 1.0 0.0 2500.0 'ü🎉/\b' ] a:{ } } ",
    );
    expect(read("[]")).toBe("[ ] ");
    expect(read('"\x7f"')).toBe("'\x7f' ");
    expect(read("1E400")).toBe("Infinity ");
  });

  test("refuses everything else", () => {
    const bad: string[] = [
      "",
      " ",
      "{",
      "[",
      "]",
      "[1",
      "[1,",
      "[1,]",
      "[,1]",
      "[1 2]",
      "{,}",
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      "{a:1}",
      "{1:1}",
      '{"a" 1}',
      "[1}",
      '{"a":1]',
      "01",
      "-",
      "+1",
      ".5",
      "1.",
      "1e",
      "1e+",
      "0x1",
      "NaN",
      "tru",
      "truee",
      "True",
      "nul",
      "'a'",
      '"',
      '"\\',
      '"\\"',
      '"\n"',
      '"\t"',
      '"\x00"',
      '"\\x41"',
      '"\\u12"',
      '"\\u12g4"',
      '"\\ud800"',
      '"\\ud800\\u0041"',
      '"\\udc00"',
      "1 1",
      "{}{}",
      "// x\n1",
      "\ufeff1",
    ];
    for (let i = 0; i < bad.length; i++)
      expect(bad[i] + " " + read(bad[i])).toBe(bad[i] + " invalid");
    expect(tokens(raw('"\xc0\x80"'))).toBe("invalid");
    expect(tokens(raw('"\xed\xa0\x80"'))).toBe("invalid");
    expect(tokens(raw('"\xff"'))).toBe("invalid");
  });

  test("is bounded in its depth", () => {
    expect(read("[".repeat(JSON_DEPTH_MAX) + "]".repeat(JSON_DEPTH_MAX)).length).toBe(
      4 * JSON_DEPTH_MAX,
    );
    expect(read("[".repeat(JSON_DEPTH_MAX + 1))).toBe("invalid");
    expect(read("[".repeat(100_000))).toBe("invalid");
  });

  test("skips values, and reads whole numbers", () => {
    const bytes = Uint8Array.wrap(
      String.UTF8.encode('{"x":{"y":[1,{}]},"n":42,"f":1.0,"b":12345678901234567890}'),
    );
    reader.begin(bytes, 0, bytes.length);
    reader.next();
    let found = "";
    while (reader.next() == JsonToken.KEY) {
      if (reader.is("x")) expect(reader.skip()).toBe(true);
      else {
        reader.next();
        found += reader.integer(0, 100, -1).toString() + " ";
      }
    }
    expect(found).toBe("42 -1 -1 ");
    expect(reader.isWhole()).toBe(true);
  });

  test("survives anything (seed 7)", () => {
    const random = new TestRandom(7);
    const pieces: string[] = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\u',
      "1",
      "-",
      "e",
      ".",
      "true",
      " ",
      '"',
      "\\",
    ];
    for (let round = 0; round < 20_000; round++) {
      let text = "";
      for (let count = random.below(14); count > 0; count--)
        text += pieces[random.below(pieces.length)];
      tokens(raw(text));
    }
  });
});

test("UTF-8 is what RFC 3629 says", () => {
  const good: string[] = [
    "",
    "a",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xed\x9f\xbf",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf",
  ];
  for (let i = 0; i < good.length; i++)
    expect(isUtf8(raw(good[i]).dataStart, good[i].length)).toBe(true);
  const bad: string[] = [
    "\x80",
    "\xc1\xbf",
    "\xc2",
    "\xc2\x41",
    "\xe0\x9f\xbf",
    "\xed\xa0\x80",
    "\xf0\x8f\xbf\xbf",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xe2\x82",
  ];
  for (let i = 0; i < bad.length; i++)
    expect(isUtf8(raw(bad[i]).dataStart, bad[i].length)).toBe(false);
});
