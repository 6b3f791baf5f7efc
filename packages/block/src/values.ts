/** What the combinators have in common. */
import { ConfigurationError, device, type Device, type DeviceParameters } from "phantasm";

/** A whole number within limits, or an error at the key. */
export function whole(
  what: string,
  key: string,
  value: unknown,
  minimum: number,
  maximum: number,
): number {
  if (Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum)
    return value as number;
  throw new ConfigurationError(
    `${what}: ${key} must be a whole number from ${minimum} to ${maximum}, got ${JSON.stringify(value)}`,
    key,
  );
}

export function disk(name: string, value: Device<"Block">): DeviceParameters {
  return { name, device: value, needs: "Block" };
}

/**
 * A device of this package that provides a disk.
 *
 * @param memoryBytes that it takes for good
 */
export function layer(
  name: string,
  parameters: readonly DeviceParameters[],
  memoryBytes = 0,
): Device<"Block"> {
  const module = "@phantasm/block";
  return device({ module, class: name, provides: "Block", parameters, memoryBytes });
}
