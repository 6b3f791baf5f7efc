/** The segments of one connection, as the guest gets them. */
import type { Core } from "../core.js";
import { segmentBytesMax } from "../emitter.js";
import type { Path } from "../path.js";
import { Flag, TCP_HEADER_BYTES, writeSynOptions } from "./segment.js";
import type { Sender } from "./sender.js";
import { advance } from "./sequence.js";

const SYN_WINDOW = 0xffff;

export class SegmentWriter {
  readonly #core: Core;
  readonly #path: Path;
  readonly #sourcePort: number;
  readonly #destinationPort: number;
  /** The largest payload of a segment, options left out. */
  readonly mss: number;

  /** @param destinationPort the guest's */
  constructor(core: Core, path: Path, sourcePort: number, destinationPort: number) {
    this.#core = core;
    this.#path = path;
    this.#sourcePort = sourcePort;
    this.#destinationPort = destinationPort;
    this.mss = segmentBytesMax(core.mtu, path.ipv4);
  }

  /** Whether a segment of so much data has room now. */
  hasRoom(bytes: number): boolean {
    return this.#core.emitter.hasRoom(this.#path.start + TCP_HEADER_BYTES + bytes);
  }

  /**
   * @param acknowledgement without ACK among the flags: 0
   * @param scale null: windows are not scaled
   */
  syn(flags: number, sequence: number, acknowledgement: number, scale: number | null): void {
    const { emitter } = this.#core;
    emitter.begin(this.#path);
    const options = this.#path.start + TCP_HEADER_BYTES;
    const optionBytes = writeSynOptions(emitter.view, options, this.mss, scale);
    this.#header(flags, sequence, acknowledgement, SYN_WINDOW, optionBytes);
    emitter.send(this.#path, TCP_HEADER_BYTES + optionBytes);
  }

  /** A segment without data. False: there was no room. */
  control(flags: number, sequence: number, acknowledgement: number, window: number): boolean {
    const { emitter } = this.#core;
    emitter.begin(this.#path);
    this.#header(flags, sequence, acknowledgement, window, 0);
    return emitter.send(this.#path, TCP_HEADER_BYTES);
  }

  /** RFC 9293 §3.10.7.3: a reset that bears the number that the guest believes in. */
  reset(sequence: number): void {
    this.control(Flag.RST, sequence, 0, 0);
  }

  /** Bytes from `position` in the queue, which may be many segments. False: there was no room. */
  data(
    { queue, unacknowledged, mss }: Sender,
    position: number,
    bytes: number,
    acknowledgement: number,
    window: number,
  ): boolean {
    const { emitter } = this.#core;
    emitter.begin(this.#path);
    const flags = position + bytes === queue.bytes ? Flag.ACK | Flag.PSH : Flag.ACK;
    this.#header(flags, advance(unacknowledged, position), acknowledgement, window, 0);
    queue.copy(position, emitter.bytes, this.#path.start + TCP_HEADER_BYTES, bytes);
    return emitter.send(this.#path, TCP_HEADER_BYTES + bytes, bytes > mss ? mss : 0);
  }

  #header(
    flags: number,
    sequence: number,
    acknowledgement: number,
    window: number,
    optionBytes: number,
  ): void {
    const { view } = this.#core.emitter;
    const { start } = this.#path;
    view.setUint16(start, this.#sourcePort);
    view.setUint16(start + 2, this.#destinationPort);
    view.setUint32(start + 4, sequence);
    view.setUint32(start + 8, acknowledgement);
    view.setUint16(start + 12, ((TCP_HEADER_BYTES + optionBytes) << 10) | flags);
    view.setUint16(start + 14, window);
    view.setUint16(start + 18, 0);
  }
}
