/** What the operator attaches to the console of a domain. */

/** Returned by `read` once no more input will come. */
export const CONSOLE_END = -1;

/** All buffers are owned by the caller and valid only during the call. */
export interface ConsoleBackend {
  /** Called once, before the first read or write. `wake` says: input waits, or room has come back. */
  attach(wake: () => void): void;
  /** Takes some of `bytes`, copying them; returns how many. 0: no room now, `wake` follows. */
  write(bytes: Uint8Array): number;
  /** Copies input into `into`; returns how many bytes. 0: none now, `wake` follows. CONSOLE_END: no more. */
  read(into: Uint8Array): number;
  /** Settles when every accepted byte has left, or never can. Never rejects. */
  drained(): Promise<void>;
  /** Lets go of what it reads from and writes to; called once, after `drained`. */
  close(): void;
}

/** Swallows output and has no input. */
export const nullConsole: ConsoleBackend = {
  attach: () => undefined,
  write: (bytes) => bytes.length,
  read: () => CONSOLE_END,
  drained: () => Promise.resolve(),
  close: () => undefined,
};
