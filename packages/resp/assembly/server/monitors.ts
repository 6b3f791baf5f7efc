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
    const line = this.line;
    line.clear();
    line.byte(0x2b);
    line.number(ms / 1000);
    line.text("." + (ms % 1000).toString().padStart(3, "0"));
    line.text(`000 [0 ${by.address}]`);
    for (let i = 0; i < min(call.count, ARGUMENTS_MAX); i++) quote(call, i, line);
    line.endLine();
    this.next = 0;
    while (this.next < this.clients.length) this.clients[this.next++].hear(this.line);
  }
}

const HEXADECIMAL: string = "0123456789abcdef";

/** The letter behind the backslash that stands for a byte; 0: it has none. */
function escapeOf(byte: u8): u8 {
  switch (<i32>byte) {
    case 0x22:
    case 0x5c:
      return byte;
    case 0x0a:
      return 0x6e;
    case 0x0d:
      return 0x72;
    case 0x09:
      return 0x74;
    case 0x07:
      return 0x61;
    case 0x08:
      return 0x62;
    default:
      return 0;
  }
}

/** Writes an argument as Redis does, so that a terminal shows it. */
function quote(call: Call, index: i32, line: Reply): void {
  const at = call.at(index);
  line.text(' "');
  for (let i = 0; i < min(call.bytes(index), ARGUMENT_BYTES_MAX); i++) {
    const byte = load<u8>(at + <usize>i);
    const escape = escapeOf(byte);
    if (escape == 0 && byte >= 0x20 && byte < 0x7f) {
      line.byte(byte);
      continue;
    }
    line.byte(0x5c);
    if (escape != 0) line.byte(escape);
    else {
      line.byte(0x78);
      line.byte(<u8>HEXADECIMAL.charCodeAt((<i32>byte) >> 4));
      line.byte(<u8>HEXADECIMAL.charCodeAt((<i32>byte) & 15));
    }
  }
  line.byte(0x22);
}
