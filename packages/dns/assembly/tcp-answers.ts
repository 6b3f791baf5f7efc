/** Long answers over TCP (RFC 7766): one connection for each, closed with the answer. */
import { Endpoint, IpAddress, Tcp, TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { LongAnswerReceiver, LongAnswers } from "./long-answers";
import { DNS_PORT, u16At } from "./wire";

/** Connections at once; one more is refused. */
const FETCHES_MAX: i32 = 4;
/** A longer answer is a failure; it has room for more addresses than are kept. */
export const LONG_ANSWER_BYTES_MAX: i32 = 8192;
/** RFC 1035 §4.2.2: in front of each message. */
const LENGTH_BYTES: i32 = 2;

/** Hand it to `Resolver.longAnswers`. */
export class TcpAnswers implements LongAnswers {
  private readonly fetches: Fetch[] = [];

  constructor(private readonly tcp: Tcp) {}

  fetch(server: IpAddress, query: Uint8Array, bytes: i32, receiver: LongAnswerReceiver): bool {
    let free: Fetch | null = null;
    for (const one of this.fetches) if (!one.isBusy) free = one;
    if (free === null) {
      if (this.fetches.length == FETCHES_MAX) return false;
      free = new Fetch();
      this.fetches.push(free);
    }
    return free.begin(this.tcp, server, query, bytes, receiver);
  }

  cancel(receiver: LongAnswerReceiver): void {
    for (const one of this.fetches) one.cancel(receiver);
  }
}

/** One question over TCP; used again for the next. */
class Fetch implements TcpHandler {
  private query: Uint8Array = new Uint8Array(0);
  private sentBytes: i32 = 0;
  private readonly answer: Uint8Array = new Uint8Array(LENGTH_BYTES + LONG_ANSWER_BYTES_MAX);
  private receivedBytes: i32 = 0;
  private connection: TcpConnection | null = null;
  private receiver: LongAnswerReceiver | null = null;
  /** The receiver is reading `answer`. */
  private isDelivering: bool = false;

  get isBusy(): bool {
    return this.receiver !== null || this.isDelivering;
  }

  begin(
    tcp: Tcp,
    server: IpAddress,
    query: Uint8Array,
    bytes: i32,
    receiver: LongAnswerReceiver,
  ): bool {
    const connection = tcp.connect(new Endpoint(server, DNS_PORT), this, 0);
    if (connection === null) return false;
    const framed = new Uint8Array(LENGTH_BYTES + bytes);
    store<u16>(framed.dataStart, bswap(<u16>bytes));
    memory.copy(framed.dataStart + LENGTH_BYTES, query.dataStart, bytes);
    this.query = framed;
    this.sentBytes = 0;
    this.receivedBytes = 0;
    this.connection = connection;
    this.receiver = receiver;
    return true;
  }

  cancel(receiver: LongAnswerReceiver): void {
    if (this.receiver === receiver) this.end();
  }

  onConnected(connection: TcpConnection): void {
    this.onWritable(connection);
  }

  onWritable(connection: TcpConnection): void {
    if (connection !== this.connection) return;
    const left = this.query.length - this.sentBytes;
    if (left == 0) return;
    const written = connection.write(this.query, this.sentBytes, left);
    // An error ends the connection: `onClosed` follows.
    if (written > 0) this.sentBytes += written;
  }

  onReadable(connection: TcpConnection): void {
    while (connection === this.connection) {
      const wanted = this.wantedBytes;
      if (wanted > this.answer.length) {
        this.fail();
        return;
      }
      const read = connection.read(this.answer, this.receivedBytes, wanted - this.receivedBytes);
      if (read == 0) this.fail();
      if (read <= 0) return; // More follows, or `onClosed`.
      this.receivedBytes += read;
      if (this.receivedBytes > LENGTH_BYTES && this.receivedBytes == this.wantedBytes) {
        this.deliver();
        return;
      }
    }
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (connection !== this.connection) return;
    this.connection = null;
    this.fail();
  }

  /** Bytes until the end of the answer, or of its length as long as that is not known. At least one is missing. */
  private get wantedBytes(): i32 {
    if (this.receivedBytes < LENGTH_BYTES) return LENGTH_BYTES;
    // An empty message is none; one byte more shows it.
    return LENGTH_BYTES + max(1, u16At(this.answer.dataStart));
  }

  private deliver(): void {
    const receiver = this.receiver!;
    this.end();
    this.isDelivering = true;
    const message = this.answer.dataStart + LENGTH_BYTES;
    receiver.onLongAnswer(message, this.receivedBytes - LENGTH_BYTES);
    this.isDelivering = false;
  }

  private fail(): void {
    const receiver = this.receiver!;
    this.end();
    receiver.onLongAnswerFailed();
  }

  private end(): void {
    const connection = this.connection;
    this.connection = null;
    this.receiver = null;
    if (connection !== null) connection.abort();
  }
}
