/** xorshift32 (Marsaglia 2003): what a fibre draws depends on its own seed only. */
export class Draw {
  private state: u32;

  constructor(seed: u32) {
    this.state = seed * 0x9e3779b9 + 0x7f4a7c15;
    if (this.state == 0) this.state = 1;
  }

  below(bound: u32): u32 {
    this.state ^= this.state << 13;
    this.state ^= this.state >> 17;
    this.state ^= this.state << 5;
    return this.state % bound;
  }
}

/** FNV-1a, a word at a time. */
export function mix(digest: u32, word: u32): u32 {
  return (digest ^ word) * 0x01000193;
}

export function mixText(digest: u32, text: string): u32 {
  for (let i = 0; i < text.length; i++) digest = mix(digest, text.charCodeAt(i));
  return digest;
}
