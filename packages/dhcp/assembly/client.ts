import {
  Datagram,
  Endpoint,
  Errno,
  IpAddress,
  Random,
  Udp,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { Lease, NEVER } from "./lease";
import { DhcpCounters, DhcpMachine, DhcpState } from "./machine";
import { CLIENT_PORT, HOST_NAME_BYTES_MAX, REQUEST_BYTES_MAX, Reply, SERVER_PORT } from "./wire";

/** Told what address the link has. Called by the dispatcher. */
export interface LeaseHandler {
  /**
   * The address, routes and servers are to be as the lease says; it is a new one, or the one there was, renewed,
   * in which other things than the address may have changed. Who probes the address (RFC 5227) and finds that
   * another host has it calls `DhcpClient.conflict`.
   */
  onLease(lease: Lease): void;

  /** The address must not be used any more. The client looks for another one. @param loss of LeaseLoss */
  onLeaseLost(lease: Lease, loss: i32): void;
}

/**
 * Keeps an IPv4 address by DHCP over UDP port 68: the machine, with a socket, a timer and a handler. It is in the
 * background: a domain that has nothing else to do ends.
 *
 * Asks of `Udp`: without an address, what is sent to 255.255.255.255 leaves from 0.0.0.0, and what arrives for
 * 255.255.255.255 is delivered. With one, it is the source also of broadcasts.
 */
export class DhcpClient extends Timed implements UdpHandler, UdpWaiter {
  private readonly machine: DhcpMachine;
  private readonly reply: Reply = new Reply();
  private readonly buffer: Uint8Array = new Uint8Array(REQUEST_BYTES_MAX);
  private readonly hostName: Uint8Array;
  private socket: UdpSocket | null = null;
  /** Bytes in `buffer` for which the link had no room, and where they go. */
  private waitingBytes: i32 = 0;
  private waitingFor: u32 = 0;
  private isWaiting: bool = false;

  /**
   * @param mac of the link: 6 bytes, which are kept
   * @param hostName told to the server; of more than 63 bytes only these are sent; "": none
   */
  constructor(
    private readonly udp: Udp,
    random: Random,
    private readonly mac: Uint8Array,
    hostName: string,
    private readonly handler: LeaseHandler,
  ) {
    super();
    this.machine = new DhcpMachine(random);
    this.hostName = Uint8Array.wrap(String.UTF8.encode(hostName));
  }

  get state(): DhcpState {
    return this.machine.state;
  }

  /** What is leased now. */
  get lease(): Lease | null {
    return this.machine.lease;
  }

  /**
   * While there is no address, answers are asked for as broadcasts (RFC 2131 §4.1). True unless set; false where IPv4
   * takes in packets for addresses that are not its own yet.
   */
  set wantsBroadcast(value: bool) {
    this.machine.wantsBroadcast = value;
  }

  get wantsBroadcast(): bool {
    return this.machine.wantsBroadcast;
  }

  get counters(): DhcpCounters {
    return this.machine.counters;
  }

  /** Begins, unless it has. Returns 0; ADDRESS_IN_USE or EXHAUSTED if port 68 is not to be had. */
  start(): i32 {
    if (this.socket !== null) return 0;
    const socket = this.udp.bind(CLIENT_PORT, this);
    if (socket === null) return this.udp.bindError;
    socket.background();
    this.socket = socket;
    this.machine.start(now());
    this.act();
    return 0;
  }

  /** Another host has the leased address: declines it, and looks for another one after a pause. */
  conflict(): void {
    this.machine.conflict(now());
    this.act();
  }

  /** Gives the lease back and stops; the handler is not called. The address must still be usable. */
  release(): void {
    this.machine.release(now());
    this.act();
    this.stop();
  }

  /** Stops without a word: the server keeps the address for us until the lease ends. */
  stop(): void {
    const socket = this.socket;
    if (socket !== null) socket.close();
    this.socket = null;
    this.waitingBytes = 0;
    this.isWaiting = false;
    this.machine.stop();
    cancelTimer(this);
  }

  timerDue(nowNs: i64): void {
    this.machine.elapse(nowNs);
    this.act();
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const counters = this.machine.counters;
    counters.received++;
    if (
      datagram.sourcePort != SERVER_PORT ||
      !this.reply.parse(datagram.payload, datagram.bytes, this.mac.dataStart)
    ) {
      counters.malformed++;
      return;
    }
    this.machine.receive(now(), this.reply);
    this.act();
  }

  /** A server that cannot be reached is one that does not answer: the timer goes on. */
  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}

  onUdpWritable(socket: UdpSocket): void {
    this.isWaiting = false;
    const bytes = this.waitingBytes;
    this.waitingBytes = 0;
    if (bytes > 0 && this.socket === socket) this.send(socket, this.waitingFor, bytes);
  }

  /** Does what the machine left behind. */
  private act(): void {
    const machine = this.machine;
    const lost = machine.lostLease;
    // First: what is sent next must not leave from an address that is lost.
    if (lost !== null) this.handler.onLeaseLost(lost, machine.loss);
    const socket = this.socket;
    if (socket === null) return; // The handler has stopped us.
    if (machine.sends) {
      const hostNameBytes = min(this.hostName.length, HOST_NAME_BYTES_MAX);
      const bytes = machine.request.emit(
        this.buffer.dataStart,
        this.mac.dataStart,
        this.hostName.dataStart,
        hostNameBytes,
      );
      this.send(socket, machine.sendsTo, bytes);
    }
    if (machine.dueNs == NEVER) cancelTimer(this);
    else setTimer(this, machine.dueNs);
    if (machine.isGranted) this.handler.onLease(machine.lease!);
  }

  /** @param server 0: broadcast */
  private send(socket: UdpSocket, server: u32, bytes: i32): void {
    const address = IpAddress.ofIpv4(server == 0 ? u32.MAX_VALUE : server);
    const sent = socket.send(new Endpoint(address, SERVER_PORT), this.buffer, 0, bytes);
    if (sent != Errno.AGAIN) return;
    this.waitingBytes = bytes;
    this.waitingFor = server;
    if (!this.isWaiting) socket.whenWritable(this);
    this.isWaiting = true;
  }
}
