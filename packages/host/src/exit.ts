/** How a domain ends. */
import type { Fibre } from "./fibres/table.js";
import type { WasmFrame } from "./frames.js";

/** Why it ended. `status` follows from it, except for `exit` and `killed`. */
export type ExitReason =
  /** The image called exit. */
  | "exit"
  /** The image called abort. */
  | "abort"
  /** The image broke a rule of the boundary: a wild pointer, a wrong handle … */
  | "guest-bug"
  /** WebAssembly trap. */
  | "trap"
  | "stack-overflow"
  /** It needed more memory than it may have. */
  | "memory"
  /** One step took longer than the step limit. */
  | "step-limit"
  /** A device could not be attached, or failed beyond repair. */
  | "device"
  /** The operator ended it by force. */
  | "killed";

export interface DomainExit {
  /** 0 to 99: the image's own. Above: see the exit codes of the boundary. KILLED_STATUS for `kill()`. */
  readonly status: number;
  readonly reason: ExitReason;
  /** One line for the operator, safe to print. Empty for `exit`. */
  readonly message: string;
  /** Calls inside the image at that moment, innermost first; empty when there is nothing to tell. */
  readonly trace: readonly WasmFrame[];
  /** The fibre in which that happened; absent: in none, or the domain was ended from outside. */
  readonly fibre?: Pick<Fibre, "id" | "name" | "classId">;
}

/** What a shell reports for SIGKILL. */
export const KILLED_STATUS = 137;

/** Thrown through the image so that nothing of it runs any more; also by every later hypercall. */
export class DomainEnded extends Error {
  override name = "DomainEnded";
}

/** A backend threw: not the image's fault, and not ours. */
export class DeviceFailure extends Error {
  override name = "DeviceFailure";
}

/** A fault of this package or of an embedding program's callback; the cause has the trace. */
export class HostError extends Error {
  override name = "HostError";
}
