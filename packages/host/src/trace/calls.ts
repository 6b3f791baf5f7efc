/** Hypercalls as a trace shows them: what they were given, what came of it, and how much moved. */
import { Errno, HYPERCALLS, type Hypercall, type HypercallName } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import type { TraceValue } from "./event.js";

const ERRORS = new Map<number, string>(Object.entries(Errno).map(([name, value]) => [value, name]));
const OPERATIONS = ["read", "write", "flush", "discard"] as const;

/** Of a call: its parameters by name, without pointers, and its result; devices and errors by name. */
export function callArguments(
  name: HypercallName,
  values: readonly (number | bigint)[],
  result: number | bigint | undefined,
  devices: Manifest["devices"],
): Record<string, TraceValue> {
  const call: Hypercall | undefined = HYPERCALLS.find((known) => known.name === name);
  const shown: Record<string, TraceValue> = {};
  call?.parameters.forEach((parameter, at) => {
    const value = values[at];
    if (value === undefined || parameter.unit.startsWith("pointer")) return;
    if (parameter.name === "handle") shown["device"] = deviceName(devices, Number(value));
    else if (parameter.name === "operation") shown["operation"] = operationName(Number(value));
    else shown[parameter.name] = Number(value);
  });
  if (result === undefined) return shown;
  const number = Number(result);
  shown["result"] = (number < 0 ? ERRORS.get(number) : undefined) ?? number;
  return shown;
}

export function deviceName(devices: Manifest["devices"], handle: number): string {
  return devices[handle]?.name ?? `handle ${handle}`;
}

export function operationName(operation: number): string {
  return OPERATIONS[operation] ?? `operation ${operation}`;
}

/** Bytes that a call has moved, and where they are counted. */
export interface Moved {
  readonly counter: string;
  readonly direction: "in" | "out";
  readonly bytes: number;
}

/** Null for a call that moves nothing, or has not succeeded. */
export function movedBytes(
  name: HypercallName,
  values: readonly (number | bigint)[],
  result: number | bigint | undefined,
  devices: Manifest["devices"],
): Moved | null {
  const number = Number(result ?? -1);
  if (number < 0) return null;
  const device = deviceName(devices, Number(values[0]));
  switch (name) {
    case "console_write":
      return { counter: "console", direction: "out", bytes: number };
    case "console_read":
      return { counter: "console", direction: "in", bytes: number };
    case "net_send":
      return { counter: device, direction: "out", bytes: Number(values[2]) };
    case "net_receive":
      return { counter: device, direction: "in", bytes: number };
    default:
      return null;
  }
}
