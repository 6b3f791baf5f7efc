import { checkOptions, device, type Device } from "phantasm";

export interface ConsoleOptions {
  /** Bytes of output the image queues before `write` answers false: 256 to 1048576. Default 4096. */
  readonly outputBytes?: number;
  /** Longest input line in bytes, 16 to 1048576. Default 65536. */
  readonly lineBytes?: number;
}

/**
 * The operator's terminal or log.
 *
 * @example devices: { console: console() }
 */
export function console(options: ConsoleOptions = {}): Device<"Console"> {
  checkOptions("console", options, ["outputBytes", "lineBytes"]);
  const { outputBytes = 4096, lineBytes = 65_536 } = options;
  return device({
    module: "@phantasm/console",
    class: "HostConsole",
    provides: "Console",
    parameters: [
      { name: "outputBytes", value: outputBytes, minimum: 256, maximum: 1_048_576 },
      { name: "lineBytes", value: lineBytes, minimum: 16, maximum: 1_048_576 },
    ],
  });
}
