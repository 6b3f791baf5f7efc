import { HostClock } from "@phantasm/clock";
import {
  CLOSED,
  EXHAUSTED,
  NO_SUCH_NAME,
  RESET,
  SECOND,
  TIMED_OUT,
  TOO_LARGE,
} from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { TestConnection, step } from "../testing";
import { Call, CallHandler, MALFORMED, REDIRECTED } from "./call";
import { ClientLimits, HttpClient } from "./client";
import { TestConnector } from "./testing-connector";
import { HttpUrl } from "./url";

let story: string = "";
let last: Call | null = null;
let reused: TestConnection | null = null;

class Calls implements CallHandler {
  onResponse(call: Call): void {
    last = call;
    story += `${call.status} ${call.text()} `;
  }
  onFailed(call: Call, error: i32): void {
    last = call;
    story += `failed ${error} `;
  }
}

const limits = new ClientLimits();
const connector = new TestConnector();
const client = new HttpClient(connector, new HostClock(256), limits);
const calls = new Calls();

const OK: string = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Asks, connects, and checks what was asked. */
function ask(url: string, request: string): TestConnection {
  client.get(url, calls);
  const server = connector.succeeds();
  expect(server.heard()).toBe(request + "\r\n\r\n");
  return server;
}

function askSimply(): TestConnection {
  return ask("http://a/", "GET / HTTP/1.1\r\nHost: a");
}

