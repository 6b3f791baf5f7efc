/** Servers that mean harm: each call ends, soon and once, with a bounded amount of memory. */
import { HostClock } from "@phantasm/clock";
import { CLOSED, RESET, SECOND, TIMED_OUT, TOO_LARGE } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TestConnection, step } from "../testing";
import { Call, CallHandler, MALFORMED, REDIRECTED } from "./call";
import { ClientLimits, HttpClient } from "./client";
import { TestConnector } from "./testing-connector";

let story: string = "";
let server: TestConnection | null = null;

class Calls implements CallHandler {
  onResponse(call: Call): void {
    story += `${call.status} ${call.text()} `;
  }
  onFailed(call: Call, error: i32): void {
    story += `failed ${error} `;
  }
}

const limits = new ClientLimits();
const connector = new TestConnector();
const client = new HttpClient(connector, new HostClock(256), limits);
const calls = new Calls();

const HEAD: string = "HTTP/1.1 200 OK\r\n";
const CHUNKED: string = HEAD + "Transfer-Encoding: chunked\r\n\r\n";

function ask(): TestConnection {
  client.get("http://a/", calls);
  server = connector.succeeds();
  server!.forgets();
  return server!;
}

/** Says it again and again, until the client has had enough. Returns how often it was heard. */
function repeat(begin: string, text: string, timesMax: i32): i32 {
  ask();
  if (begin.length > 0) server!.says(begin);
  let times = 0;
  while (times < timesMax && story == "") {
    server!.says(text);
    times++;
  }
  return times;
}

describe("a server that does not end", () => {
  test("its head, in whatever it consists of", () => {
    const heads: string[] = ["X: y\r\n", "x", "X: y", "\r", "X:"];
    for (let i = 0; i < heads.length; i++) {
      repeat(HEAD, heads[i], limits.headBytesMax);
      expect(heads[i] + story).toBe(heads[i] + `failed ${MALFORMED} `);
      expect(server!.fate).toBe("abort ");
      story = "";
    }
  });

  test("saying that the answer comes soon", () => {
    const times = repeat("", "HTTP/1.1 102 Processing\r\n\r\n", 1_000);
    expect(story).toBe(`failed ${MALFORMED} `);
    expect(times).toBeLessThan(20);
  });

  test("its content, with a length and without one", () => {
    limits.contentBytesMax = 10_000;
    const begins: string[] = [HEAD + "\r\n", HEAD + "Connection: close\r\n\r\n", CHUNKED];
    for (let i = 0; i < begins.length; i++) {
      const isChunked = begins[i] == CHUNKED;
      const times = repeat(
        begins[i],
        isChunked ? "64\r\n" + "x".repeat(100) + "\r\n" : "x".repeat(100),
        1_000,
      );
      expect(times).toBe(101);
      expect(story).toBe(`failed ${TOO_LARGE} `);
      story = "";
    }
    // One that is announced is not waited for.
    ask().says(HEAD + "Content-Length: 10001\r\n\r\n");
    expect(story).toBe(`failed ${TOO_LARGE} `);
    expect(server!.fate).toBe("abort ");
  });

  test("what stands beside its content", () => {
    repeat(CHUNKED + "1;a=", "b", 100_000);
    expect(story).toBe(`failed ${MALFORMED} `);
    story = "";
    repeat(CHUNKED + "1\r\nx\r\n0\r\n", "X: y\r\n", 100_000);
    expect(story).toBe(`failed ${MALFORMED} `);
    story = "";
    // Small chunks with large extensions.
    repeat(CHUNKED, "1;" + "a".repeat(1000) + "\r\nx\r\n", 1_000);
    expect(story).toBe(`failed ${MALFORMED} `);
  });

  test("or begin", () => {
    ask();
    step(limits.totalNs);
    expect(story).toBe(`failed ${TIMED_OUT} `);
    expect(server!.fate).toBe("abort ");
  });

  test("dripping its head or its content", () => {
    const begins: string[] = [
      HEAD + "X: ",
      HEAD + "Content-Length: 10000\r\n\r\n",
      CHUNKED + "1000\r\n",
    ];
    for (let i = 0; i < begins.length; i++) {
      ask().says(begins[i]);
      for (let seconds: i64 = 0; seconds < 59; seconds++) {
        step(SECOND);
        server!.says("x");
        expect(story).toBe("");
      }
      step(SECOND);
      expect(story).toBe(`failed ${TIMED_OUT} `);
      expect(server!.fate).toBe("abort ");
      story = "";
    }
  });

  test("taking what is sent to it", () => {
    client.post("http://a/", "", new Uint8Array(100_000), calls);
    server = new TestConnection();
    server!.room = 1_000;
    connector.attempts.pop().handler.onConnection(server!);
    for (let seconds: i64 = 0; seconds < 59; seconds++) {
      step(SECOND);
      server!.reads(10);
    }
    step(SECOND);
    expect(story).toBe(`failed ${TIMED_OUT} `);
  });

  test("sending the client around", () => {
    let asked = 0;
    client.get("http://a/", calls);
    while (story == "" && asked < 100) {
      server = connector.succeeds();
      asked++;
      const to = asked % 2 == 0 ? "a" : "b";
      server!.says(
        `HTTP/1.1 302 X\r\nConnection: close\r\nContent-Length: 0\r\nLocation: http://${to}/\r\n\r\n`,
      );
    }
    expect(asked).toBe(limits.redirects + 1);
    expect(story).toBe(`failed ${REDIRECTED} `);
    expect(client.kept).toBe(0);
  });

  test("sending the client around slowly", () => {
    client.get("http://a/", calls);
    server = connector.succeeds();
    for (let i = 0; i < 6; i++) {
      step(9 * SECOND);
      server!.says("HTTP/1.1 307 X\r\nContent-Length: 0\r\nLocation: /\r\n\r\n");
    }
    step(6 * SECOND);
    expect(story).toBe(`failed ${TIMED_OUT} `);
  });
});

