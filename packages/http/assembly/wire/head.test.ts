import { describe, expect, test } from "@phantasm/testing";
import { HeadLimits } from "./head";
import { methodText } from "./method";
import { RequestHead, TargetForm } from "./request-head";
import { textOf } from "./characters";

const limits = new HeadLimits();
const head = new RequestHead(limits);
const area: usize = heap.alloc(70_000);

/** Puts the text where a head may lie; returns its bytes. */
function place(text: string): i32 {
  for (let i = 0; i < text.length; i++) store<u8>(area + <usize>i, <u8>text.charCodeAt(i));
  return text.length;
}

/** Parses a text, whole. */
function parse(text: string): i32 {
  return head.parse(area, place(text));
}

/** A request that is right but for one line. */
function withLine(line: string): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
}

/** What the parser says, whole and for every place where it may be cut. */
function verdict(text: string): i32 {
  const whole = parse(text);
  for (let bytes = 0; bytes < text.length; bytes++) {
    const part = head.parse(area, bytes);
    // What is said early is said at the end too.
    if (part != 0 && part != whole) return 1_000_000 + bytes;
  }
  expect(parse(text)).toBe(whole);
  return whole;
}

describe("a request", () => {
  test("of a browser", () => {
    const text =
      "GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: example.com:8080\r\nAccept-Encoding:gzip, br \r\n" +
      "Connection: Keep-Alive, Upgrade\r\nEmpty:\r\nX-Tab: a\tb\r\n\r\n";
    expect(verdict(text + "")).toBe(text.length);
    expect(methodText(head.method)).toBe("GET");
    expect(textOf(head.path, head.pathBytes)).toBe("/a/b%20c");
    expect(textOf(head.query, head.queryBytes)).toBe("x=1&y");
    expect(head.authority).toBe("example.com:8080");
    expect(head.value("accept-encoding")).toBe("gzip, br");
    expect(head.value("empty")).toBe("");
    expect(head.value("x-tab")).toBe("a\tb");
    expect(head.value("missing")).toBeNull();
    expect(head.saysKeepAlive && head.saysUpgrade && !head.saysClose).toBe(true);
    expect(head.fieldCount).toBe(5);
    expect(textOf(head.line, head.lineBytes)).toBe("GET /a/b%20c?x=1&y HTTP/1.1");
  });

  test("with what follows it left alone", () => {
    const text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    expect(parse(text + "GET")).toBe(text.length);
    expect(parse(text + "\x00\x00")).toBe(text.length);
  });

  test("after an empty line (RFC 9112 §2.2), one", () => {
    const text = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    expect(verdict(text)).toBe(text.length);
    expect(textOf(head.path, head.pathBytes)).toBe("/");
    expect(verdict("\r\n" + text)).toBe(-400);
  });

  test("in every form of target (RFC 9112 §3.2)", () => {
    expect(verdict("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).toBeGreaterThan(0);
    expect(head.form).toBe(TargetForm.ASTERISK);
    expect(verdict("GET http://b.c:81/d?e HTTP/1.1\r\nHost: a\r\n\r\n")).toBeGreaterThan(0);
    expect(head.form).toBe(TargetForm.ABSOLUTE);
    expect(head.authority).toBe("b.c:81");
    expect(textOf(head.path, head.pathBytes)).toBe("/d");
    expect(verdict("GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n")).toBeGreaterThan(0);
    expect(textOf(head.path, head.pathBytes)).toBe("/");
    expect(verdict("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n")).toBeGreaterThan(0);
    expect(textOf(head.query, head.queryBytes)).toBe("q");
    expect(verdict("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")).toBeGreaterThan(0);
    expect(head.form).toBe(TargetForm.AUTHORITY);
  });

  test("keeps its connection or not (RFC 9112 §9.3)", () => {
    parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(head.keepsAlive).toBe(true);
    parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n");
    expect(head.keepsAlive).toBe(false);
    parse("GET / HTTP/1.0\r\n\r\n");
    expect(head.keepsAlive).toBe(false);
    parse("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    expect(head.keepsAlive).toBe(true);
    parse("GET / HTTP/1.7\r\nHost: a\r\n\r\n");
    expect(head.minor == 1 && head.keepsAlive).toBe(true);
  });
});

/** What smugglers send, and what else is wrong: status; request. */
const REFUSED: string[] = [
  // Request line: RFC 9112 §3.
  "400 GET / HTTP/1.1\nHost: a\n\n",
  "400 GET / HTTP/1.1\r\nHost: a\n\r\n",
  "400 GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
  "400 GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
  "400  GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /\r\n",
  "400 GET\r\n",
  "400 \r\n\r\n",
  "400 G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET / http/1.1\r\nHost: a\r\n\r\n",
  "400 GET / HTTP/11\r\nHost: a\r\n\r\n",
  "400 GET / HTTP/1.x\r\nHost: a\r\n\r\n",
  "400 GET / HTTP/1.10\r\nHost: a\r\n\r\n",
  "400 GET / XTTP/1.1\r\nHost: a\r\n\r\n",
  "505 GET / HTTP/2.0\r\nHost: a\r\n\r\n",
  "505 GET / HTTP/0.9\r\n\r\n",
  "505 PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "400 GET a HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET * HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 CONNECT a/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
  "400 \x16\x03\x01\x02\x00",
  // Host: RFC 9112 §3.2.
  "400 GET / HTTP/1.1\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n",
  "400 GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
  // Fields: RFC 9112 §5, RFC 9110 §5.
  "400 GET / HTTP/1.1\r\n Host: a\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost : a\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost\t: a\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX(Y): b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX\x00: b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX\x80: b\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaa\x7faaaaaaaaaaaaaaa\r\n\r\n",
  "400 GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaa\raaaaaaaaaaaaaaa\r\n\r\n",
  // Lengths: RFC 9112 §6.
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 2\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx",
  "400 POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
  "400 POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n",
  '400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n',
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n",
  "400 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
  "501 POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
  // Expect: RFC 9110 §10.1.1.
  "417 POST / HTTP/1.1\r\nHost: a\r\nExpect: 101-continue\r\n\r\n",
];

describe("refused", () => {
  test("all of them, however they are cut", () => {
    for (let i = 0; i < REFUSED.length; i++) {
      const status = I32.parseInt(REFUSED[i].substring(0, 3));
      const text = REFUSED[i].substring(4);
      expect(`${verdict(text)} ${text}`).toBe(`${-status} ${text}`);
    }
  });
});

describe("limits", () => {
  test("of the first line: 414", () => {
    const good = "GET /" + "x".repeat(limits.lineBytesMax - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    expect(parse(good)).toBe(good.length);
    expect(
      verdict("GET /" + "x".repeat(limits.lineBytesMax - 13) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
    ).toBe(-414);
    expect(parse("GET /" + "x".repeat(limits.lineBytesMax))).toBe(-414);
  });

  test("of the head: 431", () => {
    const start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const room = limits.headBytesMax - start.length - 4;
    const good = start + "x".repeat(room) + "\r\n\r\n";
    expect(parse(good)).toBe(good.length);
    expect(parse(start + "x".repeat(room + 1) + "\r\n\r\n")).toBe(-431);
    expect(parse(start + "x".repeat(room + 10))).toBe(-431);
  });

  test("of the number of fields: 431", () => {
    const good = withLine("X: y\r\n".repeat(limits.fieldsMax - 2) + "X: y");
    expect(parse(good)).toBe(good.length);
    expect(verdict(withLine("X: y\r\n".repeat(limits.fieldsMax - 1) + "X: y"))).toBe(-431);
  });
});

describe("a field beyond ASCII", () => {
  test("is UTF-8, or a character a byte", () => {
    const values: string[] = ["\xc3\xbc", "\xfc", "\xc0\x8a", "\xed\xa0\x80", "a\xe2\x82"];
    const meanings: string[] = ["ü", "ü", "À\u008a", "í\u00a0\u0080", "aâ\u0082"];
    for (let i = 0; i < values.length; i++) {
      expect(parse(withLine(`X: ${values[i]}`))).toBeGreaterThan(0);
      expect(head.value("x")).toBe(meanings[i]);
    }
  });
});
