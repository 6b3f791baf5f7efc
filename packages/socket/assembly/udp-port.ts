import { NO_DEADLINE } from "@phantasm/abi";
import {
  CLOSED,
  Datagram,
  Endpoint,
  Errno,
  Udp,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";
import { WaitQueue, isInterrupted, wait } from "@phantasm/fibre";
import { DatagramQueue } from "./datagram-queue";

/** Room for datagrams that nobody has received yet, unless `open` is told otherwise: a large one fits. */
const QUEUE_BYTES: i32 = 128 << 10;

/** A local port for fibres that send and receive datagrams. */
@final
export class UdpPort implements UdpHandler, UdpWaiter {
  /** Datagrams that found the queue full. */
  droppedDatagrams: u64 = 0;

  private socket: UdpSocket | null = null;
  private queue: DatagramQueue | null = null;
  private from: Endpoint | null = null;
  private wholeBytes: i32 = 0;
  private asked: bool = false;
  private readonly receivers: WaitQueue = new WaitQueue("a datagram");
  private readonly senders: WaitQueue = new WaitQueue("room for a datagram");

  /**
   * Binds a port; 0 picks one. 0, ADDRESS_IN_USE or EXHAUSTED.
   *
   * @param queueBytes room for datagrams that wait, each with 24 bytes more than its length; what does not fit is
   *   dropped and counted
   */
  open(udp: Udp, port: u16 = 0, queueBytes: i32 = QUEUE_BYTES): i32 {
    assert(this.socket === null, "udp port: it is open already");
    const socket = udp.bind(port, this);
    if (socket === null) return udp.bindError;
    this.socket = socket;
    this.queue = new DatagramQueue(queueBytes);
    return 0;
  }

  get raw(): UdpSocket {
    const socket = this.socket;
    assert(socket !== null, "udp port: it is not open");
    return socket!;
  }

  get localPort(): u16 {
    return this.raw.localPort;
  }

  /** Who sent what `receive` returned last. */
  get source(): Endpoint {
    const source = this.from;
    assert(source !== null, "udp port: nothing was received yet");
    return source!;
  }

  /** Bytes of the datagram that `receive` returned last; more than it returned if the buffer was too small. */
  get receivedBytes(): i32 {
    return this.wholeBytes;
  }

  /**
   * Waits for a datagram and copies it to `buffer`, as far as it fits. Returns the bytes copied, which may be 0, or
   * CLOSED, CANCELLED, TIMED_OUT. `source` and `receivedBytes` are of this one until the next `receive`.
   */
  receive(buffer: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    while (true) {
      if (!isInterrupted()) {
        const queue = this.queue;
        if (queue === null) return CLOSED;
        if (queue.count > 0) {
          this.from = queue.firstSource;
          this.wholeBytes = queue.firstBytes;
          return queue.take(buffer, 0, buffer.length);
        }
      }
      const outcome = wait(this.receivers, deadlineNs);
      if (outcome != 0) return outcome;
    }
  }

  /**
   * Sends the first `length` bytes of `buffer`; waits only while the link has no room. 0, as far as anybody can tell,
   * or TOO_LARGE, NO_ROUTE, GONE, CLOSED, CANCELLED, TIMED_OUT.
   */
  send(remote: Endpoint, buffer: Uint8Array, length: i32 = -1, deadlineNs: i64 = NO_DEADLINE): i32 {
    while (true) {
      const socket = this.socket;
      if (socket === null) return CLOSED;
      let status: i32 = Errno.AGAIN;
      if (!isInterrupted())
        status = socket.send(remote, buffer, 0, length < 0 ? buffer.length : length);
      if (status != Errno.AGAIN) return status;
      if (!this.asked) {
        this.asked = true;
        socket.whenWritable(this);
      }
      const outcome = wait(this.senders, deadlineNs);
      if (outcome != 0) return outcome;
    }
  }

  /** The port is free; whoever waits gets CLOSED. Idempotent. */
  close(): void {
    const socket = this.socket;
    if (socket === null) return;
    socket.close();
    this.socket = null;
    this.queue = null;
    this.receivers.wakeAll();
    this.senders.wakeAll();
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const queue = this.queue;
    if (queue === null) return;
    if (!queue.push(datagram)) {
      this.droppedDatagrams++;
      return;
    }
    this.receivers.wake();
  }

  /** Whoever needs to know sends again and waits for an answer: datagrams may be lost anyhow. */
  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}

  onUdpWritable(socket: UdpSocket): void {
    this.asked = false;
    this.senders.wakeAll();
  }
}
