import { checkOptions, device, type Device } from "phantasm";

export interface ClockOptions {
  /** Timers that may be pending at once, 16 to 1048576; one more ends the domain. Default 65536. */
  readonly timers?: number;
}

/**
 * Time of day, time of the step, timers.
 *
 * @example devices: { clock: clock() }
 */
export function clock(options: ClockOptions = {}): Device<"Clock"> {
  checkOptions("clock", options, ["timers"]);
  const { timers = 65_536 } = options;
  return device({
    module: "@phantasm/clock",
    class: "HostClock",
    provides: "Clock",
    parameters: [{ name: "timers", value: timers, minimum: 16, maximum: 1_048_576 }],
  });
}
