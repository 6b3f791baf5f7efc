import { Event } from "@phantasm/fibre";
import { SECOND, TcpConnection } from "@phantasm/interfaces";
import { TcpSocket } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";
import { NOT_IMPLEMENTED, Parameters, State, results } from "./protocol";
import { Stream } from "./stream";

/** A client answers within this time, the test itself not counted. */
const ANSWER_NS: i64 = 10 * SECOND;
const STREAMS_MAX: i32 = 128;
const JSON_BYTES_MAX: i32 = 65536;

/** One test: what the control connection says, and its streams. */
export class Test {
  private readonly streams: Stream[] = [];
  private expected: i32 = 0;
  private readonly complete: Event = new Event("the streams of a test");

  constructor(
    private readonly os: Devices,
    private readonly control: TcpSocket,
    private readonly cookie: Uint8Array,
  ) {}

  /** Is this connection one of its streams? */
  takes(cookie: Uint8Array): bool {
    return (
      this.streams.length < this.expected &&
      memory.compare(cookie.dataStart, this.cookie.dataStart, cookie.length) == 0
    );
  }

  addStream(connection: TcpConnection): void {
    this.streams.push(new Stream(connection));
    if (this.streams.length == this.expected) this.complete.set();
  }

  run(): void {
    if (!this.perform()) this.control.abort();
    for (const stream of this.streams) stream.connection.close();
  }

  /** False: the client broke it off, or said something else than it should. */
  private perform(): bool {
    if (!this.say(State.PARAM_EXCHANGE)) return false;
    const asked = this.hearText();
    if (asked === null) return false;
    const parameters = new Parameters(asked);
    if (parameters.unsupported || parameters.streams > STREAMS_MAX) {
      this.refuse();
      return true;
    }
    this.expected = parameters.streams;
    if (!this.say(State.CREATE_STREAMS)) return false;
    if (this.complete.wait(this.os.now + ANSWER_NS) != 0) return false;
    if (!this.say(State.TEST_START) || !this.say(State.TEST_RUNNING)) return false;
    const beganNs = this.os.now;
    for (const stream of this.streams) stream.start(parameters.reverse);
    // The client says when it is over.
    const heard = new Uint8Array(1);
    if (this.control.read(heard) != 1 || heard[0] != State.TEST_END) return false;
    for (const stream of this.streams) stream.stop();
    return this.tell(this.os.now - beganNs, parameters.reverse);
  }

  private tell(tookNs: i64, reverse: bool): bool {
    const seconds = <f64>tookNs / <f64>SECOND;
    const bytes = this.streams.map<u64>((stream) => stream.bytes);
    if (!this.say(State.EXCHANGE_RESULTS) || this.hearText() === null) return false;
    if (!this.sayText(results(bytes, seconds, reverse))) return false;
    if (!this.say(State.DISPLAY_RESULTS)) return false;
    let total: u64 = 0;
    for (const count of bytes) total += count;
    const rate = (<f64>total * 8) / seconds / 1e9;
    const hundredths = <i64>(rate * 100 + 0.5);
    const fraction = (hundredths % 100).toString().padStart(2, "0");
    this.os.console.writeLine(
      `${reverse ? "sent" : "received"} ${total} bytes in ${tookNs / 1_000_000} ms, ` +
        `${hundredths / 100}.${fraction} Gbit/s, ${bytes.length} streams`,
    );
    // IPERF_DONE, or the end: it makes no difference.
    this.control.read(new Uint8Array(1), this.os.now + ANSWER_NS);
    this.control.close();
    return true;
  }

  /** Says that an option is not implemented: its number in iperf3's list of errors, and none of the system. */
  private refuse(): void {
    const answer = new Uint8Array(9);
    answer[0] = <u8>State.SERVER_ERROR;
    answer[4] = NOT_IMPLEMENTED;
    this.control.writeAll(answer, 9, this.os.now + ANSWER_NS);
    this.control.close();
  }

  private say(state: i32): bool {
    const byte = new Uint8Array(1);
    byte[0] = <u8>state;
    return this.control.writeAll(byte, 1, this.os.now + ANSWER_NS) == 0;
  }

  private sayText(text: string): bool {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    const length = new Uint8Array(4);
    store<u32>(length.dataStart, bswap(bytes.length));
    const deadlineNs = this.os.now + ANSWER_NS;
    return (
      this.control.writeAll(length, 4, deadlineNs) == 0 &&
      this.control.writeAll(bytes, -1, deadlineNs) == 0
    );
  }

  private hearText(): string | null {
    const head = new Uint8Array(4);
    const deadlineNs = this.os.now + ANSWER_NS;
    if (this.control.readExactly(head, 0, 4, deadlineNs) != 0) return null;
    const length = bswap(load<u32>(head.dataStart));
    if (length > <u32>JSON_BYTES_MAX) return null;
    const text = new Uint8Array(length);
    if (this.control.readExactly(text, 0, length, deadlineNs) != 0) return null;
    return String.UTF8.decodeUnsafe(text.dataStart, length);
  }
}
