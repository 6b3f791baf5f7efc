/**
 * Writes what passes over a link to a pcapng file, for tcpdump and Wireshark.
 *
 * Any link can be wrapped. A frame is written when the link has accepted it, or when the guest takes
 * it, without its virtio_net_hdr; a checksum that was left to the hardware is completed in the file, so
 * that none looks wrong, and a TCP segment of 64 KiB is one packet. For the file see `record-file.ts`.
 */
import { systemClock, type Clock } from "../clock.js";
import { HEADER_BYTES } from "./link.js";
import { Finisher, isUnfinished } from "./offload.js";
import { fileHead, finishPacket, packetBytes, PACKET_OFFSET } from "./pcapng.js";
import {
  createRecordFile,
  problemsOf,
  type RecordCounters,
  type RecordFile,
  type RecordFileOptions,
} from "./record-file.js";
import type { NetBackend } from "./types.js";
import { WallClock } from "./wall-clock.js";
import { WrappedLink } from "./wrapped.js";

export interface CaptureOptions extends RecordFileOptions {
  /** Of the interface in the file; `net` unless given. */
  readonly name?: string;
  /** Stamps the frames; the machine's clock unless given. */
  readonly clock?: Clock;
}

/** A link with a pcapng file; `close` writes what waits and closes both. */
export interface CapturedLink extends NetBackend {
  /** The link goes on when the file is given up. */
  readonly capture: RecordCounters;
}

/** Wraps a link. Takes it over when it succeeds; throws BackendError when the file cannot be created. */
export async function capture(
  link: NetBackend,
  file: string,
  options: CaptureOptions = {},
): Promise<CapturedLink> {
  const head = fileHead(options.name ?? "net", link.mac);
  const records = await createRecordFile("pcap file", file, head, options);
  return new Capture(link, records, options.clock ?? systemClock);
}

class Capture extends WrappedLink implements CapturedLink {
  readonly #file: RecordFile;
  readonly #clock: WallClock;
  readonly #finisher = new Finisher();

  constructor(link: NetBackend, file: RecordFile, clock: Clock) {
    super(link);
    this.#file = file;
    this.#clock = new WallClock(clock);
  }

  override get notices(): readonly string[] {
    return [...super.notices, ...problemsOf("capture", this.#file)];
  }

  get capture(): RecordCounters {
    return this.#file;
  }

  send(frame: Uint8Array): boolean {
    if (!this.link.send(frame)) return false;
    this.#add(frame, frame.length, true);
    return true;
  }

  receive(into: Uint8Array): number {
    const bytes = this.link.receive(into);
    if (bytes > 0) this.#add(into, bytes, false);
    return bytes;
  }

  override async close(): Promise<void> {
    await this.link.close();
    await this.#file.close();
    this.#finisher.clear();
  }

  #add(frame: Uint8Array, length: number, isOutbound: boolean): void {
    const bytes = length - HEADER_BYTES;
    const block = this.#file.add(packetBytes(bytes));
    if (block === null) return;
    // The virtio_net_hdr stands for a moment where the fields of the block will be.
    const copy = block.subarray(PACKET_OFFSET - HEADER_BYTES, PACKET_OFFSET + bytes);
    copy.set(length === frame.length ? frame : frame.subarray(0, length));
    if (isUnfinished(copy)) this.#finisher.complete(copy, length);
    finishPacket(block, bytes, this.#clock.nowNs(), isOutbound);
  }
}
