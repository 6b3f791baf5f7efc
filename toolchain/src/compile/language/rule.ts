/** How a message of the compiler is recognised, and what a user is told instead. */

export interface Rule {
  /** What the compiler says, from its start. */
  readonly message: RegExp;
  /** What the source has up to the place, and from the place on. */
  readonly before?: RegExp;
  readonly at?: RegExp;
  /** In the place of the compiler's words; `$1` and so on are of `message`. */
  readonly says?: string;
  /** What to write instead. */
  readonly hint: string;
  /** Messages about the same line that only follow from this one. */
  readonly echoes?: RegExp;
}
