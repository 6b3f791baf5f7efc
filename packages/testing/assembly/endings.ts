import { expectEnd } from "./bindings";

enum Ending {
  ABORT,
  EXIT,
  TRAP,
}

/**
 * Passes if `body` aborts: a failed `assert`, a `throw`, a bounds check, the hypercall `abort`. The
 * message must include `message`. Memory stays as the abort left it.
 */
export function expectAbort(body: () => void, message: string = ""): void {
  expectEnd(body.index, Ending.ABORT, message, 0);
}

/** Passes if `body` ends the domain with that status. */
export function expectExit(body: () => void, status: i32): void {
  expectEnd(body.index, Ending.EXIT, "", status);
}

/** Passes if `body` traps: `unreachable`, a division by zero, an address beyond the memory. */
export function expectTrap(body: () => void, message: string = ""): void {
  expectEnd(body.index, Ending.TRAP, message, 0);
}
