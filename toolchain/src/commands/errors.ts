/** A mistake or circumstance that the person at the terminal can act on. */

/** Wrong use of the command line. */
export const USAGE_STATUS = 2;
/** What was asked for did not work out. */
export const FAILURE_STATUS = 1;

export interface UserErrorOptions {
  /** What to do next: one or two lines. */
  readonly hint?: string;
  /** Exit status; default FAILURE_STATUS. */
  readonly status?: number;
}

/** Printed as one to three lines, without a stack. Text from an image in it MUST be escaped. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly hint: string | undefined;
  readonly status: number;

  constructor(message: string, { hint, status = FAILURE_STATUS }: UserErrorOptions = {}) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

/** @param hint default: the command's help */
export function usageError(message: string, hint: string): UserError {
  return new UserError(message, { hint, status: USAGE_STATUS });
}
