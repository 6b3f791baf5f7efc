/** A server whose application takes all memory that it may have, for a while. */
import { Exchange, HttpHandler, HttpServer, Method, Router } from "@phantasm/http";
import { Clock, Console, MILLISECOND, SECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { Devices } from "./.phantasm/devices";

const FULL_NS: i64 = 2 * SECOND;
const AGAIN_NS: i64 = 50 * MILLISECOND;
const PIECE_BYTES_MAX: usize = 1 << 20;
const PIECE_BYTES_MIN: usize = 1 << 10;
const PIECES_MAX: i32 = 8_000;


@final
class Filler implements HttpHandler, TimerHandler {
  private readonly pieces: StaticArray<usize> = new StaticArray<usize>(PIECES_MAX);
  private count: i32 = 0;
  private untilNs: i64 = 0;

  constructor(
    private readonly clock: Clock,
    private readonly console: Console,
  ) {}

  onRequest(exchange: Exchange): void {
    exchange.sendText(200, "text/plain", "soon");
    this.untilNs = this.clock.now() + FULL_NS;
    this.clock.after(AGAIN_NS, this);
  }

  onTimer(timer: Timer): void {
    if (this.clock.now() < this.untilNs) {
      this.fill();
      timer.set(AGAIN_NS);
      return;
    }
    while (this.count > 0) heap.free(this.pieces[--this.count]);
    this.console.writeLine("empty");
  }

  /** Whatever others give back is taken as well. */
  private fill(): void {
    const before = this.count;
    for (let bytes = PIECE_BYTES_MAX; bytes >= PIECE_BYTES_MIN; bytes >>= 1)
      while (this.count < PIECES_MAX && hasRoom(bytes))
        this.pieces[this.count++] = heap.alloc(bytes);
    if (before == 0) this.console.writeLine("full");
  }
}

/** What lies in memory, and is sent from there. */
class Large implements HttpHandler {
  private readonly bytes: Uint8Array = new Uint8Array(100 << 10).fill(0x78);

  onRequest(exchange: Exchange): void {
    exchange.sendBytes(200, "text/plain", this.bytes, 0, this.bytes.length);
  }
}

export function main(os: Devices): void {
  const router = new Router()
    .on(Method.GET, "/large", new Large())
    .on(Method.GET, "/fill", new Filler(os.clock, os.console));
  new HttpServer(os.clock, router).listen(os.stack.tcp, 80);
}
