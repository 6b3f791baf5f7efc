/** Reads numbers out of a text in which one character separates them: lists from the configuration. */
@final
export class NumberReader {
  /** How many numbers there are. */
  readonly count: i32;
  private at: i32 = 0;

  constructor(private readonly text: string) {
    let count = text.length == 0 ? 0 : 1;
    for (let at = 0; at < text.length; at++) if (!isDigit(text.charCodeAt(at))) count++;
    this.count = count;
  }

  next(): u32 {
    const text = this.text;
    let value: u32 = 0;
    let at = this.at;
    for (; at < text.length && isDigit(text.charCodeAt(at)); at++)
      value = value * 10 + <u32>(text.charCodeAt(at) - 48);
    this.at = at + 1;
    return value;
  }
}

// @ts-ignore: decorator
@inline
function isDigit(code: i32): bool {
  return code >= 48 && code <= 57;
}
