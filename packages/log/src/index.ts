import { console } from "@phantasm/console";
import { ConfigurationError, checkOptions, device, string, type Device } from "phantasm";

/** From the quietest to the loudest. */
export type Level = "off" | "error" | "warning" | "info" | "debug";

export interface LoggingOptions {
  /** Where lines go; default `console()`. */
  readonly console?: Device<"Console">;
  /** What is written unless the operator says otherwise; default `"info"`. */
  readonly default?: Level;
  /** The loudest lines that become part of the image: the calls for louder ones are compiled out. Default `"debug"`. */
  readonly maximum?: Level;
}

const LEVELS: readonly Level[] = ["off", "error", "warning", "info", "debug"];

/**
 * Log lines, with a level per source. Adds the boot argument `log`: `--log info`,
 * `--log warning,dns=debug`.
 *
 * @example devices: { log: logging({ maximum: "info" }) }
 */
export function logging(options: LoggingOptions = {}): Device<"Log"> {
  checkOptions("logging", options, ["console", "default", "maximum"]);
  const { maximum = "debug" } = options;
  for (const level of [maximum, options.default ?? "info"])
    if (!LEVELS.includes(level))
      throw new ConfigurationError(`logging: "${level}" is no level; use ${LEVELS.join(", ")}`);
  const quietest = Math.min(LEVELS.indexOf(maximum), LEVELS.indexOf(options.default ?? "info"));
  return device({
    // The module of a level says at compile time which lines there are.
    module: maximum === "debug" ? "@phantasm/log" : `@phantasm/log/maximum-${maximum}`,
    class: "ConsoleLog",
    provides: "Log",
    parameters: [
      { name: "console", device: options.console ?? console(), needs: "Console" },
      { name: "log", argument: "log" },
    ],
    arguments: {
      log: string({
        default: LEVELS[quietest] ?? "off",
        help: "Log level: off, error, warning, info or debug; for one source: dns=debug; list with commas",
      }),
    },
  });
}
