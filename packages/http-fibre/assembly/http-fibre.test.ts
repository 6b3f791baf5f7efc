import { HostClock } from "@phantasm/clock";
import { keep, settle } from "@phantasm/fibre/testing";
import { HttpServer, UNKNOWN_LENGTH } from "@phantasm/http";
import { TestConnection, TestTcp, withoutDate } from "@phantasm/http/testing";
import { RESET } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Conversation, FibreHandler, FibreResponder } from "./index";

const page = new Uint8Array(50_000).fill(0x79);
let story: string = "";
let client: TestConnection | null = null;

class Answers implements FibreResponder {
  respond(client: Conversation): void {
    const request = client.request;
    if (request.isPath("/nothing")) return;
    if (request.isPath("/flood")) {
      client.begin(200, "", UNKNOWN_LENGTH);
      story += `${client.write(page, page.length)} `;
      client.end();
      return;
    }
    const content = client.readAll(10);
    story += content === null ? "null " : `${content.length} `;
    if (content !== null) client.sendText(200, "", String.UTF8.decode(content.slice().buffer));
  }
}

const tcp = new TestTcp();
const handler = new FibreHandler(new Answers(), 2);
const server = new HttpServer(new HostClock(64), handler);

/** Connects, sends, and lets the fibres run. */
function ask(text: string): TestConnection {
  keep();
  if (tcp.acceptor === null) server.listen(tcp, 80);
  const connection = tcp.arrives();
  client = connection;
  connection.says(text);
  settle();
  return connection;
}

function post(path: string, content: string, bytes: i32 = content.length): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${content}`;
}

describe("a fibre", () => {
  test("reads content and answers", () => {
    ask(post("/", "hello") + post("/", "again"));
    expect(withoutDate(client!.heard())).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain",
    );
    expect(handler.fibres).toBe(0);
  });

  test("waits for content", () => {
    ask(post("/", "he", 5));
    expect(handler.fibres).toBe(1);
    client!.says("llo");
    settle();
    expect(client!.heard().endsWith("\r\n\r\nhello")).toBe(true);
  });

  test("does not get what is too large", () => {
    ask(post("/", "hello hello hello"));
    expect(client!.heard().startsWith("HTTP/1.1 413 ")).toBe(true);
    expect(story).toBe("null ");
    expect(handler.fibres).toBe(0);
  });

  test("hears that the client has gone", () => {
    ask(post("/", "he", 5));
    client!.breaks(RESET);
    settle();
    expect(story).toBe("null ");
    expect(handler.fibres).toBe(0);
  });

  test("that does not answer is answered for", () => {
    ask(post("/nothing", ""));
    expect(client!.heard().startsWith("HTTP/1.1 500 ")).toBe(true);
  });

  test("writes as there is room", () => {
    keep();
    if (tcp.acceptor === null) server.listen(tcp, 80);
    client = tcp.arrives();
    client!.room = 1000;
    client!.says("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let i = 0; i < 60; i++) {
      settle();
      client!.reads(1000);
    }
    expect(story).toBe("0 ");
    const text = client!.heard();
    expect(text.endsWith("\r\n0\r\n\r\n")).toBe(true);
    expect(text.length).toBeGreaterThan(page.length);
  });

  test("is one of a few", () => {
    ask(post("/", "", 5));
    ask(post("/", "", 5));
    ask(post("/", "", 5));
    expect(client!.heard().startsWith("HTTP/1.1 503 ")).toBe(true);
  });
});
