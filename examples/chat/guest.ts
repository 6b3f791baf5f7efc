import { TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { Room } from "./room";

/** Bytes of a line; a longer one is cut into several. */
const LINE_BYTES_MAX: i32 = 512;
const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;

/** One connection: collects lines, and says them in the room. */
export class Guest implements TcpHandler {
  name: string = "";
  private readonly line: Uint8Array = new Uint8Array(LINE_BYTES_MAX);
  private lineBytes: i32 = 0;
  /** Lines for which the connection had no room. */
  private missed: i32 = 0;

  constructor(
    private readonly room: Room,
    private readonly connection: TcpConnection,
  ) {
    connection.setHandler(this);
  }

  hear(text: string): void {
    this.hearBytes(Uint8Array.wrap(String.UTF8.encode(text)));
  }

  /** Sends a text, all or nothing: nobody waits for a guest who does not read. */
  hearBytes(bytes: Uint8Array): void {
    const missed = this.missed;
    if (missed > 0) {
      const note = Uint8Array.wrap(String.UTF8.encode(`(${missed} lines missed)\n`));
      if (this.connection.writable >= note.length + bytes.length) {
        this.connection.write(note, 0, note.length);
        this.missed = 0;
      }
    }
    if (this.missed > 0 || this.connection.writable < bytes.length) this.missed++;
    else this.connection.write(bytes, 0, bytes.length);
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    const line = this.line;
    while (true) {
      const bytes = connection.read(line, this.lineBytes, LINE_BYTES_MAX - this.lineBytes);
      if (bytes == 0) {
        connection.close();
        this.room.leave(this);
      }
      if (bytes <= 0) return;
      this.lineBytes += bytes;
      this.speak();
    }
  }

  onWritable(connection: TcpConnection): void {}

  onClosed(connection: TcpConnection, reason: i32): void {
    this.room.leave(this);
  }

  /** Says every whole line, and keeps the rest. */
  private speak(): void {
    const line = this.line;
    let from = 0;
    for (let at = 0; at < this.lineBytes; at++) {
      if (line[at] != LINE_FEED) continue;
      this.say(from, at);
      from = at + 1;
    }
    if (from == 0 && this.lineBytes == LINE_BYTES_MAX) {
      this.say(0, LINE_BYTES_MAX);
      from = LINE_BYTES_MAX;
    }
    line.copyWithin(0, from, this.lineBytes);
    this.lineBytes -= from;
  }

  private say(from: i32, to: i32): void {
    if (to > from && this.line[to - 1] == CARRIAGE_RETURN) to--;
    const text = String.UTF8.decodeUnsafe(this.line.dataStart + from, to - from);
    this.room.say(this, `${this.name}: ${text}\n`);
  }
}
