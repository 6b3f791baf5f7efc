import { MILLISECOND, RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { step } from "../testing";
import { HELLO, connect, get, later, limits, post, server } from "./testing-server";

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

  test("of connections: whoever has been idle longest makes room, and nobody who is waited for", () => {
    limits.connections = 3;
    const busy = connect();
    busy.says(get("/later"));
    const idle = connect();
    idle.says(get("/"));
    idle.forgets();
    step(SECOND / 2);
    const younger = connect();
    younger.says(get("/"));
    younger.forgets();
    step(SECOND / 2);
    const fourth = connect();
    fourth.says(get("/"));
    fourth.hears(HELLO);
    expect(idle.fate).toBe("close ");
    expect(server.connections).toBe(3);
    expect(server.counters.evicted).toBe(1);
    expect(connect().heard().startsWith("HTTP/1.1 503 ")).toBe(true);
    step(SECOND / 2);
    connect();
    expect(younger.fate).toBe("close ");
    expect(busy.fate).toBe("");
  });

  test("of connections: one that makes room and says goodbye counts until it has gone", () => {
    limits.connections = 1;
    const slow = connect();
    slow.says("GET / HTTP/1.1\r\n");
    step(SECOND);
    connect().says(get("/later"));
    expect(slow.heard().startsWith("HTTP/1.1 408 ")).toBe(true);
    expect(server.connections).toBe(2);
    expect(connect().heard().startsWith("HTTP/1.1 503 ")).toBe(true);
  });

  test("of requests under way: who sends content slowly makes room, the slowest first", () => {
    limits.exchanges = 3;
    connect().says(get("/later"));
    const slow = connect();
    slow.says(post("/receive", "Content-Length: 100000\r\n\r\nabc"));
    step(SECOND / 2);
    const quick = connect();
    quick.says(post("/receive", "Content-Length: 100000\r\n\r\nabc"));
    const other = connect();
    other.says(get("/"));
    expect(other.heard().startsWith("HTTP/1.1 503 ")).toBe(true);
    step(SECOND / 2);
    // A byte now and then is no progress.
    slow.says("d");
    quick.says("x".repeat(20_000));
    const third = connect();
    third.says(get("/"));
    third.hears(HELLO);
    expect(slow.heard().startsWith("HTTP/1.1 408 ")).toBe(true);
    expect(server.counters.evicted).toBe(1);
    step(900 * MILLISECOND);
    expect(quick.fate).toBe("");
    quick.says("x".repeat(79_997));
    quick.hears("HTTP/1.1 200 OK\r\nContent-Length: 100004\r\n\r\ngot abc" + "x".repeat(99_997));
  });

  test("of requests under way: who does not read makes room", () => {
    limits.exchanges = 1;
    const hoarder = connect();
    hoarder.room = 1_000;
    hoarder.says(get("/large"));
    step(SECOND);
    const other = connect();
    other.says(get("/"));
    other.hears(HELLO);
    expect(hoarder.fate).toBe("abort ");
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

  test("of content that is collected: 503, and it grows with what has come", () => {
    limits.collectedBytes = 6 << 10;
    const first = connect();
    first.says(post("/receive", "Content-Length: 100000\r\n\r\n" + "x".repeat(1500)));
    expect(server.collectedBytes).toBe(5 << 10);
    const second = connect();
    second.says(post("/receive", "Content-Length: 100000\r\n\r\nx"));
    expect(server.collectedBytes).toBe(6 << 10);
    second.says("x".repeat(1024));
    expect(second.heard().startsWith("HTTP/1.1 503 ")).toBe(true);
    expect(server.collectedBytes).toBe(5 << 10);
    first.breaks(RESET);
    expect(server.collectedBytes).toBe(0);
  });

  test("of heads in part, collected content and answers without room: who is stalled makes room", () => {
    limits.partialBytes = 1024;
    const slow = connect();
    slow.says("GET");
    step(2 * SECOND);
    const other = connect();
    other.says("GE");
    expect(slow.heard().startsWith("HTTP/1.1 408 ")).toBe(true);
    other.says("T / HTTP/1.1\r\nHost: a\r\n\r\n");
    other.hears(HELLO);
    limits.collectedBytes = 1500;
    slow.breaks(RESET);
    const sender = connect();
    sender.says(post("/receive", "Content-Length: 100000\r\n\r\nx"));
    step(2 * SECOND);
    other.says(post("/receive", "Content-Length: 1000\r\n\r\n" + "x".repeat(1000)));
    expect(sender.heard().startsWith("HTTP/1.1 408 ")).toBe(true);
    expect(other.heard().startsWith("HTTP/1.1 200 ")).toBe(true);
    limits.unsentBytes = 200;
    const reader = connect();
    reader.room = 1;
    reader.says(get("/"));
    step(2 * SECOND);
    const another = connect();
    another.room = 1;
    another.says(get("/"));
    expect(reader.fate).toBe("abort ");
    expect(another.fate).toBe("");
    expect(server.counters.evicted).toBe(3);
    expect(server.counters.cutOff).toBe(0);
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
});
