/**
 * What nobody should send: the answer is the same however the bytes are cut, nothing traps, nothing hangs, and nothing
 * is left when the client has gone.
 */
import { HostClock } from "@phantasm/clock";
import { RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { TestConnection, TestTcp, step, withoutDate, settle } from "../testing";
import { mutated, oneOf } from "../testing-mutation";
import { Exchange } from "./exchange";
import { ContentHandler, HttpHandler } from "./handlers";
import { HttpLimits } from "./limits";
import { HttpServer } from "./server";

const ROUNDS: i32 = 3_000;

/** Says what it has understood. */
class Mirror implements HttpHandler, ContentHandler {
  onRequest(exchange: Exchange): void {
    if (exchange.hasContent && !exchange.isPath("/b")) exchange.receive(this);
    else exchange.sendText(200, "", exchange.requestLine);
  }
  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void {
    const text = String.UTF8.decodeUnsafe(bytes.dataStart, <usize>length);
    exchange.sendText(200, "", `${exchange.requestLine} ${text}`);
  }
}

const limits = new HttpLimits();
limits.lineBytesMax = 100;
limits.headBytesMax = 400;
limits.fieldsMax = 6;
limits.contentBytesMax = 60;
limits.discardBytesMax = 40;
const server = new HttpServer(new HostClock(4096), new Mirror(), limits);
const tcp = new TestTcp();

const METHODS: string[] = ["GET", "POST", "HEAD", "PUT", "OPTIONS", "X", "CONNECT"];
const TARGETS: string[] = ["/", "/a?b", "/b", "*", "http://a/c", "a:1", "/%zz"];
const FIELDS: string[] = [
  "Host: a",
  "Host: b",
  "Connection: close",
  "Connection: keep-alive",
  "Content-Length: 5",
  "Content-Length: 70",
  "Content-Length: 5, 5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Expect: 100-continue",
  "X: y",
  " folded",
  "X : y",
  "X: a\rb",
  "X:",
];
const CONTENTS: string[] = [
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
  "05\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
  "5\r\nhello0\r\n\r\n",
  "FFFFFFFFFFFFFFF\r\n",
  "hello hello hello hello hello hello hello hello hello hello hello hello ",
];

function one(texts: string[]): string {
  return oneOf(texts, random);
}

const GOOD: string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
  "POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
  "PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
];

/** A few requests, most of them right or nearly so. */
function stream(): string {
  let text = "";
  for (let requests = 1 + random.below(4); requests > 0; requests--) {
    if (random.below(3) != 0) {
      text += one(GOOD);
      continue;
    }
    const version =
      random.below(10) == 0 ? "HTTP/1.0" : random.below(20) == 0 ? "HTTP/2.0" : "HTTP/1.1";
    text += `${one(METHODS)} ${one(TARGETS)} ${version}\r\n`;
    if (random.below(8) != 0) text += "Host: a\r\n";
    for (let fields = random.below(4); fields > 0; fields--) text += `${one(FIELDS)}\r\n`;
    text += `\r\n${one(CONTENTS)}`;
  }
  return mutated(text, random);
}

// Steps collect: what is needed behind one is held here.
let random: TestRandom = new TestRandom(1);
let client: TestConnection | null = null;
let text: string = "";
let whole: string = "";
let cut: string = "";
let heard: string = "";

/** What is answered when the text comes in pieces of up to so many bytes, and what becomes of the connection. */
function answer(pieces: i32): string {
  client = tcp.arrives();
  for (let at = 0; at < text.length;) {
    const bytes = pieces == 0 ? text.length : 1 + <i32>random.below(pieces);
    client!.says(text.substring(at, at + bytes));
    at += bytes;
  }
  settle();
  heard = withoutDate(client!.heard()) + client!.fate;
  client!.ends();
  settle();
  heard += withoutDate(client!.heard()) + client!.fate;
  client!.breaks(RESET);
  return heard;
}

describe("fuzz", () => {
  test("seed 1", () => {
    run(1);
  });
  test("seed 2", () => {
    run(2);
  });
  test("seed 3", () => {
    run(3);
  });
});

function run(seed: u64): void {
  server.listen(tcp, 80);
  random = new TestRandom(seed);
  let understood = 0;
  for (let round = 0; round < ROUNDS; round++) {
    text = stream();
    whole = answer(0);
    cut = answer(random.below(2) == 0 ? 1 : 40);
    if (cut != whole) expect(`seed ${seed} round ${round}: ${text}\n---\n${cut}`).toBe(whole);
    if (whole.includes(" 200 OK")) understood++;
  }
  // The generator is worth something.
  expect(understood).toBeGreaterThan(ROUNDS / 4);
  expect(understood).toBeLessThan((ROUNDS * 9) / 10);
  step(100 * SECOND);
  expect(server.partialBytes).toBe(0);
  expect(server.unsentBytes).toBe(0);
  expect(server.connections).toBe(0);
}
