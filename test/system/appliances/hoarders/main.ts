/**
 * A server in a memory that is full and fragmented, and clients that send without end: WebSocket messages, content,
 * heads. They begin again when they have been ended; somebody else is served all the time.
 */
import { sleep } from "@phantasm/fibre";
import {
  ContentHandler,
  Exchange,
  HttpHandler,
  HttpServer,
  WebSocket,
  WebSocketHandler,
} from "@phantasm/http";
import { MILLISECOND } from "@phantasm/interfaces";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { Client, Clients } from "./assembly/client";
import { Devices } from "./.phantasm/devices";

const CLIENTS: i32 = 60;
const ROUNDS: i32 = 400;
const KINDS: i32 = 4;
/** What fills the memory: every other one is given back, so that no hole is larger. */
const FILL_BYTES: usize = 48 << 10;

class Text {
  readonly at: usize;
  readonly bytes: i32;
  constructor(text: string) {
    this.bytes = text.length;
    this.at = heap.alloc(<usize>this.bytes);
    for (let i = 0; i < text.length; i++) store<u8>(this.at + <usize>i, <u8>text.charCodeAt(i));
  }
}

const GET = new Text("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
const POST = new Text("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
const HEAD = new Text("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(2000));
const UPGRADE: string =
  "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/** Followed by the beginning of a message of a million bytes, and of one that is sent to its end. */
const ENDLESS = new Text(UPGRADE + "\x82\xff\0\0\0\0\0\x0f\x42\x40\0\0\0\0");
const WHOLE = new Text(UPGRADE + "\x82\xfe\x13\x88\0\0\0\0");

class Answers implements HttpHandler, ContentHandler, WebSocketHandler {
  messages: i32 = 0;
  contents: i32 = 0;
  closed: i32 = 0;

  onRequest(exchange: Exchange): void {
    if (exchange.isPath("/socket")) WebSocket.accept(exchange, this);
    else if (exchange.hasContent) exchange.receive(this);
    else exchange.sendText(200, "text/plain", "hello");
  }
  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void {
    this.contents++;
    exchange.sendText(200, "text/plain", "thanks");
  }
  onMessage(socket: WebSocket, bytes: Uint8Array, length: i32, isText: bool): void {
    this.messages++;
    socket.sendBytes(bytes, 0, length);
  }
  onWritable(socket: WebSocket): void {}
  onClosed(socket: WebSocket, code: i32): void {
    this.closed++;
  }
}

function begins(client: Client, kind: i32): void {
  if (kind == 0) client.says(POST.at, POST.bytes);
  else if (kind == 1) client.says(HEAD.at, HEAD.bytes);
  else if (kind == 2) client.says(ENDLESS.at, ENDLESS.bytes);
  else client.says(WHOLE.at, WHOLE.bytes);
}

export function main(os: Devices): void {
  const clients = new Clients();
  const answers = new Answers();
  const server = new HttpServer(os.clock, answers);
  server.listen(clients, 80);
  const filling: usize[] = [];
  while (hasRoom(FILL_BYTES)) filling.push(heap.alloc(FILL_BYTES));
  for (let i = 0; i < filling.length; i += 2) heap.free(filling[i]);
  os.console.writeLine(`large: ${hasRoom(1 << 20)}`);
  const hoarders: Client[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    hoarders.push(clients.arrives());
    begins(hoarders[i], i % KINDS);
  }
  let served = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < CLIENTS; i++) {
      // Some stop in the middle, and wait for others to go.
      if (i % 5 == 0 && round % 100 > 10) continue;
      if (hoarders[i].isOver) {
        hoarders[i] = clients.arrives();
        hoarders[i].isDeaf = i % 7 == 0;
        begins(hoarders[i], i % KINDS);
      }
      hoarders[i].saysMore();
    }
    const somebody = clients.arrives();
    somebody.says(GET.at, GET.bytes);
    if (somebody.status == 200) served++;
    somebody.breaks(0);
    sleep(20 * MILLISECOND);
  }
  for (let i = 0; i < CLIENTS; i++) hoarders[i].breaks(0);
  const counters = server.counters;
  os.console.writeLine(`served: ${served}`);
  os.console.writeLine(
    `refused: ${counters.refusedRequests}, evicted: ${counters.evicted}, messages: ${answers.messages}`,
  );
  os.console.writeLine(
    `left: ${server.collectedBytes} ${server.partialBytes} ${server.unsentBytes}`,
  );
}
