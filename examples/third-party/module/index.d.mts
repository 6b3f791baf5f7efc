import type { Device } from "phantasm";

/**
 * A console that writes to another one, each line with `prefix` in front.
 *
 * @param prefix one line of at most 64 characters
 * @param target where the lines go; several prefixed consoles may share it
 * @example
 * const terminal = console();
 * devices: { web: prefixed("web  | ", terminal), disk: prefixed("disk | ", terminal) }
 */
export function prefixed(prefix: string, target: Device<"Console">): Device<"Console">;
