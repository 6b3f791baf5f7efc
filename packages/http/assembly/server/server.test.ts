import { HostClock } from "@phantasm/clock";
import { Errno, MILLISECOND, RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test, world } from "@phantasm/testing";
import { TestConnection, TestTcp, step, withoutDate } from "../testing";
import { Method } from "../wire/method";
import { Exchange, UNKNOWN_LENGTH } from "./exchange";
import { AccessSink, ContentHandler, ContentSink, HttpHandler, ResponseWriter } from "./handlers";
import { HttpLimits } from "./limits";
import { HttpServer } from "./server";

const clock = new HostClock(4096);
const limits = new HttpLimits();
const tcp = new TestTcp();

/** What happened, in words. */
let story: string = "";
/** One that is answered later. */
let later: Exchange | null = null;

/** Answers by path. */
class Answers implements HttpHandler, ContentHandler, ContentSink, ResponseWriter, AccessSink {
  onRequest(exchange: Exchange): void {
    if (exchange.isPath("/")) exchange.sendText(200, "text/plain", "hello");
    else if (exchange.isPath("/large"))
      exchange.sendBytes(200, "", new Uint8Array(100_000).fill(0x78), 0, 100_000);
    else if (exchange.isPath("/later")) later = exchange;
    else if (exchange.isPath("/receive")) exchange.receive(this);
    else if (exchange.isPath("/little")) exchange.receive(this, 4);
    else if (exchange.isPath("/stream")) exchange.stream(this);
    else if (exchange.isPath("/chunks")) {
      exchange.begin(200, "text/plain", UNKNOWN_LENGTH, this);
      exchange.writeText("one ");
      exchange.writeText("two");
      exchange.end();
    } else if (exchange.isPath("/flood")) {
      exchange.begin(200, "", 100_000, this);
      this.onWritable(exchange);
    } else if (exchange.isPath("/endless")) {
      exchange.begin(200, "", UNKNOWN_LENGTH, this);
      later = exchange;
    } else if (exchange.isPath("/fields")) {
      exchange.setField("X-One", "1");
      exchange.setField("X-Two", "zwölf");
      exchange.sendEmpty(204);
    } else if (exchange.isPath("/moved")) exchange.redirect(301, "/");
    else exchange.sendError(404);
  }

  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void {
    exchange.sendText(200, "", `got ${String.UTF8.decodeUnsafe(bytes.dataStart, length)}`);
  }

  onPart(exchange: Exchange, at: usize, bytes: i32): void {
    story += String.UTF8.decodeUnsafe(at, bytes) + "|";
    if (bytes == 1) exchange.pause();
  }

  onEnd(exchange: Exchange): void {
    exchange.sendText(200, "", "end");
  }

  onWritable(exchange: Exchange): void {
    while (exchange.contentBytes < 100_000) {
      const left = <i32>(100_000 - exchange.contentBytes);
      const taken = exchange.write(page, 0, min(left, page.length));
      if (taken == Errno.AGAIN) return;
    }
    exchange.end();
  }

  onAborted(exchange: Exchange): void {
    story += "aborted ";
  }

  onAnswered(exchange: Exchange): void {
    story += `${exchange.requestLine} ${exchange.status} ${exchange.contentBytes}; `;
  }
}

const page = new Uint8Array(30_000).fill(0x79);
const answers = new Answers();
const server = new HttpServer(clock, answers, limits);

function connect(): TestConnection {
  if (tcp.acceptor === null) server.listen(tcp, 80);
  return tcp.arrives();
}

function get(path: string, more: string = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
}

