/** Where answers are composed has an end, and nobody's bytes come to anybody else. */
import { HostClock } from "@phantasm/clock";
import { RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { TestConnection, TestTcp, settle, step } from "../testing";
import { UNKNOWN_LENGTH } from "./answer";
import { Exchange } from "./exchange";
import { AccessSink, ContentHandler, ErrorPages, HttpHandler, ResponseWriter } from "./handlers";
import { HttpLimits } from "./limits";
import { HttpServer } from "./server";

const OUTPUT_BYTES: i32 = 16 << 10;

let story: string = "";
let kept: Exchange | null = null;
/** The call of the application has not returned. */
let isInside: bool = false;

class Answers implements HttpHandler, ContentHandler, ResponseWriter, AccessSink, ErrorPages {
  pageBytes: i32 = 300;

  onRequest(exchange: Exchange): void {
    if (exchange.isPath("/content")) {
      exchange.receive(this, 4);
      if (server.output.room < 0) story += "overflow ";
      return;
    }
    if (exchange.isPath("/begun")) {
      exchange.begin(200, "", UNKNOWN_LENGTH, this);
      kept = exchange;
      exchange.receive(this, 4);
      return;
    }
    if (exchange.isPath("/stream")) {
      exchange.begin(200, "", UNKNOWN_LENGTH, this);
      kept = exchange;
      return;
    }
    if (exchange.isPath("/cut")) {
      exchange.begin(200, "", UNKNOWN_LENGTH, this);
      exchange.writeText("z".repeat(OUTPUT_BYTES + 1));
      story += `${exchange.path!} ${exchange.field("host")!} `;
      return;
    }
    if (exchange.isPath("/large")) {
      exchange.sendText(200, "", "z".repeat(OUTPUT_BYTES + 1));
      return;
    }
    // Up to the last byte that there is room for.
    exchange.sendText(200, "", "x".repeat(exchange.isPath("/rest") ? restBytes() : 1000));
    if (server.output.room < 0) story += "overflow ";
  }
  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void {
    exchange.sendText(200, "", "got it");
  }
  onWritable(exchange: Exchange): void {}
  onAborted(exchange: Exchange): void {
    story += isInside ? "aborted too early " : "aborted ";
  }
  onAnswered(exchange: Exchange): void {}
  onRefused(
    remote: string,
    seconds: i64,
    status: i32,
    line: usize,
    lineBytes: i32,
    contentBytes: i32,
  ): void {
    story += `refused ${status} `;
    if (server.output.room < 0) story += "overflow ";
  }
  errorPage(status: i32): string {
    return "e".repeat(this.pageBytes);
  }
}

/** What fits behind a head that is still to be composed. */
function restBytes(): i32 {
  const head =
    "HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 08:00:00 GMT\r\nContent-Length: 1000\r\n\r\n";
  return server.output.room - head.length;
}

const limits = new HttpLimits();
limits.outputBytes = OUTPUT_BYTES;
const answers = new Answers();
const server = new HttpServer(new HostClock(256), answers, limits);
server.access = answers;
server.errorPages = answers;
const tcp = new TestTcp();
server.listen(tcp, 80);

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

/** Requests whose answers fill the output but for a few bytes. */
function filling(): string {
  return get("/").repeat(14) + get("/rest");
}

describe("behind pipelined answers that fill the output", () => {
  test("a refusal finds room", () => {
    const client = tcp.arrives();
    client.says(filling() + "nonsense\r\n\r\n");
    expect(story).toBe("refused 400 ");
    expect(client.heard().endsWith("\r\nConnection: close\r\n\r\n" + "e".repeat(300))).toBe(true);
  });

  test("100 Continue finds room", () => {
    const client = tcp.arrives();
    client.says(
      filling() +
        "POST /content HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
    );
    expect(story).toBe("");
    expect(client.heard().endsWith("xHTTP/1.1 100 Continue\r\n\r\n")).toBe(true);
  });
});

test("an error page that is larger than the output is not sent in a hurry", () => {
  answers.pageBytes = OUTPUT_BYTES;
  const client = tcp.arrives();
  client.says("nonsense\r\n\r\n");
  expect(client.heard().endsWith("<h1>400 Bad Request</h1>\n")).toBe(true);
  limits.connections = 1;
  const other = tcp.arrives();
  expect(other.heard().endsWith("<h1>503 Service Unavailable</h1>\n")).toBe(true);
  expect(other.fate).toBe("close ");
  expect(story).toBe("refused 400 ");
});

describe("a text that is written to an answer", () => {
  test("may be longer than the output", () => {
    const client = tcp.arrives();
    client.says(get("/stream"));
    client.forgets();
    kept!.writeText("y".repeat(OUTPUT_BYTES + 1));
    kept!.end();
    expect(client.heard()).toBe(`4001\r\n${"y".repeat(OUTPUT_BYTES + 1)}\r\n0\r\n\r\n`);
  });

  test("for who does not read any more makes room, and the application is told when it has returned", () => {
    limits.unsentBytes = 2_000;
    const stalled = tcp.arrives();
    stalled.says(get("/stream"));
    stalled.room = 0;
    kept!.writeText("y".repeat(900));
    step(2 * SECOND);
    isInside = true;
    // Its own turn to go: it has been stalled longest.
    kept!.writeText("y".repeat(1_200));
    kept!.writeText("y".repeat(1_200));
    isInside = false;
    expect(stalled.fate).toBe("abort ");
    expect(server.unsentBytes).toBe(0);
    settle();
    expect(story).toBe("aborted ");
    expect(server.counters.evicted).toBe(1);
    // Nothing of it is left: neither in the output, nor among those that wait.
    const other = tcp.arrives();
    other.room = 1;
    other.says(get("/"));
    expect(other.fate).toBe("");
    step(2 * SECOND);
    const third = tcp.arrives();
    third.room = 1;
    third.says(get("/"));
    settle();
    expect(other.fate).toBe("abort ");
    expect(server.connections).toBe(1);
    third.reads(1 << 20);
    expect(third.heard().startsWith("HTTP/1.1 200 OK\r\n")).toBe(true);
    third.breaks(RESET);
    expect(server.unsentBytes).toBe(0);
  });
});

/** A client that takes one answer to `/rest` and not a byte more. */
function nearlyFull(): TestConnection {
  settle();
  const probe = tcp.arrives();
  probe.says(get("/rest"));
  const client = tcp.arrives();
  client.room = probe.heardBytes;
  probe.breaks(RESET);
  return client;
}

describe("who is cut off in the middle of its turn", () => {
  test("while others make room for the rest of its head, goes no further", () => {
    limits.partialBytes = 1_224;
    limits.unsentBytes = 10;
    const stalled = tcp.arrives();
    stalled.says("GET / HTTP/1.1\r\nX");
    step(2 * SECOND);
    const client = nearlyFull();
    client.says(get("/rest") + get("/") + "GET /");
    settle();
    expect(client.fate).toBe("abort ");
    stalled.breaks(RESET);
    expect(server.partialBytes).toBe(0);
    expect(server.connections).toBe(0);
  });

  test("while others make room for a whole head, is not asked", () => {
    limits.partialBytes = 1_074;
    limits.unsentBytes = 10;
    const stalled = tcp.arrives();
    stalled.says("GET / HTTP/1.1\r\nX");
    step(2 * SECOND);
    const client = nearlyFull();
    client.says(get("/rest") + get("/") + get("/content" + "/".repeat(40)));
    settle();
    expect(client.fate).toBe("abort ");
    // That of the probe, and two.
    expect(server.counters.requests).toBe(3);
    stalled.breaks(RESET);
    expect(server.partialBytes).toBe(0);
  });

  test("leaves its head to the application that was asked", () => {
    limits.unsentBytes = 10;
    const client = nearlyFull();
    client.says(get("/rest") + get("/cut"));
    settle();
    expect(client.fate).toBe("abort ");
    expect(story).toBe("/cut a aborted ");
    expect(server.partialBytes).toBe(0);
    expect(server.connections).toBe(0);
  });

  test("waits for nothing, and makes room for nobody", () => {
    limits.unsentBytes = 10;
    const client = nearlyFull();
    client.says(get("/rest") + "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    settle();
    expect(client.fate).toBe("abort ");
    expect(server.connections).toBe(0);
    limits.connections = 1;
    const other = tcp.arrives();
    other.says(get("/stream"));
    step(2 * SECOND);
    expect(tcp.arrives().heard().startsWith("HTTP/1.1 503 ")).toBe(true);
    expect(other.fate).toBe("");
  });
});

describe("content that is refused", () => {
  test("when the answer has begun breaks it off", () => {
    const client = tcp.arrives();
    client.says("POST /begun HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    settle();
    expect(story).toBe("aborted ");
    expect(client.fate).toBe("abort ");
  });

  test("when it turns out to be too much, too", () => {
    const client = tcp.arrives();
    client.says(
      "POST /begun HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
    settle();
    expect(story).toBe("aborted ");
    expect(client.fate).toBe("abort ");
    expect(server.collectedBytes).toBe(0);
  });
});

/** What would end a field, or say how long a message is. */
const WRONG: string[] = [
  "X\r\nY",
  "X Y",
  "X:",
  "",
  "X\u010a",
  "content-length",
  "Transfer-Encoding",
];
let wrong: i32 = 0;

function setWrong(): void {
  kept!.setField(WRONG[wrong], "z");
}

describe("what would split an answer", () => {
  test("is no name of a field", () => {
    for (wrong = 0; wrong < WRONG.length; wrong++) {
      kept = new Exchange(server);
      expectAbort(setWrong, "http: no name of a field, or one that the server sets");
    }
  });

  test("is no value", () => {
    kept = new Exchange(server);
    expectAbort(() => {
      kept!.setField("X", "a\r\nb");
    }, "http: a field has no control characters");
    expectAbort(() => {
      kept!.setField("X", "a\x7fb");
    }, "http: a field has no control characters");
  });

  test("is no media type", () => {
    const client = tcp.arrives();
    client.says(get("/stream"));
    kept = new Exchange(server);
    kept!.connection = null;
    expectAbort(() => {
      kept!.sendText(200, "text/plain\r\nX: y", "");
    }, "http: that is no media type");
  });
});
