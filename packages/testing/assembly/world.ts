import * as bindings from "./bindings";

/** The host of the case that runs. Each case begins with a new one. */
export namespace world {
  /** Nanoseconds on the scale of `step`; 0 when the case begins. Time stands still by itself. */
  export function now(): i64 {
    return bindings.now();
  }

  /** Moves both clocks forward and returns the new `now`. */
  export function advance(ns: i64): i64 {
    bindings.advance(ns);
    return bindings.now();
  }

  /** Sets the time of day, in nanoseconds since 1970. It begins at 2024-01-01T00:00:00Z. */
  export function setWallClock(ns: i64): void {
    bindings.setWallClock(ns);
  }

  /** What the hypercall `arguments` answers: encoded as the ABI says. Nothing by default. */
  export function setArguments(encoded: Uint8Array): void {
    bindings.setArguments(encoded.dataStart, encoded.length);
  }

  /** Types something in, as UTF-8. */
  export function consoleInput(text: string): void {
    const bytes = String.UTF8.encode(text);
    bindings.consoleInput(changetype<usize>(bytes), bytes.byteLength);
  }

  /** Ends the console input: once all of it is read, `console_read` answers 0. */
  export function endConsoleInput(): void {
    bindings.consoleEnd();
  }

  /** From now on the console accepts that many bytes, then AGAIN; a negative number is no limit. */
  export function limitConsoleOutput(bytes: i32): void {
    bindings.consoleRoom(bytes);
  }

  /** What was written to the console since the last call. */
  export function takeConsoleOutput(): string {
    const bytes = new ArrayBuffer(bindings.consoleOutputBytes());
    bindings.consoleOutput(changetype<usize>(bytes));
    return String.UTF8.decode(bytes);
  }
}
