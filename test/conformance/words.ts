/** Boot arguments as words of a command line. */
import { bytesOf, type RunSettings } from "./definition.js";

/** `--name=value` for each argument of a run. */
export function argumentWords(run: RunSettings): string[] {
  return Object.entries(run.arguments ?? {}).map(
    ([name, value]) => `--${name}=${bytesOf(value).toString("utf8")}`,
  );
}
