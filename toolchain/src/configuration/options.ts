/** Options by name, checked at run time: types are stripped before a configuration runs. */
import { nearest } from "@phantasm/host/suggest";
import { describeValue } from "./device.js";
import { ConfigurationError } from "./location.js";

/**
 * Refuses what is no object, and keys that nobody reads: they are typing errors.
 *
 * @param what is in front of the message: the combinator's name
 * @param known all keys there are
 * @throws ConfigurationError
 */
export function checkOptions(what: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ConfigurationError(`${what}: expected an object, got ${describeValue(value)}`);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw new ConfigurationError(
      `${what}: there is no option "${key}"; ${near === null ? `the options are ${known.join(", ")}` : `did you mean ${near}?`}`,
      key,
    );
  }
}
