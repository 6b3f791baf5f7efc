import {
  Exchange,
  HttpHandler,
  HttpServer,
  Method,
  Router,
  Site,
  WebSocket,
  WebSocketHandler,
} from "@phantasm/http";
import { Devices } from "./.phantasm/devices";

/** Sends every message back. */
class Echo implements HttpHandler, WebSocketHandler {
  onRequest(exchange: Exchange): void {
    WebSocket.accept(exchange, this);
  }
  onMessage(socket: WebSocket, bytes: Uint8Array, length: i32, isText: bool): void {
    socket.sendBytes(bytes, 0, length);
  }
  onWritable(socket: WebSocket): void {}
  onClosed(socket: WebSocket, code: i32): void {}
}

/** What lies in memory, and is sent from there. */
class Large implements HttpHandler {
  private readonly bytes: Uint8Array = new Uint8Array(100 << 10).fill(0x78);

  onRequest(exchange: Exchange): void {
    exchange.sendBytes(200, "text/plain", this.bytes, 0, this.bytes.length);
  }
}

export function main(os: Devices): void {
  const site = new Site(os.pages);
  const router = new Router()
    .on(Method.GET, "/socket", new Echo())
    .on(Method.GET, "/large", new Large())
    .otherwise(site);
  new HttpServer(os.clock, site).listen(os.stack.tcp, 80);
  new HttpServer(os.clock, router).listen(os.stack.tcp, 81);
}
