/**
 * A device on a tap interface.
 *
 * A wake-up brings the first frame in a buffer of the host's; the image takes that one and then reads
 * on, straight from the kernel into its own memory, until there is nothing left. Only then does the
 * event loop watch the descriptor again. A write goes from the image's memory to the kernel.
 *
 * What the kernel does not take at once is dropped and counted, as Linux does with a full queue of a
 * tap: while the interface is down, say. A sender is never asked to wait.
 */
import { ETHERNET_HEADER_BYTES, HEADER_BYTES, newLinkCounters } from "../link.js";
import { Limit } from "@phantasm/abi";
import { Addresses } from "../koffi.js";
import type { NetBackend } from "../types.js";
import { Waker } from "../wake.js";
import { RECEIVE_FEATURES, SEND_FEATURES, setOffloads, type TapDescriptor } from "./kernel.js";
import { Errno, type Libc } from "./libc.js";
import { Reader } from "./reader.js";

/** Frames that fit no device, skipped in one call: a flood of them must not hold up the guest. */
const SKIPPED_FRAMES_MAX = 64;

export interface TapLinkOptions {
  readonly mac: Uint8Array;
  readonly mtu: number;
}

export class TapLink implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly counters = newLinkCounters();
  readonly notices: readonly string[];
  readonly #libc: Libc;
  readonly #tap: TapDescriptor;
  readonly #descriptor: number;
  /** Where a frame begins: plain ones leave room for a virtio_net_hdr of zeros. */
  readonly #skip: number;
  readonly #reader: Reader;
  readonly #waker = new Waker(() => this.#waiting > 0 || this.gone);
  /** The frame that came with a wake-up, and its bytes; 0: none. */
  readonly #first = new Uint8Array(Limit.FRAME_BYTES_MAX);
  #waiting = 0;
  /** The event loop watches the descriptor. */
  #watching = false;
  readonly #into: Addresses;
  readonly #from: Addresses;
  #features: number;
  #reason: string | null = null;
  #closing: Promise<void> | null = null;

  /** Takes over an open descriptor. */
  constructor(libc: Libc, tap: TapDescriptor, { mac, mtu }: TapLinkOptions) {
    this.mac = mac;
    this.mtu = mtu;
    this.notices = tap.isUp
      ? []
      : [`${tap.label} is down: nothing passes until  sudo ip link set ${tap.label} up`];
    this.#libc = libc;
    this.#tap = tap;
    this.#descriptor = tap.descriptor;
    this.#features = tap.features;
    this.#skip = tap.hasHeader ? 0 : HEADER_BYTES;
    this.#into = new Addresses(libc);
    this.#from = new Addresses(libc);
    // Its owner: when the thread is ended from outside, Node closes it, and another domain can attach.
    this.#reader = new Reader(tap.descriptor, this.#first.subarray(this.#skip), {
      frame: (bytes) => this.#woken(bytes),
      ended: (code) => this.#end(code),
    });
  }

  get features(): number {
    return this.#features;
  }

  get gone(): boolean {
    return this.#closing !== null || (this.#reason !== null && this.#waiting === 0);
  }

  get reason(): string | null {
    return this.#reason;
  }

  attach(wake: () => void, accepted = 0): void {
    const wanted = accepted & this.#features & RECEIVE_FEATURES;
    if (this.#tap.hasHeader) {
      const granted = setOffloads(this.#libc, this.#descriptor, wanted) ? wanted : 0;
      this.#features = granted | (this.#features & SEND_FEATURES);
    }
    this.#waker.attach(wake);
    this.#watch();
  }

  send(frame: Uint8Array): boolean {
    const bytes = frame.length - this.#skip;
    if (this.#usable) {
      const address = this.#from.of(frame) + this.#skip;
      for (;;) {
        if (this.#libc.write(this.#descriptor, address, bytes) >= 0) {
          this.counters.sentFrames++;
          this.counters.sentBytes += frame.length - HEADER_BYTES;
          return true;
        }
        const errno = this.#libc.errno();
        if (errno === Errno.EINTR) continue;
        if (errno === Errno.EBADFD) this.#end("EBADFD");
        break;
      }
    }
    this.counters.droppedFrames++;
    return true;
  }

  receive(into: Uint8Array): number {
    if (this.#waiting === 0 && !this.#usable) return 0;
    for (let skipped = 0; skipped < SKIPPED_FRAMES_MAX; skipped++) {
      const length =
        this.#waiting > 0 ? this.#takeFirst(into) : this.#usable ? this.#read(into) : 0;
      if (length === 0) return 0;
      if (length > 0 && this.#fits(into, length)) {
        this.counters.receivedFrames++;
        this.counters.receivedBytes += length - HEADER_BYTES;
        return length;
      }
      this.counters.droppedFrames++;
    }
    this.#watch();
    return 0;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#waker.detach();
    this.#waiting = 0;
    this.#into.forget();
    this.#from.forget();
    await this.#reader.close();
  }

  /** Whether the number still stands for the interface: Node closes it when reading fails. */
  get #usable(): boolean {
    return this.#closing === null && this.#reason === null && !this.#reader.closed;
  }

  /** Copies the frame of the wake-up; -1: it is too long for `into`. */
  #takeFirst(into: Uint8Array): number {
    const length = this.#waiting;
    this.#waiting = 0;
    if (length > into.length) return -1;
    into.set(this.#first.subarray(0, length));
    return length;
  }

  /** Bytes with the virtio_net_hdr; 0: nothing waits. */
  #read(into: Uint8Array): number {
    const skip = this.#skip;
    for (;;) {
      const address = this.#into.of(into) + skip;
      const bytes = this.#libc.read(this.#descriptor, address, into.length - skip);
      if (bytes > 0) {
        if (skip > 0) into.fill(0, 0, skip);
        return skip + bytes;
      }
      if (bytes < 0) {
        const errno = this.#libc.errno();
        if (errno === Errno.EINTR) continue;
        if (errno === Errno.EBADFD || errno === Errno.EIO) this.#end("EBADFD");
      }
      // Nothing waits; what else it may be, the reader finds out and reports.
      this.#watch();
      return 0;
    }
  }

  /**
   * A frame that the link may carry. A longer one (a VLAN tag, an MTU that was raised meanwhile) would
   * have been cut off where `into` ends; one that just fills it is told apart by its own length field.
   */
  #fits(frame: Uint8Array, length: number): boolean {
    if (length < HEADER_BYTES + ETHERNET_HEADER_BYTES) return false;
    return frame[1] !== 0 || length <= HEADER_BYTES + ETHERNET_HEADER_BYTES + this.mtu;
  }

  #watch(): void {
    if (this.#watching || this.#reason !== null) return;
    this.#watching = true;
    this.#reader.resume();
  }

  /** The event loop has read a frame. Reads no other: the image does. */
  #woken(bytes: number): boolean {
    this.#watching = false;
    this.#waiting = this.#skip + bytes;
    this.#waker.request();
    return false;
  }

  #end(code: string | null): void {
    if (this.#closing !== null || this.#reason !== null) return;
    this.#reason = endOf(this.#tap, code);
    this.#waker.request();
  }
}

/** Why a descriptor has ended, for the operator. */
export function endOf(
  { label, isTap }: Pick<TapDescriptor, "label" | "isTap">,
  code: string | null,
): string {
  if (!isTap) return code === null ? `${label} was closed at its other end` : `${label}: ${code}`;
  if (code === "EBADFD" || code === "EIO") return `the interface ${label} was deleted`;
  return `the interface ${label}: ${code ?? "it has ended"}`;
}
