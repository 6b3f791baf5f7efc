/**
 * What no server should send: the answer is the same however the bytes are cut, every call ends once, nothing traps,
 * nothing hangs, and nothing is left.
 */
import { HostClock } from "@phantasm/clock";
import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { TestConnection, step } from "../testing";
import { mutated, oneOf } from "../testing-mutation";
import { Call, CallHandler } from "./call";
import { ClientLimits, HttpClient } from "./client";
import { TestConnector } from "./testing-connector";

const ROUNDS: i32 = 4_000;
const CONTENT_MAX: i32 = 60;

/** Says what it has understood. */
class Mirror implements CallHandler {
  ended: i32 = 0;
  story: string = "";
  onResponse(call: Call): void {
    this.ended++;
    const field = call.field("x");
    this.story = `${call.status} ${field === null ? "" : field} ${call.text()}`;
  }
  onFailed(call: Call, error: i32): void {
    this.ended++;
    this.story = `failed ${error}`;
  }
}

const limits = new ClientLimits();
limits.headBytesMax = 400;
limits.fieldsMax = 6;
limits.contentBytesMax = CONTENT_MAX;
// What comes behind a redirect may be cut off from it, or taken for the next answer.
limits.redirects = 0;
const connector = new TestConnector();
const client = new HttpClient(connector, new HostClock(256), limits);
const mirror = new Mirror();

const GOOD: string[] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nA: b\r\n\r\n",
  "HTTP/1.0 200 OK\r\nX: y\r\n\r\nhello",
  "HTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
];
const VERSIONS: string[] = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2", "http/1.1"];
const STATUSES: string[] = ["200 OK", "200", "200 ", "302 Found", "103 X", "101 X", "99 X", "1000"];
const FIELDS: string[] = [
  "X: y",
  "X:",
  "X : y",
  " folded",
  "Location: /",
  "Connection: close",
  "Content-Length: 5",
  "Content-Length: 5, 5",
  "Content-Length: 70",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip",
  "Transfer-Encoding: chunked, chunked",
  "X: a\rb",
];
const CONTENTS: string[] = [
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "5\r\nhello\r\n-1\r\n",
  "0x5\r\nhello\r\n0\r\n\r\n",
  "FFFFFFFFFFFFFFFF\r\nhello",
  "5\nhello\n0\n\n",
  "40\r\nhello hello hello hello hello hello hello hello hello hello hello he\r\n0\r\n\r\n",
];

function one(texts: string[]): string {
  return oneOf(texts, random);
}

/** An answer, perhaps with others before it, most of them right or nearly so. */
function answer(): string {
  let text = "";
  for (let interim = <i32>random.below(12) - 8; interim > 0; interim--)
    text += "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
  if (random.below(2) == 0) text += one(GOOD);
  else {
    text += `${one(VERSIONS)} ${one(STATUSES)}\r\n`;
    for (let fields = random.below(4); fields > 0; fields--) text += `${one(FIELDS)}\r\n`;
    text += `\r\n${one(CONTENTS)}`;
  }
  text = mutated(text, random);
  return text.length > 0 ? text : "x";
}

/** Bytes alone. */
function noise(): string {
  let text = "";
  for (let left = 1 + random.below(80); left > 0; left--)
    text += String.fromCharCode(random.below(256));
  return random.below(2) == 0 ? text : "HTTP/1.1 200 OK\r\n" + text;
}

// Steps collect: what is needed behind one is held here.
let random: TestRandom = new TestRandom(1);
let server: TestConnection | null = null;
let text: string = "";
let whole: string = "";
let cut: string = "";

/** What comes of a call whose answer comes in pieces of up to so many bytes, before the server closes. */
function ask(method: string, pieces: i32): string {
  mirror.ended = 0;
  client.request(method, "http://a/", mirror)!.start();
  server = connector.succeeds();
  for (let at = 0; at < text.length;) {
    const bytes = pieces == 0 ? text.length : 1 + <i32>random.below(pieces);
    server!.says(text.substring(at, at + bytes));
    at += bytes;
  }
  server!.ends();
  expect(mirror.ended).toBe(1);
  expect(client.kept).toBe(0);
  return mirror.story;
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

  test("every cut of what is right", () => {
    for (let i = 0; i < GOOD.length; i++) {
      text = GOOD[i];
      whole = ask("GET", 0);
      expect(whole.startsWith("failed")).toBe(false);
      for (let first = 1; first < text.length; first++) {
        client.get("http://a/", mirror);
        server = connector.succeeds();
        server!.says(text.substring(0, first));
        server!.says(text.substring(first));
        server!.ends();
        expect(`cut at ${first}: ${mirror.story}`).toBe(`cut at ${first}: ${whole}`);
      }
    }
  });
});

function run(seed: u64): void {
  random = new TestRandom(seed);
  let understood = 0;
  for (let round = 0; round < ROUNDS; round++) {
    text = random.below(8) == 0 ? noise() : answer();
    const method = random.below(8) == 0 ? "HEAD" : "GET";
    whole = ask(method, 0);
    cut = ask(method, random.below(2) == 0 ? 1 : 40);
    if (cut != whole) expect(`seed ${seed} round ${round}: ${text}\n---\n${cut}`).toBe(whole);
    if (!whole.startsWith("failed")) understood++;
    if (round % 100 == 0) step();
  }
  // The generator is worth something.
  expect(understood).toBeGreaterThan(ROUNDS / 8);
  expect(understood).toBeLessThan((ROUNDS * 9) / 10);
  expect(connector.attempts.length).toBe(0);
}
