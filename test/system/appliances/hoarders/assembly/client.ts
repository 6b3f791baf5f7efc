/** The other end of a connection, that repeats itself: what it sends lies in one place, however much it is. */
import { QuietConnection, QuietTcp } from "@phantasm/http/testing-connection";
import { Errno } from "@phantasm/interfaces";

const PIECE_BYTES: i32 = 4096;
const page: usize = memory.data(4096, 16);
const heard: usize = memory.data(16, 16);


@final
export class Client extends QuietConnection {
  isOver: bool = false;
  /** It takes nothing of what the server sends. */
  isDeaf: bool = false;
  /** Of its last answer; 0: none. */
  status: i32 = 0;
  private at: usize = 0;
  private left: i32 = 0;

  /** Sends what lies there for ever, all of which has to be consumed before it says more. */
  says(at: usize, bytes: i32): void {
    if (this.left > 0 || this.isOver) return;
    this.at = at;
    this.left = bytes;
    this.handler!.onReadable(this);
  }

  /** Sends zeros. */
  saysMore(): void {
    this.says(page, PIECE_BYTES);
  }

  breaks(reason: i32): void {
    if (this.isOver) return;
    this.isOver = true;
    this.left = 0;
    const handler = this.handler;
    if (handler !== null) handler.onClosed(this, reason);
  }

  get readable(): i32 {
    return this.left;
  }
  get atEnd(): bool {
    return false;
  }
  read(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return Errno.AGAIN;
  }
  peek(): usize {
    return this.at;
  }
  get peekedBytes(): i32 {
    return this.left;
  }
  consume(bytes: i32): void {
    this.at += <usize>bytes;
    this.left -= bytes;
  }
  get writable(): i32 {
    return this.isDeaf ? 0 : 65_536;
  }
  writeFrom(address: usize, bytes: i32): i32 {
    if (this.isDeaf) return Errno.AGAIN;
    if (bytes < 12) return bytes;
    memory.copy(heard, address, 12);
    if (load<u32>(heard) == 0x50545448)
      this.status =
        100 * (load<u8>(heard, 9) - 0x30) +
        10 * (load<u8>(heard, 10) - 0x30) +
        load<u8>(heard, 11) -
        0x30;
    return bytes;
  }
  shutdown(): void {}
  close(): void {
    this.breaks(0);
  }
  abort(): void {
    this.breaks(0);
  }
}


@final
export class Clients extends QuietTcp {
  arrives(): Client {
    const client = new Client();
    this.acceptor!.onAccept(this, client);
    return client;
  }
}
