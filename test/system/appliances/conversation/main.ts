import {
  Exchange,
  HttpHandler,
  HttpServer,
  Method,
  Router,
  UNKNOWN_LENGTH,
  WebSocket,
  WebSocketHandler,
} from "@phantasm/http";
import { Conversation, FibreClient, FibreHandler, FibreResponder } from "@phantasm/http-fibre";
import { Devices } from "./.phantasm/devices";

/** Sends every message back. */
class Echo implements HttpHandler, WebSocketHandler {
  onRequest(exchange: Exchange): void {
    const socket = WebSocket.accept(exchange, this);
    if (socket !== null) socket.sendText("welcome");
  }
  onMessage(socket: WebSocket, bytes: Uint8Array, length: i32, isText: bool): void {
    if (isText) socket.sendText(String.UTF8.decodeUnsafe(bytes.dataStart, <usize>length));
    else socket.sendBytes(bytes, 0, length);
  }
  onWritable(socket: WebSocket): void {}
  onClosed(socket: WebSocket, code: i32): void {}
}

/** Sends content back, with a word behind it. */
class Mirror implements FibreResponder {
  respond(client: Conversation): void {
    const content = client.readAll();
    if (content === null) return;
    client.begin(200, "text/plain", UNKNOWN_LENGTH);
    client.write(content, content.length);
    client.writeText(" indeed");
    client.end();
  }
}

function ask(os: Devices, client: FibreClient, url: string): void {
  for (let round = 0; round < 2; round++) {
    const reply = client.get(url);
    os.console.writeLine(`${reply.error} ${reply.status} ${reply.content.length}`);
  }
  const content = Uint8Array.wrap(String.UTF8.encode("posted"));
  const reply = client.post(url, "text/plain", content);
  os.console.writeLine(`${reply.error} ${reply.status} ${reply.text().substring(0, 20)}`);
}

export function main(os: Devices): void {
  const router = new Router()
    .on(Method.GET, "/echo", new Echo())
    .on(Method.POST, "/mirror", new FibreHandler(new Mirror(), 10));
  new HttpServer(os.clock, router).listen(os.stack.tcp, 80);
  if (os.arguments.url != "") ask(os, new FibreClient(os.stack, os.clock), os.arguments.url);
}
