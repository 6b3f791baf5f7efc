import {
  IpAddress,
  MICROSECOND,
  NO_ROUTE,
  Timer,
  TimerHandler,
  errorText,
} from "@phantasm/interfaces";
import { PingHandler, Pinger } from "@phantasm/stack";
import { Devices } from "./.phantasm/devices";

/** Microseconds as milliseconds with three digits behind the point. */
function milliseconds(us: i64): string {
  return `${us / 1000}.${(us % 1000).toString().padStart(3, "0")}`;
}

/** A number of requests to one host, at an interval, and the answers. */
export class Series implements PingHandler, TimerHandler {
  private sent: i32 = 0;
  private answered: i32 = 0;
  private pinger: Pinger | null = null;
  private timer: Timer | null = null;

  constructor(
    private readonly os: Devices,
    private readonly host: IpAddress,
  ) {}

  begin(): void {
    const os = this.os;
    os.console.writeLine(`PING ${this.host.toString()}: ${os.arguments.bytes} bytes of data`);
    this.pinger = os.stack.ping(this.host, this);
    this.timer = os.clock.every(os.arguments.interval, this);
    this.send();
  }

  onTimer(timer: Timer): void {
    if (<i64>this.sent < this.os.arguments.count) this.send();
    else this.finish();
  }

  onPingReply(sequence: u16, bytes: i32, rttNs: i64, hopLimit: u8): void {
    this.answered++;
    const time = milliseconds(rttNs / MICROSECOND);
    this.os.console.writeLine(
      `${bytes} bytes from ${this.host.toString()}: seq=${sequence} ttl=${hopLimit} time=${time} ms`,
    );
    if (<i64>this.answered >= this.os.arguments.count) this.finish();
  }

  onPingError(sequence: u16, error: i32): void {
    this.os.console.writeLine(`seq=${sequence}: ${errorText(error)}`);
  }

  private send(): void {
    const pinger = this.pinger;
    const status =
      pinger === null ? NO_ROUTE : pinger.send(<u16>++this.sent, <i32>this.os.arguments.bytes);
    if (status != 0) this.os.console.writeLine(`seq=${this.sent}: ${errorText(status)}`);
  }

  private finish(): void {
    this.timer!.cancel();
    this.os.console.writeLine(`${this.sent} sent, ${this.answered} answered`);
    this.os.exit(this.answered > 0 ? 0 : 1);
  }
}