function post(path: string, more: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\n${more}`;
}

const HELLO: string =
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

describe("a connection", () => {
  test("answers one request after the other, and allocates nothing for it", () => {
    const client = connect();
    client.says(get("/"));
    client.hears(HELLO);
    client.says(get("/"));
    client.hears(HELLO);
    expect(client.noDelay).toBe(true);
    const request = get("/");
    const before = heapUse();
    for (let round = 0; round < 500; round++) {
      client.says(request);
      client.forgets();
    }
    expect(heapUse() - before).toBe(0);
  });

  test("answers those that came together in one write", () => {
    const client = connect();
    client.writes = 0;
    client.says(get("/") + get("/none") + get("/"));
    expect(client.writes).toBe(1);
    const text = withoutDate(client.heard());
    expect(text.startsWith(HELLO + "HTTP/1.1 404 Not Found\r\n")).toBe(true);
    expect(text.endsWith(HELLO)).toBe(true);
  });

  test("reads requests in pieces of any size", () => {
    const client = connect();
    const text = get("/") + post("/receive", "Content-Length: 3\r\n\r\nabc") + get("/");
    for (let i = 0; i < text.length; i++) client.says(text.charAt(i));
    client.hears(HELLO + "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ngot abc" + HELLO);
    expect(server.partialBytes).toBe(0);
  });

  test("says when it is", () => {
    world.setWallClock(784_111_777 * SECOND);
    step(SECOND);
    const client = connect();
    client.says(get("/fields"));
    expect(client.heard()).toBe(
      "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\nX-One: 1\r\nX-Two: zw\xc3\xb6lf\r\n\r\n",
    );
  });

  test("ends when it is asked to, and waits for the client to close", () => {
    const client = connect();
    client.says(get("/", "Connection: close\r\n") + get("/"));
    client.hears(HELLO.replace("Content-Type", "Connection: close\r\nContent-Type"));
    expect(client.fate).toBe("shutdown ");
    client.says("more");
    client.ends();
    expect(client.fate).toBe("shutdown close ");
    expect(server.connections).toBe(0);
  });

  test("of HTTP/1.0 is kept only if that is asked for", () => {
    const client = connect();
    client.says("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.hears(HELLO.replace("Content-Type", "Connection: keep-alive\r\nContent-Type"));
    client.says("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.hears(
      "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\n\r\none two",
    );
    expect(client.fate).toBe("shutdown ");
  });

  test("of a client that closes its side is answered to the end", () => {
    const client = connect();
    client.says(get("/later"));
    client.ends();
    expect(client.fate).toBe("");
    later!.sendText(200, "text/plain", "hello");
    client.hears(HELLO);
    step();
    expect(client.fate).toBe("shutdown close ");
  });

  test("with nothing to say is closed", () => {
    const client = connect();
    client.ends();
    expect(client.fate).toBe("shutdown close ");
  });
});

describe("answers", () => {
  test("to HEAD have no content", () => {
    const client = connect();
    client.says("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\n");
    client.hears(
      HELLO.substring(0, HELLO.length - 5) +
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
  });

  test("in chunks", () => {
    const client = connect();
    client.says(get("/chunks") + get("/"));
    client.hears(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n" +
        HELLO,
    );
  });

  test("later keep the order of the requests", () => {
    const client = connect();
    client.says(get("/later") + get("/"));
    client.hears("");
    later!.sendText(200, "", "late");
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    step();
    client.hears(HELLO);
  });

  test("that are large go as there is room", () => {
    const client = connect();
    client.room = 10_000;
    client.says(get("/large") + get("/"));
    expect(client.heardBytes).toBe(10_000);
    for (let round = 0; round < 12; round++) client.reads(9_000);
    const text = withoutDate(client.heard());
    expect(text).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(100_000) + HELLO,
    );
  });

  test("in parts go as there is room, and no faster", () => {
    const client = connect();
    client.room = 10_000;
    client.says(get("/flood") + get("/"));
    expect(client.heardBytes).toBe(10_000);
    for (let round = 0; round < 40; round++) {
      expect(server.unsentBytes).toBeLessThan(65_536);
      client.reads(3_000);
    }
    expect(withoutDate(client.heard())).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "y".repeat(100_000) + HELLO,
    );
    expect(server.unsentBytes).toBe(0);
  });

  test("redirect", () => {
    const client = connect();
    client.says(get("/moved"));
    expect(client.heard().includes("301 Moved Permanently\r\n")).toBe(true);
  });

  test("are told to the log", () => {
    server.access = answers;
    const client = connect();
    client.says(get("/?a=b") + get("/x"));
    expect(story).toBe("GET /?a=b HTTP/1.1 200 5; GET /x HTTP/1.1 404 68; ");
  });

  test("to clients that have gone are dropped", () => {
    const client = connect();
    client.says(get("/later"));
    client.breaks(RESET);
    expect(later!.isOpen).toBe(false);
    later!.sendText(200, "", "nobody");
    expect(server.connections).toBe(0);
    expect(server.counters.aborted).toBe(1);
    const next = connect();
    next.says(get("/"));
    next.hears(HELLO);
  });

  test("that were begun are aborted when the client goes", () => {
    const client = connect();
    client.says(get("/endless"));
    client.breaks(RESET);
    expect(story).toBe("aborted ");
  });

  test("to methods we do not know: 501", () => {
    const client = connect();
    client.says("BREW / HTTP/1.1\r\nHost: a\r\n\r\n" + get("/"));
    const text = withoutDate(client.heard());
    expect(text.startsWith("HTTP/1.1 501 Not Implemented\r\n")).toBe(true);
    expect(text.endsWith(HELLO)).toBe(true);
  });
});

describe("content", () => {
  test("of a length", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 5\r\n\r\nab"));
    client.hears("");
    client.says("cdeGET / HT");
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngot abcde");
    client.says("TP/1.1\r\nHost: a\r\n\r\n");
    client.hears(HELLO);
  });

  test("in chunks, with extensions and trailers", () => {
    const client = connect();
    client.says(
      post(
        "/receive",
        'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n02 ;x="y;\\""\r\nde\r\n0\r\nX: y\r\n\r\n',
      ) + get("/"),
    );
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngot abcde" + HELLO);
  });

  test("of nothing", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 0\r\n\r\n") + post("/receive", "\r\n"));
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngot ";
    client.hears(answer + answer);
  });

  test("is waved on by 100, when it is wanted and has not come", () => {
    const client = connect();
    client.says(post("/receive", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    client.hears("HTTP/1.1 100 Continue\r\n\r\n");
    client.says("ab");
    client.hears("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ngot ab");
  });

  test("that is not wanted is not waved on, and the connection ends", () => {
    const client = connect();
    client.says(post("/", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    client.hears(HELLO.replace("Content-Type", "Connection: close\r\nContent-Type"));
    expect(client.fate).toBe("shutdown ");
  });

  test("that nobody wants is passed over", () => {
    const client = connect();
    client.says(post("/", "Content-Length: 3\r\n\r\nGET") + get("/"));
    client.hears(HELLO + HELLO);
    client.says(post("/", "Transfer-Encoding: chunked\r\n\r\n1\r\nG\r\n0\r\n\r\n") + get("/"));
    client.hears(HELLO + HELLO);
  });

  test("that nobody wants and is much ends the connection", () => {
    const client = connect();
    client.says(post("/", "Content-Length: 65537\r\n\r\n"));
    expect(client.heard().includes("Connection: close\r\n")).toBe(true);
    expect(client.fate).toBe("shutdown ");
    const other = connect();
    other.says(post("/", "Transfer-Encoding: chunked\r\n\r\n11000\r\n") + "x".repeat(0x11000));
    other.hears(HELLO);
    expect(other.fate).toBe("shutdown ");
  });

  test("that is too large: 413", () => {
    const client = connect();
    client.says(post("/little", "Content-Length: 5\r\n\r\nabcde"));
    expect(client.heard().startsWith("HTTP/1.1 413 Content Too Large\r\n")).toBe(true);
    expect(client.fate).toBe("shutdown ");
    const other = connect();
    other.says(post("/little", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"));
    expect(other.heard().startsWith("HTTP/1.1 413 Content Too Large\r\n")).toBe(true);
  });

  test("as it comes, with pauses", () => {
    const client = connect();
    client.says(post("/stream", "Content-Length: 6\r\n\r\nabc"));
    expect(story).toBe("abc|");
    client.says("d");
    client.says("ef");
    expect(story).toBe("abc|d|");
    expect(client.readable).toBe(2);
  });

  test("that breaks off: 400", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 6\r\n\r\nabc"));
    client.ends();
    expect(client.heard().startsWith("HTTP/1.1 400 Bad Request\r\n")).toBe(true);
    expect(client.fate).toBe("shutdown close ");
    const other = connect();
    other.says(post("/stream", "Content-Length: 6\r\n\r\nabc"));
    other.breaks(RESET);
    expect(story).toBe("abc|aborted ");
  });

  test("in broken chunks: 400", () => {
    const broken: string[] = [
      "x\r\n",
      "\r\n",
      "-1\r\n",
      "0x1\r\na",
      "1\na",
      "1\r\r\na",
      "1 \r\na",
      "1\r\nab\r\n",
      "1\r\na\n0\r\n",
      "1\r\na\r0\r\n",
      "1000000000000000\r\n",
      "1;\x00\r\n",
      "1;a=\x01\r\n",
      '1;a="\r\n"\r\n',
      "0\r\nX : y\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\n X: y\r\n\r\n",
      "0\r\nX\r\n\r\n",
      "1;" + "x".repeat(16_400) + "\r\n",
      "0\r\nX: " + "y".repeat(9_000) + "\r\n",
    ];
    for (let i = 0; i < broken.length; i++) {
      const client = connect();
      client.says(post("/receive", "Transfer-Encoding: chunked\r\n\r\n" + broken[i]));
      expect(client.heard().substring(0, 12) + broken[i]).toBe("HTTP/1.1 400" + broken[i]);
      expect(client.fate).toBe("shutdown ");
    }
  });
});

describe("time", () => {
  test("for a head: 408, though bytes keep coming, and others live", () => {
    const slow = connect();
    const other = connect();
    for (let second = 0; second < 9; second++) {
      slow.says("G");
      other.says(get("/"));
      step(SECOND);
    }
    expect(slow.fate).toBe("");
    step(SECOND);
    expect(slow.heard().startsWith("HTTP/1.1 408 Request Timeout\r\n")).toBe(true);
    expect(slow.fate).toBe("shutdown ");
    step(2 * SECOND);
    expect(slow.fate).toBe("shutdown abort ");
    expect(other.fate).toBe("");
    expect(server.partialBytes).toBe(0);
    expect(server.connections).toBe(1);
  });

  test("without a word: closed", () => {
    const client = connect();
    step(limits.headNs);
    client.hears("");
    expect(client.fate).toBe("close ");
  });

  test("between requests: closed, after what was set for it", () => {
    const client = connect();
    client.says(get("/"));
    step(40 * SECOND);
    client.says(get("/"));
    client.forgets();
    step(limits.idleNs - MILLISECOND);
    expect(client.fate).toBe("");
    step(MILLISECOND);
    client.hears("");
    expect(client.fate).toBe("close ");
  });

  test("for content: 408", () => {
    const client = connect();
    client.says(post("/receive", "Content-Length: 6\r\n\r\nabc"));
    step(15 * SECOND);
    client.says("d");
    step(5 * SECOND);
    expect(client.heard().startsWith("HTTP/1.1 408 ")).toBe(true);
  });

  test("for a client to read: cut off", () => {
    const client = connect();
    client.room = 1_000;
    client.says(get("/large"));
    step(50 * SECOND);
    client.reads(1_000);
    step(50 * SECOND);
    expect(client.fate).toBe("");
    step(10 * SECOND);
    expect(client.fate).toBe("abort ");
    expect(server.unsentBytes).toBe(0);
  });

  test("for the application there is no limit", () => {
    const client = connect();
    client.says(get("/later"));
    step(1000 * SECOND);
    later!.sendText(200, "text/plain", "hello");
    client.hears(HELLO);
  });
});

describe("limits", () => {
  test("of connections: 503", () => {
    limits.connections = 2;
    const first = connect();
    connect();
    const third = connect();
    expect(third.heard().startsWith("HTTP/1.1 503 Service Unavailable\r\n")).toBe(true);
    expect(third.fate).toBe("close ");
    expect(server.counters.refusedConnections).toBe(1);
    first.breaks(0);
    const fourth = connect();
    fourth.says(get("/"));
    fourth.hears(HELLO);
  });

  test("of requests under way: 503", () => {
    limits.exchanges = 1;
    const first = connect();
    first.says(get("/later"));
    const second = connect();
    second.says(get("/"));
    expect(second.heard().startsWith("HTTP/1.1 503 ")).toBe(true);
    expect(server.counters.refusedRequests).toBe(1);
  });

  test("of heads in part: 503", () => {
    limits.partialBytes = 2048;
    connect().says("GET");
    connect().says("GET");
    const third = connect();
    third.says("GET");
    expect(third.heard().startsWith("HTTP/1.1 503 ")).toBe(true);
  });

  test("of what finds no room: cut off", () => {
    limits.unsentBytes = 100;
    const client = connect();
    client.room = 1;
    client.says(get("/"));
    expect(client.fate).toBe("abort ");
    expect(server.counters.cutOff).toBe(1);
    expect(server.unsentBytes).toBe(0);
  });

  test("of pipelined requests whose answers nobody reads: they wait unread", () => {
    const client = connect();
    client.room = 200;
    client.says(get("/").repeat(100));
    expect(client.readable).toBeGreaterThan(90 * get("/").length);
    client.reads(1 << 20);
    step();
    expect(client.readable).toBe(0);
  });

  test("of one turn: others have theirs", () => {
    const client = connect();
    client.says(get("/").repeat(1000));
    expect(client.readable).toBeGreaterThan(0);
    step();
    for (let i = 0; i < 10; i++) step();
    expect(client.readable).toBe(0);
  });

  test("no method but those we know", () => {
    expect(<i32>Method.OTHER).toBe(0);
  });
});

/** Bytes of the heap that were handed out. */
function heapUse(): usize {
  const probe = heap.alloc(1 << 16);
  heap.free(probe);
  return probe;
}
