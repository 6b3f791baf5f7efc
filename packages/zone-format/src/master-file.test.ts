import { describe, expect, test } from "vitest";
import { readMasterFile, type ZoneRecord } from "./master-file.js";
import { nameText, parseName } from "./name.js";
import { Problems } from "./problems.js";
import { typeName } from "./types.js";

function read(files: Readonly<Record<string, string>> | string): {
  lines: string[];
  errors: readonly string[];
} {
  const problems = new Problems();
  const all = typeof files === "string" ? { "/zone": files } : files;
  const records = readMasterFile("/zone", {
    origin: parseName("example.org.", null),
    problems,
    read: (path) => all[path] ?? null,
    display: (path) => path.slice(1),
    recordsMax: 1000,
  });
  return { lines: records.map(line), errors: problems.errors };
}

function line({ owner, ttl, type, data }: ZoneRecord): string {
  return `${nameText(owner)} ${ttl} ${typeName(type)} ${data.bytes.toString("hex")}`;
}

/** The data of one record, in hexadecimal digits. */
function data(text: string): string {
  const { lines, errors } = read(`x 1 ${text}\n`);
  return errors[0] ?? lines[0]?.split(" ")[3] ?? "";
}

function hex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}

describe("a file", () => {
  test("may begin with the mark of UTF-8, and have the ends of lines of other systems", () => {
    const text = "\xef\xbb\xbf$TTL 1h\r\nx A 192.0.2.1\r\n\ty (\r\n A 192.0.2.2 )\r\n";
    expect(read(text).errors).toEqual([
      "zone:3:2: there is no type y; one without a name is written as TYPE65280",
    ]);
    expect(read(text).lines).toEqual(["x.example.org. 3600 A c0000201"]);
  });

  test.each([
    ["\xff\xfe$\0T\0", "zone:1:1: the file is UTF-16: save it as UTF-8 or ASCII"],
    ["a\0b 1 A 192.0.2.1", "zone:1:1: byte 0 of a name is written as \\000"],
    [
      "m\xfcller 1 A 192.0.2.1",
      "zone:1:1: letters beyond ASCII are written as an A-label, which begins with xn--",
    ],
    [
      "x 1 RRSIG A 8 3 1 2 3 4 a. AAAA",
      "zone:1:5: RRSIG is of a signed zone, and signatures are not served: use the zone as it was before",
    ],
  ])("%j is refused", (text, message) => {
    expect(read(text).errors).toEqual([message]);
  });
});

