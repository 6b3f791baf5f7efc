/** For tests: a server whose answers follow from the path. */
import { HostClock } from "@phantasm/clock";
import { Errno } from "@phantasm/interfaces";
import { TestConnection, TestTcp } from "../testing";
import { UNKNOWN_LENGTH } from "./answer";
import { Exchange } from "./exchange";
import { textOf } from "../wire/characters";
import { AccessSink, ContentHandler, ContentSink, HttpHandler, ResponseWriter } from "./handlers";
import { HttpLimits } from "./limits";
import { HttpServer } from "./server";

const clock = new HostClock(4096);
export const limits = new HttpLimits();
const tcp = new TestTcp();

/** What happened, in words. */
export let story: string = "";
/** One that is answered later. */
export let later: Exchange | null = null;

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

  onRefused(
    remote: string,
    seconds: i64,
    status: i32,
    line: usize,
    lineBytes: i32,
    contentBytes: i32,
  ): void {
    story += `${textOf(line, lineBytes)} refused ${status} ${contentBytes}; `;
  }
}

const page = new Uint8Array(30_000).fill(0x79);
const answers = new Answers();
export const server = new HttpServer(clock, answers, limits);

export function connect(): TestConnection {
  if (tcp.acceptor === null) server.listen(tcp, 80);
  return tcp.arrives();
}

export function get(path: string, more: string = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
}

export function post(path: string, more: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\n${more}`;
}

export const HELLO: string =
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

/** Has the answers told to a log, which is part of the story. */
export function log(): void {
  server.access = answers;
}
