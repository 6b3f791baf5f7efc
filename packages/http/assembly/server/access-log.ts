/**
 * A log of answers in the common format, one line each:
 *
 *     10.0.2.2 - - [28/Nov/2026:08:49:37 +0000] "GET /index.html HTTP/1.1" 200 1024
 *
 * Lines are collected and go to the console together. Those that find no room are dropped, and counted.
 */
import { Console, ConsoleWriter } from "@phantasm/interfaces";
import { Task, readyLater } from "@phantasm/runtime";
import { putNumber, putText } from "../wire/characters";
import { CivilDate, putMonth, putTime, putTwo } from "../wire/date";
import { Exchange } from "./exchange";
import { AccessSink } from "./handlers";

/** Of a request line, this much is written. */
const REQUEST_BYTES_MAX: i32 = 2_048;
/** Everything else of a line. Escaped bytes take four. */
const LINE_ROOM: i32 = 256 + 4 * REQUEST_BYTES_MAX;
const BUFFER_BYTES: i32 = 32 << 10;
const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const HEXADECIMAL: string = "0123456789abcdef";


@final
export class AccessLog extends Task implements AccessSink, ConsoleWriter {
  /** Lines that found no room. */
  dropped: u64 = 0;
  private readonly buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  private bytes: i32 = 0;
  private isScheduled: bool = false;
  private isWaiting: bool = false;
  /** Lines that were dropped and not reported yet. */
  private unreported: u64 = 0;
  private readonly date: CivilDate = new CivilDate();
  private day: i64 = i64.MIN_VALUE;

  constructor(private readonly console: Console) {
    super();
  }

  onAnswered(exchange: Exchange): void {
    const request = exchange.request;
    this.write(
      exchange.remoteText,
      exchange.server.seconds,
      request.line,
      request.lineBytes,
      exchange.status,
      exchange.contentBytes,
    );
  }

  onRefused(
    remote: string,
    seconds: i64,
    status: i32,
    line: usize,
    lineBytes: i32,
    contentBytes: i32,
  ): void {
    this.write(remote, seconds, line, lineBytes, status, contentBytes);
  }

  private write(
    remote: string,
    seconds: i64,
    line: usize,
    lineBytes: i32,
    status: i32,
    contentBytes: i64,
  ): void {
    if (this.bytes + LINE_ROOM > BUFFER_BYTES) {
      this.dropped++;
      this.unreported++;
      return;
    }
    const start = this.buffer.dataStart;
    let at = start + <usize>this.bytes;
    if (this.unreported > 0) {
      at = putText(at, `# ${this.unreported} lines dropped\n`);
      this.unreported = 0;
    }
    at = putText(at, remote);
    at = putText(at, " - - [");
    at = this.putDate(at, seconds);
    at = putText(at, '] "');
    at = lineBytes > 0 ? putEscaped(at, line, lineBytes) : putText(at, "-");
    at = putText(at, '" ');
    at = putNumber(at, status);
    at = putText(at, " ");
    // As in Apache's, which gave the format its name.
    at = contentBytes > 0 ? putNumber(at, contentBytes) : putText(at, "-");
    at = putText(at, "\n");
    this.bytes = <i32>(at - start);
    if (this.isScheduled || this.isWaiting) return;
    this.isScheduled = true;
    readyLater(this);
  }

  private putDate(at: usize, seconds: i64): usize {
    const day = seconds / 86_400;
    const date = this.date;
    if (day != this.day) date.setDays(day);
    this.day = day;
    at = putText(putTwo(at, date.day), "/");
    at = putText(putMonth(at, date.month), "/");
    at = putNumber(at, date.year);
    at = putText(at, ":");
    at = putTime(at, <i32>(seconds - day * 86_400));
    return putText(at, " +0000");
  }

  performTask(): void {
    this.isScheduled = false;
    this.flush();
  }

  onWritable(): void {
    this.isWaiting = false;
    this.flush();
  }

  private flush(): void {
    const taken = this.console.writeBytes(this.buffer, 0, this.bytes);
    this.bytes -= taken;
    if (this.bytes == 0) return;
    const start = this.buffer.dataStart;
    memory.copy(start, start + <usize>taken, <usize>this.bytes);
    this.isWaiting = true;
    this.console.whenWritable(this);
  }
}

/** Quotes cannot be closed, and a terminal is not told what to do. */
function putEscaped(to: usize, at: usize, bytes: i32): usize {
  const end = at + <usize>min(bytes, REQUEST_BYTES_MAX);
  for (; at < end; at++) {
    const c = <i32>load<u8>(at);
    if (c >= 0x20 && c < 0x7f && c != QUOTE && c != BACKSLASH) store<u8>(to++, <u8>c);
    else {
      to = putText(to, "\\x");
      store<u8>(to++, <u8>HEXADECIMAL.charCodeAt(c >> 4));
      store<u8>(to++, <u8>HEXADECIMAL.charCodeAt(c & 15));
    }
  }
  return to;
}