describe("an answer", () => {
  test("of a length, in pieces", () => {
    const server = ask("http://A:8080/b?c#d", "GET /b?c HTTP/1.1\r\nHost: a:8080");
    const text = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello";
    for (let i = 0; i < text.length; i++) server.says(text.charAt(i));
    expect(story).toBe("404 hello ");
    expect(last!.field("x-y")).toBe("z");
    expect(last!.field("x")).toBeNull();
  });

  test("in chunks, after others", () => {
    const server = askSimply();
    server.says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    server.says(
      "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    );
    expect(story).toBe("200 hello ");
    expect(client.kept).toBe(1);
  });

  test("until the connection closes", () => {
    const server = askSimply();
    server.says("HTTP/1.0 200 OK\r\n\r\nhel");
    server.says("lo");
    expect(story).toBe("");
    server.ends();
    expect(story).toBe("200 hello ");
    expect(client.kept).toBe(0);
  });

  test("without content", () => {
    client.request("HEAD", "http://a/", calls)!.start();
    const server = connector.succeeds();
    server.says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    expect(story).toBe("200  ");
    client.get("http://a/", calls);
    server.says("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n");
    expect(story).toBe("200  304  ");
  });

  test("that is none", () => {
    const wrong: string[] = [
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 99 X\r\n\r\n",
      "HTTP/1.1 2000 X\r\n\r\n",
      "HTTP/1.1 200 OK\nX: y\n\n",
      "hello\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n".repeat(9),
      "HTTP/1.1 200 OK\r\nX: " + "y".repeat(20_000),
    ];
    for (let i = 0; i < wrong.length; i++) {
      const server = askSimply();
      server.says(wrong[i]);
      expect(wrong[i] + story).toBe(wrong[i] + `failed ${MALFORMED} `);
      expect(server.fate).toBe("abort ");
      story = "";
    }
  });

  test("that is too large", () => {
    limits.contentBytesMax = 4;
    const server = askSimply();
    server.says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    expect(story).toBe(`failed ${TOO_LARGE} `);
  });

  test("that breaks off", () => {
    askSimply().breaks(RESET);
    const server = askSimply();
    server.says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
    server.ends();
    expect(story).toBe(`failed ${RESET} failed ${CLOSED} `);
  });

  test("that does not come", () => {
    client.get("http://a/", calls);
    const attempt = connector.attempts[0];
    step(limits.totalNs);
    expect(attempt.isCancelled).toBe(true);
    const server = askSimplyAgain();
    step(limits.totalNs - SECOND);
    server.says("HTTP/1.1 200 OK\r\n");
    step(SECOND);
    expect(server.fate).toBe("abort ");
    expect(story).toBe(`failed ${TIMED_OUT} failed ${TIMED_OUT} `);
  });

  test("of nobody", () => {
    client.get("http://nobody/", calls);
    connector.attempts.pop().handler.onNoConnection(NO_SUCH_NAME);
    connector.lastError = EXHAUSTED;
    client.get("http://a/", calls);
    expect(story).toBe(`failed ${NO_SUCH_NAME} `);
    step();
    expect(story).toBe(`failed ${NO_SUCH_NAME} failed ${EXHAUSTED} `);
    expect(client.get("https://a/", calls)).toBeNull();
  });
});

function askSimplyAgain(): TestConnection {
  connector.attempts.length = 0;
  return askSimply();
}

describe("a connection", () => {
  test("is kept, and used again", () => {
    const server = askSimply();
    server.says(OK);
    client.get("http://a/2", calls);
    expect(connector.attempts.length).toBe(0);
    expect(server.heard()).toBe("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    server.says(OK);
    expect(story).toBe("200 ok 200 ok ");
    step(limits.keepNs);
    expect(server.fate).toBe("close ");
    expect(client.kept).toBe(0);
  });

  test("is not kept if either side says so, or says too much", () => {
    let server = askSimply();
    server.says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect(server.fate).toBe("close ");
    server = askSimply();
    server.says("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect(server.fate).toBe("close ");
    server = askSimply();
    server.says(OK + "HTTP/1.1 200");
    expect(server.fate).toBe("close ");
    server = askSimply();
    server.says(OK);
    server.says("HTTP/1.1 200 OK\r\n\r\n");
    expect(server.fate).toBe("abort ");
    expect(client.kept).toBe(0);
  });

  test("that was closed meanwhile costs nothing but time", () => {
    const server = askSimply();
    server.says(OK);
    client.get("http://a/2", calls);
    server.breaks(RESET);
    const next = connector.succeeds();
    expect(next.heard()).toBe("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    next.says(OK);
    expect(story).toBe("200 ok 200 ok ");
    // A POST may have been heard.
    client.post("http://a/", "", new Uint8Array(0), calls);
    next.breaks(RESET);
    expect(story).toBe(`200 ok 200 ok failed ${RESET} `);
  });

  test("gives way to another", () => {
    limits.connections = 2;
    const one = askSimply();
    one.says(OK);
    client.get("http://b/", calls);
    client.get("http://c/", calls);
    expect(one.fate).toBe("close ");
    client.get("http://d/", calls);
    step();
    expect(story).toBe(`200 ok failed ${EXHAUSTED} `);
  });

  test("ends with a call that is cancelled", () => {
    const call = client.get("http://a/", calls)!;
    const server = connector.succeeds();
    call.cancel();
    expect(server.fate).toBe("abort ");
    step(limits.totalNs);
    expect(story).toBe("");
  });
});

describe("a request", () => {
  test("with content, as there is room", () => {
    const call = client.request("POST", "http://a/", calls)!;
    call.setField("X-Y", "z").setContent("text/plain", new Uint8Array(100_000).fill(0x61)).start();
    const server = new TestConnection();
    server.room = 1000;
    connector.attempts.pop().handler.onConnection(server);
    for (let i = 0; i < 110; i++) server.reads(1000);
    expect(server.heard()).toBe(
      "POST / HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" +
        "a".repeat(100_000),
    );
    server.says(OK);
    expect(story).toBe("200 ok ");
  });
});

describe("what would split a request", () => {
  test("is no method", () => {
    expectAbort(() => {
      client.request("GET / HTTP/1.1\r\nX:", "http://a/", calls);
    }, "http: that is no method");
  });

  test("is no name of a field, nor one that the client sets", () => {
    expectAbort(() => {
      client.request("GET", "http://a/", calls)!.setField("X: y\r\nZ", "");
    }, "http: no name of a field, or one that the client sets");
    expectAbort(() => {
      client.request("GET", "http://a/", calls)!.setField("Host", "b");
    }, "http: no name of a field, or one that the client sets");
  });
});

describe("redirects", () => {
  test("are followed, on the same connection where that is possible", () => {
    const server = ask("http://a/b/c?d", "GET /b/c?d HTTP/1.1\r\nHost: a");
    server.says("HTTP/1.1 302 Found\r\nLocation: ../e/./f?g#h\r\nContent-Length: 0\r\n\r\n");
    expect(server.heard()).toBe("GET /e/f?g HTTP/1.1\r\nHost: a\r\n\r\n");
    server.says("HTTP/1.1 308 X\r\nLocation: //b:81\r\nContent-Length: 0\r\n\r\n");
    const other = connector.succeeds();
    expect(other.heard()).toBe("GET / HTTP/1.1\r\nHost: b:81\r\n\r\n");
    other.says(OK);
    expect(story).toBe("200 ok ");
    expect(last!.url.toString()).toBe("http://b:81/");
  });

  test("change a POST, or do not", () => {
    const body = Uint8Array.wrap(String.UTF8.encode("x"));
    const statuses: i32[] = [301, 302, 303, 307, 308];
    for (let i = 0; i < statuses.length; i++) {
      client.post("http://a/", "text/plain", body, calls);
      const server = connector.attempts.length > 0 ? connector.succeeds() : reused!;
      reused = server;
      server.forgets();
      server.says(`HTTP/1.1 ${statuses[i]} X\r\nLocation: /n\r\nContent-Length: 0\r\n\r\n`);
      expect(server.heard()).toBe(
        statuses[i] < 307
          ? "GET /n HTTP/1.1\r\nHost: a\r\n\r\n"
          : "POST /n HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx",
      );
      server.says(OK);
    }
  });

  test("of a POST that becomes a GET say nothing more of content", () => {
    const call = client.request("POST", "http://a/", calls)!;
    call.setField("X", "Content-Type: a").setField("content-encoding", "gzip");
    call.setField("content-type", "text/plain").setContent("", new Uint8Array(1)).start();
    const server = connector.succeeds();
    server.forgets();
    server.says("HTTP/1.1 303 X\r\nLocation: /n\r\nContent-Length: 0\r\n\r\n");
    expect(server.heard()).toBe("GET /n HTTP/1.1\r\nHost: a\r\nX: Content-Type: a\r\n\r\n");
  });

  test("keep secrets at home", () => {
    client
      .request("GET", "http://a/", calls)!
      .setField("Authorization", "x")
      .setField("proxy-authorization", "y")
      .setField("Cookie", "z")
      .start();
    const server = connector.succeeds();
    expect(server.heard().includes("Authorization: x\r\n")).toBe(true);
    server.says("HTTP/1.1 302 Found\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n");
    expect(connector.succeeds().heard()).toBe("GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  });

  test("are not followed for ever, nor everywhere", () => {
    const server = askSimply();
    for (let i = 0; i <= limits.redirects; i++)
      server.says("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    expect(story).toBe(`failed ${REDIRECTED} `);
    client.get("http://a/", calls);
    server.says("HTTP/1.1 302 Found\r\nLocation: https://a/\r\nContent-Length: 0\r\n\r\n");
    expect(story).toBe(`failed ${REDIRECTED} failed ${REDIRECTED} `);
  });
});

describe("a URL", () => {
  test("is read", () => {
    expect(HttpUrl.parse("HTTP://Example.COM:80/A?b#c")!.toString()).toBe("http://example.com/A?b");
    expect(HttpUrl.parse("http://[2001:db8::1]:81")!.toString()).toBe("http://[2001:db8::1]:81/");
    expect(HttpUrl.parse("http://a?b")!.target).toBe("/?b");
    const wrong: string[] = [
      "",
      "a",
      "http://",
      "http:///x",
      "https://a/",
      "http://a:0/",
      "http://a:65536/",
      "http://a:b/",
      "http://u@a/",
      "http://u:p@a/",
      "http://[::1",
      "http://a/ b",
      "http://a/\r\nX:",
      "http://a/ü",
      "javascript:x",
    ];
    for (let i = 0; i < wrong.length; i++) expect(HttpUrl.parse(wrong[i])).toBeNull();
  });

  test("is what a reference means (RFC 3986 §5.4)", () => {
    const base = HttpUrl.parse("http://a/b/c/d?q")!;
    const references: string[] = [
      "g",
      "./g",
      "g/",
      "/g",
      "//g",
      "?y",
      "g?y",
      "",
      "#s",
      ".",
      "./",
      "..",
      "../g",
      "../..",
      "../../g",
      "../../../g",
      "/./g",
      "/../g",
      "g.",
      "..g",
      "./g/.",
    ];
    const meanings: string[] = [
      "/b/c/g",
      "/b/c/g",
      "/b/c/g/",
      "/g",
      "//g/",
      "/b/c/d?y",
      "/b/c/g?y",
      "/b/c/d?q",
      "/b/c/d?q",
      "/b/c/",
      "/b/c/",
      "/b/",
      "/b/g",
      "/",
      "/g",
      "/g",
      "/g",
      "/g",
      "/b/c/g.",
      "/b/c/..g",
      "/b/c/g/",
    ];
    for (let i = 0; i < references.length; i++) {
      const meaning = meanings[i].startsWith("//")
        ? "http:" + meanings[i]
        : "http://a" + meanings[i];
      expect(references[i] + " " + base.resolve(references[i])!.toString()).toBe(
        references[i] + " " + meaning,
      );
    }
  });
});
