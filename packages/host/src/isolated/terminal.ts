/** Leaves the terminal as it was found. */
import type { ReadStream } from "node:tty";

/** Remembers the mode of the terminal; the result restores it and lets the process end. */
export function holdTerminal(stdin: ReadStream | NodeJS.ReadStream): () => void {
  const raw = stdin.isTTY ? stdin.isRaw : false;
  return () => {
    if (stdin.isTTY && stdin.isRaw !== raw) stdin.setRawMode(raw);
    stdin.pause();
    // A pipe that nobody reads any more must not keep the process alive.
    if ("unref" in stdin) stdin.unref();
  };
}
