/**
 * A device on an inherited descriptor, without koffi: read by the event loop, written by Node.
 *
 * Each frame is copied once more than by `link.ts`, and a read that finds nothing is left to the event
 * loop. Measured at half the rate; nothing needs to be installed.
 */
import { readFileSync, readlinkSync, writeSync } from "node:fs";
import { Limit } from "@phantasm/abi";
import { BackendError } from "../error.js";
import { FrameRing } from "../frame-ring.js";
import { ETHERNET_HEADER_BYTES, HEADER_BYTES, newLinkCounters, QUEUE_BYTES_MAX } from "../link.js";
import type { NetBackend } from "../types.js";
import { Waker } from "../wake.js";
import { RECEIVE_FEATURES, SEND_FEATURES, type TapDescriptor } from "./kernel.js";
import { endOf, type TapLinkOptions } from "./link.js";
import { codeOf, Reader } from "./reader.js";

const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

/** What can be found out about a descriptor without a call. Throws BackendError. */
export function inspectInherited(descriptor: number): TapDescriptor {
  const unknown = { descriptor, mtu: null, isUp: true };
  let information: string;
  try {
    readlinkSync(`/proc/self/fd/${descriptor}`);
    information = readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1");
  } catch {
    throw new BackendError(`--tap-fd ${descriptor}: this descriptor is not open`);
  }
  const name = /^iff:\t(\S+)$/m.exec(information)?.[1];
  if (name === undefined) {
    const label = `descriptor ${descriptor}`;
    return { ...unknown, label, hasHeader: false, features: 0, isTap: false };
  }
  const read = (file: string): number => Number(readFileSync(`/sys/class/net/${name}/${file}`));
  try {
    const flags = read("tun_flags");
    if ((flags & IFF_TUN) !== 0)
      throw new BackendError(
        `--tap-fd ${descriptor}: ${name} is a tun, which carries no Ethernet frames`,
      );
    if ((flags & IFF_NO_PI) === 0)
      throw new BackendError(
        `--tap-fd ${descriptor}: ${name} was opened without IFF_NO_PI: every frame has four bytes too many`,
      );
    const hasHeader = (flags & IFF_VNET_HDR) !== 0;
    const features = hasHeader ? SEND_FEATURES | RECEIVE_FEATURES : 0;
    return { ...unknown, label: name, hasHeader, features, mtu: read("mtu"), isTap: true };
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError(
      `--tap-fd ${descriptor}: how frames of ${name} look cannot be read from /sys here; koffi can ask:\n` +
        "  npm install koffi",
    );
  }
}

export class InheritedLink implements NetBackend {
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** Whoever opened it decided what the kernel delivers: all of it may come. */
  readonly features: number;
  readonly counters = newLinkCounters();
  readonly #tap: TapDescriptor;
  readonly #skip: number;
  readonly #reader: Reader;
  readonly #queue = new FrameRing(QUEUE_BYTES_MAX);
  readonly #waker = new Waker(() => this.#queue.frames > 0 || this.gone);
  /** Where the event loop puts a frame; before a plain one stands a virtio_net_hdr of zeros. */
  readonly #frame = new Uint8Array(Limit.FRAME_BYTES_MAX);
  #paused = true;
  #reason: string | null = null;
  #closing: Promise<void> | null = null;

  /** Takes over an open descriptor. */
  constructor(tap: TapDescriptor, { mac, mtu }: TapLinkOptions) {
    this.mac = mac;
    this.mtu = mtu;
    this.features = tap.features;
    this.#tap = tap;
    this.#skip = tap.hasHeader ? 0 : HEADER_BYTES;
    this.#reader = new Reader(tap.descriptor, this.#frame.subarray(this.#skip), {
      frame: (bytes) => this.#arrived(this.#skip + bytes),
      ended: (code) => this.#end(code),
    });
  }

  get gone(): boolean {
    return this.#closing !== null || (this.#reason !== null && this.#queue.frames === 0);
  }

  get reason(): string | null {
    return this.#reason;
  }

  attach(wake: () => void): void {
    this.#waker.attach(wake);
    this.#resume();
  }

  send(frame: Uint8Array): boolean {
    if (!this.#reader.closed) {
      try {
        writeSync(this.#tap.descriptor, frame, this.#skip, frame.length - this.#skip);
        this.counters.sentFrames++;
        this.counters.sentBytes += frame.length - HEADER_BYTES;
        return true;
      } catch (error) {
        // An engine whose stack is used up says so through any call.
        const code = codeOf(error);
        if (code === "") throw error;
        if (code === "EBADFD") this.#end("EBADFD");
      }
    }
    this.counters.droppedFrames++;
    return true;
  }

  receive(into: Uint8Array): number {
    while (this.#queue.peek() > into.length) {
      this.#queue.drop();
      this.counters.droppedFrames++;
    }
    const length = this.#queue.take(into);
    if (this.#paused && this.#queue.bytes <= QUEUE_BYTES_MAX / 2) this.#resume();
    if (length === 0) return 0;
    this.counters.receivedFrames++;
    this.counters.receivedBytes += length - HEADER_BYTES;
    return length;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#waker.detach();
    this.#queue.clear();
    await this.#reader.close();
  }

  #arrived(length: number): boolean {
    const limit = HEADER_BYTES + ETHERNET_HEADER_BYTES + this.mtu;
    const isWhole = length >= HEADER_BYTES + ETHERNET_HEADER_BYTES;
    if (!isWhole || (this.#frame[1] === 0 && length > limit)) {
      this.counters.droppedFrames++;
      return true;
    }
    this.#queue.push(this.#frame.subarray(0, length));
    this.#waker.request();
    // The kernel's own queue holds the next ones, and drops when it is full.
    this.#paused = !this.#queue.fits(this.#frame.length);
    return !this.#paused;
  }

  #resume(): void {
    if (this.#closing !== null || this.#reason !== null) return;
    this.#paused = false;
    this.#reader.resume();
  }

  #end(code: string | null): void {
    if (this.#closing !== null || this.#reason !== null) return;
    this.#reason = endOf(this.#tap, code);
    this.#waker.request();
  }
}
