/** One connection of a client: its queries in their order, and their answers. */
import { Errno, TcpConnection } from "@phantasm/interfaces";
import { Transfer } from "./transfer";

/** RFC 1035 §4.2.2: in front of each message. */
export const LENGTH_BYTES: usize = 2;
/** A longer query is none that anybody sends. */
export const QUERY_BYTES_MAX: usize = 4096;

/** What all connections together have not taken of their answers. */
@final
export class OutputBudget {
  bytes: usize = 0;

  constructor(readonly bytesMax: usize) {}

  get left(): usize {
    return this.bytesMax - this.bytes;
  }
}

/** Used again for the next connection. The buffer of a query is made when it is first needed, and kept. */
@final
export class Session {
  connection: TcpConnection | null = null;
  remoteHigh: u64 = 0;
  remoteLow: u64 = 0;
  /** When something last went forward. */
  activeNs: i64 = 0;
  transfer: Transfer | null = null;
  /** A query that has arrived in part, its length included. */
  input: usize = 0;
  inputBytes: usize = 0;
  /** What the connection had no room for. */
  private output: usize = 0;
  private outputAt: usize = 0;
  private outputEnd: usize = 0;

  constructor(private readonly budget: OutputBudget) {}

  get hasOutput(): bool {
    return this.outputAt < this.outputEnd;
  }

  /** Takes a query that is complete, or a part of it. 0: more is needed; else its bytes, length included. */
  gather(connection: TcpConnection): usize {
    if (this.input == 0) this.input = heap.alloc(LENGTH_BYTES + QUERY_BYTES_MAX + 8);
    let wanted = this.wantedBytes;
    while (this.inputBytes < wanted) {
      const there = <usize>connection.peekedBytes;
      if (there == 0) return 0;
      const taken = min(there, wanted - this.inputBytes);
      memory.copy(this.input + this.inputBytes, connection.peek(), taken);
      connection.consume(<i32>taken);
      this.inputBytes += taken;
      wanted = this.wantedBytes;
      if (wanted > LENGTH_BYTES + QUERY_BYTES_MAX) return wanted;
    }
    return wanted;
  }

  private get wantedBytes(): usize {
    if (this.inputBytes < LENGTH_BYTES) return LENGTH_BYTES;
    return LENGTH_BYTES + <usize>bswap(load<u16>(this.input));
  }

  /** Sends, or keeps what does not fit. False: the connection is broken, or there is no room for it. */
  send(connection: TcpConnection, at: usize, bytes: usize): bool {
    const written = connection.writeFrom(at, <i32>bytes);
    const sent: usize = written > 0 ? <usize>written : 0;
    if (sent == bytes) return true;
    if (written < 0 && written != Errno.AGAIN) return false;
    const left = bytes - sent;
    const budget = this.budget;
    if (left > budget.left) return false;
    budget.bytes += left;
    this.output = heap.alloc(left);
    memory.copy(this.output, at + sent, left);
    this.outputAt = 0;
    this.outputEnd = left;
    return true;
  }

  /** Sends what was kept. False: the connection is broken. */
  flush(connection: TcpConnection): bool {
    const written = connection.writeFrom(
      this.output + this.outputAt,
      <i32>(this.outputEnd - this.outputAt),
    );
    if (written > 0) this.outputAt += <usize>written;
    if (this.outputAt == this.outputEnd) this.release();
    return written >= 0 || written == Errno.AGAIN;
  }

  private release(): void {
    if (this.output != 0) {
      heap.free(this.output);
      this.budget.bytes -= this.outputEnd;
    }
    this.output = 0;
    this.outputAt = 0;
    this.outputEnd = 0;
  }

  /** Ready for the next connection. */
  clear(): void {
    this.connection = null;
    this.transfer = null;
    this.inputBytes = 0;
    this.release();
  }
}
