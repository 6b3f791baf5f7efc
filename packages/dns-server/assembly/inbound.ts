/** One zone on its way here: request, messages, the new version, a little in each step. Used again for the next. */
import {
  CLOSED,
  Clock,
  Endpoint,
  TIMED_OUT,
  Random,
  SECOND,
  Tcp,
  TcpConnection,
  TcpHandler,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { u16At } from "@phantasm/dns/wire";
import { Draft, DraftError } from "./draft";
import { Message } from "./message";
import { AXFR, IXFR } from "./query";
import { LENGTH_BYTES } from "./session";
import { REQUEST_BYTES_MAX, SoaQuery } from "./soa-query";
import { Transfer } from "./transfer";
import { ReadStatus, TransferReader } from "./transfer-reader";
import { ZoneAccount, Zones } from "./zone-data";
import { ZoneVersion } from "./zone-version";
import { WORKING, ZoneWriter } from "./zone-writer";

const MESSAGE_BYTES_MAX: usize = 65_535;
/** Behind a message, for what is read in steps of eight bytes. */
const BEHIND_BYTES: usize = 16;
/** So long may a primary say nothing, and so long may the whole take. */
const STALL_NS: i64 = 10 * SECOND;
export const TRANSFER_NS_MAX: i64 = 600 * SECOND;
/** Of a step: about a millisecond. */
const WORK_STEPS: i32 = 1024;
const RECEIVED_BYTES: usize = 0x8000;

/** Told how it went. */
export interface InboundHandler {
  /** The new version, which is given away. */
  onZone(inbound: Inbound, zones: Zones): void;
  /** There is nothing newer. */
  onCurrent(inbound: Inbound): void;
  /** `status` of ReadStatus or DraftError, or of the network, when `isNetwork`: why the connection came to nothing. */
  onFailed(inbound: Inbound, status: i32, isNetwork: bool): void;
}

enum Phase {
  FREE,
  RECEIVING,
  /** The records of the old version are read, for changes to it. */
  LOADING,
  WRITING,
}


@final
export class Inbound implements TcpHandler, TimerHandler {
  readonly reader: TransferReader;
  readonly draft: Draft;
  private readonly writer: ZoneWriter;
  private readonly loading: Transfer = new Transfer();
  private readonly loaded: Message;
  private readonly request: usize = heap.alloc(LENGTH_BYTES + <usize>REQUEST_BYTES_MAX);
  private requestBytes: usize = 0;
  private sentBytes: usize = 0;
  private readonly input: usize = heap.alloc(LENGTH_BYTES + MESSAGE_BYTES_MAX + BEHIND_BYTES);
  private inputBytes: usize = 0;
  private phase: i32 = Phase.FREE;
  private connection: TcpConnection | null = null;
  private handler: InboundHandler | null = null;
  private old: Zones | null = null;
  private timer: Timer | null = null;
  /** When something last arrived, and when it began. */
  private activeNs: i64 = 0;
  private begunNs: i64 = 0;

  constructor(
    private readonly tcp: Tcp,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly query: SoaQuery,
    private readonly account: ZoneAccount,
    empty: Zones,
    draftBytesMax: usize,
    recordsMax: u32,
  ) {
    const draft = new Draft(draftBytesMax, recordsMax);
    this.draft = draft;
    this.writer = new ZoneWriter(draft);
    this.reader = new TransferReader(draft, recordsMax);
    this.loaded = new Message(empty);
  }

  get isFree(): bool {
    return this.phase == Phase.FREE;
  }

  get elapsedNs(): i64 {
    return this.clock.now() - this.begunNs;
  }

  /**
   * Begins. False: there is no connection to be had now.
   *
   * @param name the apex, in NAME_BUFFER_BYTES bytes that stay
   * @param old what there is, and changes of which are enough; null: the whole is wanted
   * @param version of `old`
   */
  begin(
    name: usize,
    nameBytes: i32,
    primary: Endpoint,
    old: Zones | null,
    version: ZoneVersion,
    handler: InboundHandler,
  ): bool {
    const connection = this.tcp.connect(primary, this, 0);
    if (connection === null) return false;
    connection.background();
    const id = <i32>(this.random.u32() & 0xffff);
    const since: ZoneVersion | null = old === null ? null : version;
    const bytes = this.query.writeTransfer(this.request + LENGTH_BYTES, id, name, nameBytes, since);
    store<u16>(this.request, bswap(<u16>bytes));
    this.requestBytes = LENGTH_BYTES + <usize>bytes;
    this.sentBytes = 0;
    this.inputBytes = 0;
    this.connection = connection;
    this.handler = handler;
    if (old !== null) old.hold();
    this.old = old;
    this.activeNs = this.clock.now();
    this.begunNs = this.activeNs;
    this.phase = Phase.RECEIVING;
    this.reader.begin(name, nameBytes, id, old === null ? AXFR : IXFR, version.serial);
    if (!this.draft.begin(name, nameBytes)) this.fail(DraftError.LIMIT, false);
    return true;
  }

  /** Looks at the time; to be called now and then. */
  watch(): void {
    if (this.phase == Phase.FREE) return;
    const now = this.clock.now();
    const isStalled = this.phase == Phase.RECEIVING && now - this.activeNs >= STALL_NS;
    if (isStalled || now - this.begunNs >= TRANSFER_NS_MAX) this.fail(TIMED_OUT, true);
  }

  onConnected(connection: TcpConnection): void {
    this.onWritable(connection);
  }

  onWritable(connection: TcpConnection): void {
    if (connection !== this.connection || this.sentBytes == this.requestBytes) return;
    const left = this.requestBytes - this.sentBytes;
    const written = connection.writeFrom(this.request + this.sentBytes, <i32>left);
    if (written > 0) this.sentBytes += <usize>written;
  }

  onReadable(connection: TcpConnection): void {
    // What arrives meanwhile waits in the connection, whose window closes.
    if (connection === this.connection && this.phase == Phase.RECEIVING && !this.isWorking)
      this.receive(connection);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (connection !== this.connection) return;
    this.connection = null;
    this.fail(reason == 0 ? CLOSED : reason, true);
  }

  /** Takes messages, up to so many bytes; goes on in the next step. */
  private receive(connection: TcpConnection): void {
    for (let taken: usize = 0; taken < RECEIVED_BYTES;) {
      const there = <usize>connection.peekedBytes;
      if (there == 0) {
        if (connection.atEnd) this.fail(CLOSED, true);
        return;
      }
      this.activeNs = this.clock.now();
      const bytes = min(there, this.wantedBytes - this.inputBytes);
      memory.copy(this.input + this.inputBytes, connection.peek(), bytes);
      connection.consume(<i32>bytes);
      this.inputBytes += bytes;
      taken += bytes;
      if (this.inputBytes < LENGTH_BYTES || this.inputBytes < this.wantedBytes) continue;
      const length = <i32>this.inputBytes - <i32>LENGTH_BYTES;
      this.inputBytes = 0;
      const status = this.reader.message(this.input + LENGTH_BYTES, length);
      if (!this.goOn(status < 0 ? status : this.reader.read())) return;
    }
    this.later();
  }

  private get wantedBytes(): usize {
    if (this.inputBytes < LENGTH_BYTES) return LENGTH_BYTES;
    return LENGTH_BYTES + <usize>u16At(this.input);
  }

  /** False: nothing more is to be received now. */
  private goOn(status: i32): bool {
    if (status == ReadStatus.MORE) return true;
    if (status == ReadStatus.CURRENT) {
      const handler = this.end();
      handler.onCurrent(this);
    } else if (status == ReadStatus.CHANGES) {
      this.phase = Phase.LOADING;
      this.loading.open(this.old!);
      this.later();
    } else if (status == ReadStatus.DONE) {
      this.hangUp();
      this.phase = Phase.WRITING;
      this.writer.begin(this.account);
      this.later();
    } else this.fail(status, false);
    return false;
  }

  onTimer(timer: Timer): void {
    const connection = this.connection;
    if (this.phase == Phase.LOADING) this.load();
    else if (this.phase == Phase.WRITING) this.write();
    else if (this.phase == Phase.RECEIVING && connection !== null) this.receive(connection);
  }

  private get isWorking(): bool {
    const timer = this.timer;
    return timer !== null && timer.pending;
  }

  private later(): void {
    const timer = this.timer;
    if (timer !== null) timer.set(0);
    else {
      const made = this.clock.after(0, this);
      made.background();
      this.timer = made;
    }
  }

  private load(): void {
    const buffer = LOAD_BUFFER;
    const bytes = this.loading.next(this.loaded, buffer, <i32>MESSAGE_BYTES_MAX);
    if (bytes > 0) {
      const status = this.reader.load(buffer, bytes);
      if (status < 0) this.fail(status, false);
      else this.later();
      return;
    }
    this.loading.finish();
    this.phase = Phase.RECEIVING;
    this.activeNs = this.clock.now();
    if (this.goOn(this.reader.read())) this.later();
  }

  private write(): void {
    const status = this.writer.work(WORK_STEPS);
    if (status == WORKING) return this.later();
    if (status < 0) return this.fail(status, false);
    const zones = this.writer.take();
    const handler = this.end();
    handler.onZone(this, zones);
  }

  private hangUp(): void {
    const connection = this.connection;
    this.connection = null;
    if (connection !== null) connection.abort();
  }

  private fail(status: i32, isNetwork: bool): void {
    const handler = this.end();
    handler.onFailed(this, status, isNetwork);
  }

  /** All of it goes. */
  private end(): InboundHandler {
    const handler = this.handler!;
    const timer = this.timer;
    const old = this.old;
    this.hangUp();
    if (timer !== null) timer.cancel();
    this.loading.finish();
    this.writer.clear();
    this.draft.clear();
    if (old !== null) old.release();
    this.old = null;
    this.handler = null;
    this.phase = Phase.FREE;
    return handler;
  }
}

/** Nothing of it stays from one step to the next. */
const LOAD_BUFFER: usize = heap.alloc(MESSAGE_BYTES_MAX + BEHIND_BYTES);
