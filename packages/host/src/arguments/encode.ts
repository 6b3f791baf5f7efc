/** Values → the bytes that the hypercall `arguments` hands out. The layout is in its rules. */
import { Limit } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import { ArgumentsError, type ArgumentValues } from "./parse.js";
import { Secret } from "./secret.js";
import type { ArgumentValue } from "./values.js";

/**
 * Encodes in the order of the manifest.
 *
 * @throws ArgumentsError when they are longer than ARGUMENTS_BYTES_MAX together
 */
export function encodeArguments(manifest: Manifest, values: ArgumentValues): Uint8Array {
  const parts = manifest.arguments.map((argument) => encode(values.get(argument.name)));
  const bytes = Buffer.concat(parts);
  if (bytes.length > Limit.ARGUMENTS_BYTES_MAX) {
    throw new ArgumentsError(manifest.name, [
      `the arguments are ${bytes.length} bytes long; at most ${Limit.ARGUMENTS_BYTES_MAX} fit`,
    ]);
  }
  return new Uint8Array(bytes);
}

function encode(value: ArgumentValue | undefined): Uint8Array {
  if (value === undefined) return Uint8Array.of(0);
  if (typeof value === "bigint") {
    const bytes = new Uint8Array(9);
    bytes[0] = 1;
    new DataView(bytes.buffer).setBigInt64(1, value, true);
    return bytes;
  }
  if (typeof value === "boolean") return Uint8Array.of(1, value ? 1 : 0);
  if (value instanceof Uint8Array) return Uint8Array.of(1, ...value);
  const text = Buffer.from(value instanceof Secret ? value.reveal() : value, "utf8");
  const head = new Uint8Array(5);
  head[0] = 1;
  new DataView(head.buffer).setUint32(1, text.length, true);
  return Buffer.concat([head, text]);
}
