import type { SealRule } from "./rules.js";

/** Something was refused. The message says what and why, in one line that is safe to print. */
export class SealError extends Error {
  override readonly name = "SealError";
  /** The rule that was broken. */
  readonly code: SealRule;
  /** Where, in bytes from the start of the file, when there is such a place. */
  readonly offset: number | undefined;
  /** The message without the place. */
  readonly reason: string;

  /** Text that comes from an image MUST be escaped before it becomes part of the message. */
  constructor(code: SealRule, message: string, offset?: number) {
    super(offset === undefined ? message : `${message} (at byte ${String(offset)})`);
    this.code = code;
    this.offset = offset;
    this.reason = message;
  }

  /** The same refusal, with what it happened in put in front of the reason. */
  within(context: string): SealError {
    return new SealError(this.code, `${context}: ${this.reason}`, this.offset);
  }
}
