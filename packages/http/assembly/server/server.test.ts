import { RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test, world } from "@phantasm/testing";
import { step, withoutDate } from "../testing";
import { HELLO, connect, get, later, log, post, server, story } from "./testing-server";

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
      // Its end is that of the connection, and it says so.
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\none two",
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
    // The array is given up once it is sent, and may be collected before the client has all of it.
    expect(client.stayed).toBe(0);
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
    log();
    const client = connect();
    client.says(get("/?a=b") + get("/x"));
    expect(story).toBe("GET /?a=b HTTP/1.1 200 5; GET /x HTTP/1.1 404 184; ");
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

/** Bytes of the heap that were handed out. */
function heapUse(): usize {
  const probe = heap.alloc(1 << 16);
  heap.free(probe);
  return probe;
}
