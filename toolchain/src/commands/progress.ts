/** One line that says what a build is doing; only where a line can be replaced. */
import type { BuildStage } from "../build.js";
import type { Terminal } from "./terminal.js";

export const STAGES: Readonly<Record<BuildStage, string>> = {
  configuration: "reading the configuration",
  data: "making the data of the devices",
  load: "loading the compiler",
  parse: "reading the sources",
  compile: "compiling",
  optimise: "optimising",
  link: "linking",
  write: "writing the image",
};

const ERASE_LINE = "\r\u001b[K";

export interface Progress {
  readonly stage: (stage: BuildStage) => void;
  /** Removes the line. Idempotent. */
  clear(): void;
}

export interface StatusLine {
  /** Replaces what the line says. */
  show(text: string): void;
  /** Removes the line. Idempotent. */
  clear(): void;
}

export function statusLine({ interactive, say, sayStyle }: Terminal): StatusLine {
  let visible = false;
  return {
    show(text) {
      if (!interactive) return;
      say(`${ERASE_LINE}${sayStyle.dim(text)}`);
      visible = true;
    },
    clear() {
      if (visible) say(ERASE_LINE);
      visible = false;
    },
  };
}

export function showProgress(terminal: Terminal): Progress {
  const { show, clear } = statusLine(terminal);
  return { stage: (stage) => show(`${STAGES[stage]} …`), clear };
}
