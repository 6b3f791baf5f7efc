/** Observation blocks and tables of fibres written by hand, for tests. */
import { ObservationBlock } from "@phantasm/abi";

/** A fibre as images lay it out; addresses are the test's business. */
export interface WrittenFibre {
  readonly at: number;
  readonly id: number;
  readonly next?: number;
  readonly name?: string;
  readonly classId?: number;
  /** 0 new 1 ready 2 running 3 waiting 4 sleeping 5 ended. */
  readonly state?: number;
  readonly dueNs?: bigint;
  /** What the queue that it waits in is for. */
  readonly queue?: string;
}

const NEVER = 0x7fff_ffff_ffff_ffffn;
/** Where `writeFibre` puts the fields; a fibre takes 32 bytes and needs 8 in front of it. */
const FIELDS = { next: 0, name: 4, id: 8, state: 12, queue: 20, due: 24 };

/** Memory with an observation block at `BLOCK`; texts are put at its end. */
export class WrittenMemory {
  static readonly BLOCK = 1024;
  static readonly manifest = {
    observation: {
      address: WrittenMemory.BLOCK,
      bytes: ObservationBlock.BYTES,
      version: ObservationBlock.VERSION,
    },
  };
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly block: DataView;
  #top: number;

  constructor(length = 65_536) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
    this.block = new DataView(this.bytes.buffer, WrittenMemory.BLOCK, ObservationBlock.BYTES);
    this.#top = length;
    this.block.setUint32(0, ObservationBlock.MAGIC, true);
    this.block.setUint32(4, ObservationBlock.VERSION, true);
    const { next, name, id, state, due, queue } = FIELDS;
    [next, name, id, state, due, queue].forEach((offset, at) =>
      this.block.setUint16(92 + 2 * at, offset, true),
    );
  }

  /** An AssemblyScript string; its address. */
  text(text: string): number {
    const address = (this.#top - 2 * text.length) & ~1;
    for (let at = 0; at < text.length; at++) {
      this.view.setUint16(address + 2 * at, text.charCodeAt(at), true);
    }
    this.view.setUint32(address - 4, 2 * text.length, true);
    this.#top = (address - 8) & ~3;
    return address;
  }

  fibre(fibre: WrittenFibre): void {
    const { at, id, next = 0, name = "", classId = 7, state = 1, dueNs = NEVER, queue } = fibre;
    this.view.setUint32(at - 8, classId, true);
    this.view.setUint32(at + FIELDS.next, next, true);
    this.view.setUint32(at + FIELDS.name, name === "" ? 0 : this.text(name), true);
    this.view.setUint32(at + FIELDS.id, id, true);
    this.view.setUint8(at + FIELDS.state, state);
    this.view.setBigInt64(at + FIELDS.due, dueNs, true);
    if (queue === undefined) return;
    const what = this.text(queue);
    this.#top -= 8;
    this.view.setUint32(this.#top, what, true);
    this.view.setUint32(at + FIELDS.queue, this.#top, true);
  }

  /** Puts fibres into the table, in this order. */
  table(fibres: readonly WrittenFibre[]): void {
    this.block.setUint32(88, fibres[0]?.at ?? 0, true);
    fibres.forEach((fibre, at) => this.fibre({ ...fibre, next: fibres[at + 1]?.at ?? 0 }));
  }

  /** The memory as data segments of an image. */
  wat(): string {
    const parts: string[] = [];
    for (let at = 0; at < this.bytes.length; at += 64) {
      const chunk = this.bytes.subarray(at, at + 64);
      if (chunk.every((byte) => byte === 0)) continue;
      const text = [...chunk].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
      parts.push(`(data (i32.const ${at}) "${text}")`);
    }
    return parts.join("\n");
  }
}
