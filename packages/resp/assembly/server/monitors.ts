/** MONITOR: clients that are told of every command. */
import { Call } from "../commands/call";
import { Command } from "../commands/table";
import { Reply } from "../protocol/reply";
import { Client } from "./client";
import { StoreServer } from "./server";

/** One more is refused: each costs every command. */
const MONITORS_MAX: i32 = 16;
/** Of an argument, what is behind is left out. */
const ARGUMENT_BYTES_MAX: i32 = 1024;
const ARGUMENTS_MAX: i32 = 128;


@final
export class Monitors {
  readonly clients: Client[] = [];
  /** Who is told next: who hears it may have to close, himself or another. */
  private next: i32 = 0;
  private readonly line: Reply = new Reply(4096, 1 << 20);

  add(client: Client, reply: Reply): void {
    if (!this.clients.includes(client)) {
      if (this.clients.length == MONITORS_MAX) return reply.error("ERR too many monitors");
      this.clients.push(client);
    }
    reply.ok();
  }

  forget(client: Client): void {
    const at = this.clients.indexOf(client);
    if (at < 0) return;
    this.clients.splice(at, 1);
    if (at < this.next) this.next--;
  }

  /** A client is about to have a command executed. Passwords are nobody's business. */
  tell(command: Command, server: StoreServer, by: Client): void {
    if (command == Command.AUTH || command == Command.HELLO || command == Command.MONITOR) return;
    const ms = server.db.nowMs;
    const call = server.call;
    const fraction = (ms % 1000).toString().padStart(3, "0");
    let text = `${ms / 1000}.${fraction}000 [0 ${by.tcp.remote}]`;
    for (let i = 0; i < min(call.count, ARGUMENTS_MAX); i++) text += " " + quoted(call, i);
    this.line.clear();
    this.line.simple(text);
    this.next = 0;
    while (this.next < this.clients.length) this.clients[this.next++].hear(this.line);
  }
}

/** As Redis does, so that a terminal shows it. */
function quoted(call: Call, index: i32): string {
  const at = call.at(index);
  let text = '"';
  for (let i = 0; i < min(call.bytes(index), ARGUMENT_BYTES_MAX); i++) {
    const byte = <i32>load<u8>(at + <usize>i);
    if (byte == 0x22 || byte == 0x5c) text += "\\" + String.fromCharCode(byte);
    else if (byte == 0x0a) text += "\\n";
    else if (byte == 0x0d) text += "\\r";
    else if (byte == 0x09) text += "\\t";
    else if (byte == 0x07) text += "\\a";
    else if (byte == 0x08) text += "\\b";
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += "\\x" + byte.toString(16).padStart(2, "0");
  }
  return text + '"';
}