describe("a server that lies", () => {
  test("about its chunks", () => {
    const chunks: string[] = [
      "-1\r\nx\r\n",
      "+1\r\nx\r\n",
      "0x1\r\nx\r\n",
      " 1\r\nx\r\n",
      "1 \r\nx\r\n",
      "\r\n",
      ";a\r\nx\r\n",
      "1\nx\n",
      "1\r\nxy\r\n",
      "1\r\nx\n",
      "1\r\nx0\r\n\r\n",
      "10000000000000001\r\nx\r\n",
      "ffffffffffffffff\r\nx\r\n",
      '1;a="\r\n\r\nx\r\n',
      "1;\0\r\nx\r\n",
      "0\r\nX : y\r\n\r\n",
      "0\r\n folded\r\n\r\n",
      "0\r\n\rx",
    ];
    for (let i = 0; i < chunks.length; i++) {
      ask().says(CHUNKED + chunks[i]);
      expect(chunks[i] + story).toBe(chunks[i] + `failed ${MALFORMED} `);
      expect(server!.fate).toBe("abort ");
      story = "";
    }
  });

  test("about its length", () => {
    const lengths: string[] = [
      "-1",
      "+5",
      "5 5",
      "5,6",
      "0x5",
      "5;",
      "",
      "٥",
      "1e1",
      "9".repeat(30),
    ];
    for (let i = 0; i < lengths.length; i++) {
      ask().says(`${HEAD}Content-Length: ${lengths[i]}\r\n\r\nhello`);
      expect(lengths[i] + story).toBe(lengths[i] + `failed ${MALFORMED} `);
      story = "";
    }
    ask().says(HEAD + "Content-Length: 5\r\n\r\nhell");
    server!.ends();
    expect(story).toBe(`failed ${CLOSED} `);
    story = "";
    // More than it has announced is not the answer to whoever comes next.
    ask().says(HEAD + "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
    expect(story).toBe("200 ok ");
    expect(client.kept).toBe(0);
    story = "";
    ask().says(HEAD + "Content-Length: 2\r\n\r\nok");
    server!.says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
    expect(story).toBe("200 ok ");
    expect(client.kept).toBe(0);
  });

  test("about where to go", () => {
    const places: string[] = [
      "https://a/",
      "ftp://a/",
      "javascript:alert(1)",
      "http://",
      "http://u:p@b/",
      "http://b:80:80/",
      "http://b:99999/",
      "http://[::1/",
      "//",
      "/a b",
      "/\xe9",
      "/\xc0\xaf",
      "/\xc3\xbc",
      "/" + "x".repeat(9_000),
    ];
    for (let i = 0; i < places.length; i++) {
      ask().says(`HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: ${places[i]}\r\n\r\n`);
      expect(places[i] + story).toBe(places[i] + `failed ${REDIRECTED} `);
      expect(connector.attempts.length).toBe(0);
      client.closeKept();
      story = "";
    }
  });

  test("that it has heard everything", () => {
    client.post("http://a/", "", new Uint8Array(100_000), calls);
    server = new TestConnection();
    server!.room = 1_000;
    connector.attempts.pop().handler.onConnection(server!);
    server!.says(HEAD + "Content-Length: 2\r\n\r\nok");
    expect(story).toBe("200 ok ");
    // What is left of the content would be taken for the next request.
    expect(client.kept).toBe(0);
  });

  test("that it is still there", () => {
    ask().says(HEAD + "Content-Length: 2\r\n\r\nok");
    // A kept connection breaks at once, each time: once more is enough.
    client.get("http://a/", calls);
    server!.breaks(RESET);
    connector.succeeds().breaks(RESET);
    expect(story).toBe(`200 ok failed ${RESET} `);
    expect(connector.attempts.length).toBe(0);
  });
});
