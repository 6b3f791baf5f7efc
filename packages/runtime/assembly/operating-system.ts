import { ShutdownHandler, exit, now, onShutdown } from "./domain";
import { Heap } from "./heap";

/** What every application has, whatever its devices: the base of the generated `Devices`. */
export class OperatingSystem {
  /** Nanoseconds since the first boot, the same for the whole step. */
  get now(): i64 {
    return now();
  }

  /** What the image's memory holds, and how it is collected. */
  get heap(): Heap {
    return new Heap();
  }

  /**
   * Asks the domain to end with a status of 0 to 99, after this handler returns and console output
   * is handed over. No further handler is called.
   */
  exit(status: i32): void {
    exit(status);
  }

  /** Replaces what Ctrl-C, SIGTERM or `Domain.shutdown()` do; without it the domain exits with 0. */
  onShutdown(handler: ShutdownHandler): void {
    onShutdown(handler);
  }
}
