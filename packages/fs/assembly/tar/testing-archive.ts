/** Writes tar archives, good ones and bad ones. */
import { BLOCK_BYTES } from "./header";


@final
export class Archive {
  bytes: Uint8Array = new Uint8Array(0);

  /** Adds a header and what follows it. Returns where the header begins. */
  add(name: string, content: Uint8Array, type: string = "0", link: string = ""): i32 {
    const header = this.extend(BLOCK_BYTES);
    this.text(header, name, 100);
    this.text(header + 100, "0000644", 8);
    this.octal(header + 124, content.length, 12);
    this.octal(header + 136, 1_000_000, 12);
    this.text(header + 156, type, 1);
    this.text(header + 157, link, 100);
    this.text(header + 257, "ustar", 6);
    this.text(header + 263, "00", 2);
    this.seal(header);
    this.content(content);
    return header;
  }

  /** What stands behind a header, filled up to a block. */
  content(bytes: Uint8Array): void {
    const at = this.extend((bytes.length + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1));
    this.bytes.set(bytes, at);
  }

  /** Writes the checksum anew. */
  seal(header: i32): void {
    this.bytes.fill(0x20, header + 148, header + 156);
    let sum = 0;
    for (let i = 0; i < BLOCK_BYTES; i++) sum += this.bytes[header + i];
    this.octal(header + 148, sum, 7);
    this.bytes[header + 155] = 0x20;
  }

  octal(at: i32, value: i64, bytes: i32): void {
    for (let i = bytes - 2; i >= 0; i--) {
      this.bytes[at + i] = <u8>(0x30 + (value & 7));
      value >>= 3;
    }
    this.bytes[at + bytes - 1] = 0;
  }

  text(at: i32, text: string, bytesMax: i32): void {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    for (let i = 0; i < min(bytes.length, bytesMax); i++) this.bytes[at + i] = bytes[i];
  }

  /** The end of the archive, and zeros up to a size of which the sectors are a multiple. */
  end(): Archive {
    this.extend(2 * BLOCK_BYTES);
    this.extend(-this.bytes.length & 4095);
    return this;
  }

  private extend(bytes: i32): i32 {
    const at = this.bytes.length;
    const longer = new Uint8Array(at + bytes);
    longer.set(this.bytes);
    this.bytes = longer;
    return at;
  }
}
