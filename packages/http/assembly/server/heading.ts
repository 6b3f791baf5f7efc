/** How every answer begins: the status line, Date and Server. Kept ready for 200, and made anew each second. */
import { Clock, SECOND } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { putText } from "../wire/characters";
import { DATE_BYTES, putDate } from "../wire/date";
import { reasonOf } from "../wire/status";
import { Output } from "./output";

const ROOM: usize = 512;
const SERVER_BYTES_MAX: i32 = 200;


@final
export class Heading {
  /** Seconds since 1970 UTC. */
  seconds: i64 = 0;
  private readonly start: usize = heap.alloc(ROOM);
  /** Behind the status line. */
  private readonly fields: usize;
  private readonly date: usize;
  private readonly end: usize;
  /** When the second is over. */
  private untilNs: i64 = i64.MIN_VALUE;

  /** @param server what Server says; empty: there is none */
  constructor(
    private readonly clock: Clock,
    server: string,
  ) {
    assert(server.length <= SERVER_BYTES_MAX, "http: the server's name is too long");
    this.fields = putText(this.start, "HTTP/1.1 200 OK\r\n");
    this.date = putText(this.fields, "Date: ");
    let at = putText(this.date + <usize>DATE_BYTES, "\r\n");
    if (server.length > 0) at = putText(at, `Server: ${server}\r\n`);
    this.end = at;
  }

  /** Called before each use of `seconds` or `put`. */
  // @ts-ignore: decorator
  @inline
  refresh(): void {
    if (now() >= this.untilNs) this.tick();
  }

  private tick(): void {
    const wall = this.clock.wall();
    this.seconds = wall / SECOND;
    this.untilNs = now() + SECOND - (wall % SECOND);
    putDate(this.date, this.seconds);
  }

  /** Status line, Date and Server. */
  put(output: Output, status: i32): void {
    if (status == 200) {
      output.put(this.start, <i32>(this.end - this.start));
      return;
    }
    output.text("HTTP/1.1 ");
    output.number(status);
    output.text(" ");
    output.text(reasonOf(status));
    output.text("\r\n");
    output.put(this.fields, <i32>(this.end - this.fields));
  }
}
