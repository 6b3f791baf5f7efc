/** How a partition is chosen. */
export enum By {
  /** 1 is the first; logical partitions of an MBR count from 5. */
  NUMBER,
  /** The label of a GPT entry. */
  NAME,
  /** The type GUID of a GPT entry: 32 hexadecimal digits in the order of the bytes on the disk. */
  TYPE_GUID,
  /** The type id of an MBR entry. */
  TYPE_ID,
}

/** UTF-16 units of a label. */
const NAME_UNITS: i32 = 36;

/** What is looked for: the first entry that fits. */
@final
export class Choice {
  constructor(
    readonly by: By,
    readonly number: i32,
    readonly text: string,
  ) {}

  /** An entry of a GPT, in use. */
  fitsGpt(entry: usize, number: i32): bool {
    if (this.by == By.NUMBER) return this.number == number;
    if (this.by == By.NAME) return this.fitsName(entry + 56);
    return this.by == By.TYPE_GUID && this.fitsGuid(entry);
  }

  /** An entry of an MBR or a link of its extended partition, in use. */
  fitsMbr(type: u8, number: i32): bool {
    if (this.by == By.NUMBER) return this.number == number;
    return this.by == By.TYPE_ID && this.number == type;
  }

  private fitsName(address: usize): bool {
    const text = this.text;
    for (let at = 0; at < NAME_UNITS; at++) {
      const unit = load<u16>(address + ((<usize>at) << 1));
      // What is behind the end of the label is anything.
      if (at == text.length) return unit == 0;
      if (<i32>unit != text.charCodeAt(at)) return false;
    }
    return text.length == NAME_UNITS;
  }

  private fitsGuid(address: usize): bool {
    for (let at = 0; at < 16; at++) {
      const byte = (digit(this.text, 2 * at) << 4) | digit(this.text, 2 * at + 1);
      if (byte != <i32>load<u8>(address + at)) return false;
    }
    return true;
  }
}

function digit(text: string, at: i32): i32 {
  const unit = text.charCodeAt(at) | 0x20;
  return unit >= 0x61 ? unit - 0x61 + 10 : unit - 0x30;
}
