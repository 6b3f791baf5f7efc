/** One line that says what a build is doing; only where a line can be replaced. */
import type { BuildStage } from "../build.js";
import type { Terminal } from "./terminal.js";

const STAGES: Readonly<Record<BuildStage, string>> = {
  configuration: "reading the configuration",
  compile: "compiling",
  link: "linking",
  verify: "verifying",
};

const ERASE_LINE = "\r\u001b[K";

export interface Progress {
  readonly stage: (stage: BuildStage) => void;
  /** Removes the line. Idempotent. */
  clear(): void;
}

export function showProgress({ interactive, say, sayStyle }: Terminal): Progress {
  let visible = false;
  const clear = (): void => {
    if (visible) say(ERASE_LINE);
    visible = false;
  };
  return {
    stage(stage) {
      if (!interactive) return;
      say(`${ERASE_LINE}${sayStyle.dim(`${STAGES[stage]} …`)}`);
      visible = true;
    },
    clear,
  };
}