describe("data", () => {
  test.each([
    ["A 192.0.2.1", "c0000201"],
    ["AAAA 2001:db8::1", "20010db8000000000000000000000001"],
    ["AAAA ::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
    ["AAAA ::", "00".repeat(16)],
    ["NS ns", hex("\x02ns\x07example\x03org\0")],
    ["MX 10 mail.example.net.", `000a${hex("\x04mail\x07example\x03net\0")}`],
    ['TXT "a b" c "\\"\\065\\;"', hex('\x03a b\x01c\x03"A;')],
    ['TXT ""', "00"],
    [
      "SOA a b 1 1h 2m 3d 1w1s",
      `${hex("\x01a\x07example\x03org\0\x01b\x07example\x03org\0")}00000001` +
        "00000e10" +
        "00000078" +
        "0003f480" +
        "00093a81",
    ],
    ["SRV 1 2 3 .", "00010002000300"],
    ['CAA 128 issue "ca.example"', `80${hex("\x05issueca.example")}`],
    ["TLSA 3 1 1 0123 4567", "03010101234567"],
    ["DS 1 2 3 AbCd", "00010203abcd"],
    ["DNSKEY 257 3 8 AQID BA==", "01010308" + "01020304"],
    ["HINFO pdp unix", hex("\x03pdp\x04unix")],
    ['URI 1 2 "http://a/"', `00010002${hex("http://a/")}`],
    ["TYPE65280 \\# 3 010203", "010203"],
    ["TYPE65280 \\# 0", ""],
    ["A \\# 4 0a 00 0001", "0a000001"],
    ["TYPE1 192.0.2.1", "c0000201"],
    ["CLASS1 A 192.0.2.1", "c0000201"],
    ["SVCB 0 svc.example.net.", `0000${hex("\x03svc\x07example\x03net\0")}`],
    // RFC 9460 appendix D.
    ["SVCB 1 .", "000100"],
    ["SVCB 16 foo.example.com. port=53", `0010${hex("\x03foo\x07example\x03com\0")}000300020035`],
    [
      "SVCB 1 foo.example.com. key667=hello",
      `0001${hex("\x03foo\x07example\x03com\0")}029b0005${hex("hello")}`,
    ],
    [
      'SVCB 1 foo.example.com. key667="hello\\210qoo"',
      `0001${hex("\x03foo\x07example\x03com\0")}029b0009${hex("hello\xd2qoo")}`,
    ],
    [
      'SVCB 1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
      `0001${hex("\x03foo\x07example\x03com\0")}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    ],
    [
      "SVCB 16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)",
      `0010${hex("\x03foo\x07example\x03org\0")}000000040001000400010009${hex("\x02h2\x05h3-19")}00040004c0000201`,
    ],
    [
      'SVCB 16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      `0010${hex("\x03foo\x07example\x03org\0")}0001000c${hex("\x08f\\oo,bar\x02h2")}`,
    ],
  ])("%s", (text, expected) => {
    expect(data(text)).toBe(expected);
  });

  test.each([
    ["A 192.0.2.256", "zone:1:7: expected an IPv4 address such as 192.0.2.1, got 192.0.2.256"],
    ["A", "zone:1:5: an IPv4 address is missing at the end"],
    [
      "A 192.0.2.1 x",
      "zone:1:17: nothing may follow here: remove it, or put it in a line of its own",
    ],
    ["MX mail", "zone:1:8: it must be a number from 0 to 65535, got mail"],
    ["MX 65536 mail", "zone:1:8: it must be a number from 0 to 65535, got 65536"],
    ["CAA 0 is-sue x", "zone:1:11: expected a tag such as issue, got is-sue"],
    [
      "TYPE65280 1.2.3.4",
      "zone:1:15: data of this type are written as \\#, the number of bytes, and their hexadecimal digits (RFC 3597)",
    ],
    ["TYPE65280 \\# 3 0102", "zone:1:18: 3 bytes are announced, and 2 follow"],
    ["TYPE65280 \\# 2 010", "zone:1:20: expected pairs of hexadecimal digits"],
    ["A \\# 3 010203", "zone:1:10: these bytes are no data of the record's type"],
    ["NS \\# 2 0161", "zone:1:11: these bytes are no data of the record's type"],
    ["NOTHING x", "zone:1:5: there is no type NOTHING; one without a name is written as TYPE65280"],
    ["ANY x", "zone:1:5: only class IN is served: remove this record"],
    ["TYPE255 x", "zone:1:5: TYPE255 is no type of a record in a zone"],
    ["CH A 192.0.2.1", "zone:1:5: only class IN is served: remove this record"],
    [
      `TXT ${"x".repeat(256)}`,
      "zone:1:9: the text has 256 bytes; at most 255 are allowed: write several, each in quotation marks",
    ],
    ["SVCB 1 . port=53 port=54", "zone:1:22: port is there twice"],
    [
      "SVCB 1 . colour=red",
      "zone:1:14: there is no parameter colour; others are written as key123",
    ],
    ["SVCB 1 . mandatory=port", "zone:1:14: a mandatory parameter is missing"],
    ["SVCB 1 . no-default-alpn", "zone:1:14: no-default-alpn needs alpn beside it"],
    ["SVCB 1 . ipv4hint=1.2.3", "zone:1:14: 1.2.3 is no such address"],
  ])("%s is none", (text, error) => {
    expect(data(text)).toBe(error);
  });
});

describe("entries", () => {
  test("owners, times and classes may be left out", () => {
    expect(
      read(`$TTL 2h
a IN 5 A 192.0.2.1
  6 IN AAAA ::
  TXT x
@ A 192.0.2.2
$ORIGIN sub
b IN A 192.0.2.3
$TTL 1d
b TXT x ; a comment
`),
    ).toEqual({
      lines: [
        "a.example.org. 5 A c0000201",
        `a.example.org. 6 AAAA ${"00".repeat(16)}`,
        "a.example.org. 7200 TXT 0178",
        "example.org. 7200 A c0000202",
        "b.sub.example.org. 7200 A c0000203",
        "b.sub.example.org. 86400 TXT 0178",
      ],
      errors: [],
    });
  });

  test("without $TTL the last time holds (RFC 1035 §5.1), or that of the SOA record", () => {
    expect(
      read("a SOA a b 1 2 3 4 5\na A 192.0.2.1\na 9 NS a\na TXT x\n").lines.map(
        (one) => one.split(" ")[1],
      ),
    ).toEqual(["5", "5", "9", "9"]);
    expect(read("a A 192.0.2.1\n").errors).toEqual([
      "zone:1:3: there is no time to live: put a line such as $TTL 1h in front",
    ]);
  });

  test("parentheses, quotation marks and comments across lines", () => {
    expect(read('x 1 TXT ( "a;b" ; one\n "c (d" ) ; two\ny 1 A 192.0.2.1').lines).toEqual([
      `x.example.org. 1 TXT ${hex("\x03a;b\x04c (d")}`,
      "y.example.org. 1 A c0000201",
    ]);
    expect(read("x 1 TXT a\r\ny 1 TXT b\r\n").lines).toHaveLength(2);
  });

  test.each([
    ["x 1 TXT ( a\n", "zone:1:9: there is no ) for this (: add it"],
    ["x 1 TXT a )\n", "zone:1:11: there is no ( for this ): remove it"],
    ['x 1 TXT "a\n', 'zone:1:9: the text is not closed: put a " at its end'],
    ["  A 192.0.2.1\n", "zone:1:3: there is no name for this record: the line begins with a space"],
    ["$NONE x\n", "zone:1:1: there is no $NONE; there are $ORIGIN, $TTL, $INCLUDE and $GENERATE"],
    ["$TTL soon\n", "zone:1:6: expected a time such as 3600 or 1h, got soon"],
    ["$TTL 2147483648\n", "zone:1:6: a time to live is at most 2147483647 seconds"],
    ["$ORIGIN a b\n", "zone:1:11: nothing may follow here: remove it"],
    ["$INCLUDE none\n", "zone:1:10: none cannot be read: is there such a file?"],
    [
      "$INCLUDE zone\n",
      "zone:1:10: files include each other more than 8 deep: does one include itself?",
    ],
    ["a..b 1 A 192.0.2.1\n", "zone:1:1: a label is empty: there are two dots, or one in front"],
    ["$GENERATE 5-1 a A 1.2.3.$\n", "zone:1:11: the range must go upwards"],
    [
      "$GENERATE 1-2 a${x} A 1.2.3.$\n",
      "zone:1:15: expected ${offset,width,base} with a base of d, o, x, X, n or N, got ${x}",
    ],
    ["$GENERATE 1-2000 a$ 1 A 1.2.3.4\n", "zone:1:23: there are more than 1000 records"],
  ])("%j", (text, error) => {
    expect(read(text).errors[0]).toBe(error);
  });

  test("$INCLUDE has an origin of its own, and changes none", () => {
    const { lines, errors } = read({
      "/zone": "$TTL 1\n$INCLUDE parts/one inc\na A 192.0.2.1\n$INCLUDE parts/two\n",
      "/parts/one": "b A 192.0.2.2\n$ORIGIN elsewhere.\n@ A 192.0.2.3\n$INCLUDE two\n",
      "/parts/two": "c A 192.0.2.4\n",
    });
    expect(errors).toEqual([]);
    expect(lines.map((one) => one.split(" ")[0])).toEqual([
      "b.inc.example.org.",
      "elsewhere.",
      "c.elsewhere.",
      "a.example.org.",
      "c.example.org.",
    ]);
  });

  test("$GENERATE", () => {
    expect(
      read(
        "$TTL 1\n$GENERATE 9-11/2 h$-${-9,3}-${1,4,x}-\\$ 5 CNAME ${0,4,X}.\n$GENERATE 0-1 ${16,8,n} PTR a\n",
      ).lines.map((one) => one.split(" ").slice(0, 2).join(" ")),
    ).toEqual([
      "h9-000-000a-\\$.example.org. 5",
      "h11-002-000c-\\$.example.org. 5",
      "0.1.0.0.example.org. 1",
      "1.1.0.0.example.org. 1",
    ]);
  });

  test("several mistakes are told together", () => {
    expect(read("a 1 A x\nb 1 A y\nc 1 A z\n").errors).toHaveLength(3);
    expect(read("a 1 A x\n".repeat(100)).errors).toHaveLength(20);
  });
});
