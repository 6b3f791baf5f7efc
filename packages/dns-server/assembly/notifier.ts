/** Tells secondaries that there may be something new (RFC 1996): at the boot, and when zones were replaced. */
import {
  Clock,
  Datagram,
  Endpoint,
  Random,
  SECOND,
  Timer,
  TimerHandler,
  Udp,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { Flag, HEADER_BYTES, u16At } from "@phantasm/dns/wire";
import { ServerCounters } from "./counters";
import { Zones, labelAt, labelBytes } from "./zone-data";

const NOTIFY_FLAGS: u16 = 0x2400; // opcode and AA
const SOA: u16 = 6;
const CLASS_IN: u16 = 1;
/** RFC 1996 §3.6: tries, the time to the second of them, which doubles. */
const TRIES: i32 = 5;
const FIRST_NS: i64 = 5 * SECOND;
/** In a step; the rest follows. */
const BATCH: i32 = 64;
const BATCH_NS: i64 = SECOND / 100;
const MESSAGE_BYTES_MAX: i32 = 512;


@final
export class Notifier implements UdpHandler, TimerHandler {
  private socket: UdpSocket | null = null;
  /** Of each zone for each target: answered. */
  private readonly isAnswered: Uint8Array;
  private readonly count: i32;
  private tries: i32 = 0;
  private at: i32 = 0;
  private readonly id: u16;
  private readonly message: Uint8Array = new Uint8Array(MESSAGE_BYTES_MAX);

  private timer: Timer | null = null;

  /**
   * Holds the zones until it is done.
   *
   * @param targets at least one
   */
  constructor(
    private readonly zones: Zones,
    private readonly targets: Endpoint[],
    private readonly clock: Clock,
    random: Random,
    private readonly counters: ServerCounters,
  ) {
    zones.hold();
    const count = zones.count * targets.length;
    this.count = count;
    this.isAnswered = new Uint8Array(count);
    this.id = <u16>random.u32();
  }

  begin(udp: Udp): void {
    const socket = udp.bind(0, this);
    if (socket === null) {
      this.zones.release();
      return;
    }
    socket.background();
    this.socket = socket;
    const timer = this.clock.after(0, this);
    timer.background();
    this.timer = timer;
  }

  get isDone(): bool {
    return this.socket === null;
  }

  /** Nobody else is told. */
  cancel(): void {
    const socket = this.socket;
    const timer = this.timer;
    this.socket = null;
    if (timer !== null) timer.cancel();
    if (socket === null) return;
    socket.close();
    this.zones.release();
  }

  onTimer(timer: Timer): void {
    const socket = this.socket;
    if (socket === null) return;
    for (let left = BATCH; left > 0 && this.at < this.count; this.at++)
      if (this.isAnswered[this.at] == 0) {
        this.send(socket, this.at);
        left--;
      }
    if (this.at < this.count) return timer.set(BATCH_NS);
    this.at = 0;
    this.tries++;
    if (this.tries == TRIES || this.areAllAnswered) return this.cancel();
    timer.set(FIRST_NS << (this.tries - 1));
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    if (datagram.bytes < HEADER_BYTES) return;
    const flags = u16At(datagram.payload + 2);
    if (!(flags & Flag.RESPONSE) || (flags & Flag.OPCODE) != (NOTIFY_FLAGS & Flag.OPCODE)) return;
    // The id says which one it was; whatever the answer is, it has arrived.
    const index = <i32>(<u16>u16At(datagram.payload) - this.id);
    if (index < 0 || index >= this.count || this.isAnswered[index] != 0) return;
    const target = this.targets[index % this.targets.length];
    if (!target.address.equals(datagram.source.address) || target.port != datagram.sourcePort)
      return;
    this.isAnswered[index] = 1;
    this.counters.notifiesAnswered++;
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}

  private get areAllAnswered(): bool {
    for (let i = 0; i < this.count; i++) if (this.isAnswered[i] == 0) return false;
    return true;
  }

  private send(socket: UdpSocket, index: i32): void {
    const zones = this.zones;
    const message = this.message;
    const start = message.dataStart;
    memory.fill(start, 0, HEADER_BYTES);
    store<u16>(start, bswap(<u16>(<i32>this.id + index)));
    store<u16>(start, bswap(NOTIFY_FLAGS), 2);
    store<u16>(start, bswap(<u16>1), 4);
    let at = start + HEADER_BYTES;
    let node = zones.nodeAt(zones.zone(index / this.targets.length));
    for (let length = labelBytes(node); length > 0; length = labelBytes(node)) {
      store<u8>(at, <u8>length);
      memory.copy(at + 1, labelAt(node), <usize>length);
      at += <usize>length + 1;
      node = zones.parentOf(node);
    }
    store<u8>(at, 0);
    store<u16>(at, bswap(SOA), 1);
    store<u16>(at, bswap(CLASS_IN), 3);
    socket.send(this.targets[index % this.targets.length], message, 0, <i32>(at + 5 - start));
    this.counters.notifiesSent++;
  }
}
