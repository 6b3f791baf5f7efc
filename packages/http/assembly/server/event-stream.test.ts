import { HostClock } from "@phantasm/clock";
import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TestConnection, TestTcp, settle, step, withoutDate } from "../testing";
import { EventStream, EventStreamHandler, KEEP_ALIVE_NS } from "./event-stream";
import { Exchange } from "./exchange";
import { HttpHandler } from "./handlers";
import { HttpServer } from "./server";

const tcp = new TestTcp();
let story: string = "";
let events: EventStream | null = null;
let later: Exchange | null = null;
let keepAliveNs: i64 = KEEP_ALIVE_NS;

class Events implements HttpHandler, EventStreamHandler {
  onRequest(exchange: Exchange): void {
    if (exchange.isPath("/later")) later = exchange;
    else events = new EventStream(exchange, this, keepAliveNs);
  }
  onClosed(stream: EventStream): void {
    story += "gone ";
  }
}

const handler = new Events();
const server = new HttpServer(new HostClock(64), handler);
server.listen(tcp, 80);

function listens(): TestConnection {
  const client = tcp.arrives();
  client.says("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  return client;
}

/** What came in chunks, without them. */
function heard(client: TestConnection): string {
  const lines = client.heard().split("\r\n");
  let text = "";
  for (let i = 1; i < lines.length; i += 2) text += lines[i];
  return text;
}

describe("server-sent events", () => {
  test("are sent, line by line", () => {
    const client = listens();
    client.hears(
      "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    expect(events!.send("note", "a\nb", "7")).toBe(true);
    expect(withoutDate(client.heard())).toBe("23\r\nevent: note\nid: 7\ndata: a\ndata: b\n\n\r\n");
    client.room = 3;
    expect(events!.send("", "x")).toBe(true);
    expect(events!.send("", "y")).toBe(false);
    step(1000 * SECOND);
    expect(events!.dropped).toBe(1);
    expect(events!.isOpen).toBe(false);
    expect(story).toBe("gone ");
  });

  test("keep their lines, whatever ends them, and no field begins where it should not", () => {
    const client = listens();
    client.forgets();
    events!.send("x\ndata: forged", "a\r\nb\rc\n\nd", "1\r\nretry: 0");
    expect(heard(client)).toBe(
      "event: x data: forged\nid: 1  retry: 0\ndata: a\ndata: b\ndata: c\ndata: \ndata: d\n\n",
    );
  });

  test("may be larger than what answers are composed in", () => {
    const client = listens();
    client.forgets();
    expect(events!.send("", "z".repeat(100_000))).toBe(true);
    expect(heard(client)).toBe(`data: ${"z".repeat(100_000)}\n\n`);
  });

  test("a comment comes after silence, and only then", () => {
    const client = listens();
    client.forgets();
    step(10 * SECOND);
    events!.send("", "x");
    client.forgets();
    step(5 * SECOND);
    client.hears("");
    step(10 * SECOND);
    expect(heard(client)).toBe(": \n\n");
    step(KEEP_ALIVE_NS);
    expect(heard(client)).toBe(": \n\n");
    client.room = 0;
    step(KEEP_ALIVE_NS);
    expect(events!.dropped).toBe(0);
    client.breaks(0);
    step(10 * KEEP_ALIVE_NS);
    expect(story).toBe("gone ");
  });

  test("the silence is an option", () => {
    keepAliveNs = 2 * SECOND;
    const client = listens();
    client.forgets();
    step(2 * SECOND);
    expect(heard(client)).toBe(": \n\n");
    keepAliveNs = 0;
    const other = listens();
    other.forgets();
    step(1000 * SECOND);
    other.hears("");
  });

  test("to a HEAD there are none", () => {
    const client = tcp.arrives();
    client.says("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(story).toBe("");
    step();
    settle();
    expect(story).toBe("gone ");
    expect(events!.send("", "x")).toBe(false);
    // The connection goes on.
    client.forgets();
    client.says("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(client.heard().startsWith("HTTP/1.1 200 OK\r\n")).toBe(true);
  });

  test("to a client that has gone before there are none", () => {
    const client = tcp.arrives();
    client.says("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    client.breaks(0);
    events = new EventStream(later!, handler);
    expect(events!.send("", "x")).toBe(false);
    step();
    settle();
    expect(story).toBe("gone ");
  });
});
