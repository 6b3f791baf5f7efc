/** Devices: the nodes of the graph that a configuration composes. */
import type { Argument } from "./arguments.js";
import { ConfigurationError, Location } from "./location.js";

/** Marks the objects below also across two installed copies of this package. */
export const DEVICE = Symbol.for("phantasm.device");

/** Something that the image listens for. */
export interface ServiceOptions {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Of the URL that is printed, such as `http`; guessed from the port unless given. */
  readonly scheme?: string;
}

/** What the operator attaches at boot; its position in the manifest is the handle in hypercalls. */
export type Attachment =
  | {
      readonly type: "net";
      readonly name: string;
      readonly offloads?: number;
      /** What the image listens for: `phantasm run` publishes it and prints where. */
      readonly services?: readonly ServiceOptions[];
    }
  | { readonly type: "block"; readonly name: string };

/** A constant; a number is checked against its limits where the configuration says it. */
export interface ConstantParameter {
  readonly name: string;
  readonly value: number | string | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Another device that this one needs. */
export interface DeviceParameter<I extends string = string> {
  readonly name: string;
  readonly device: Device<I>;
  /** The interface the constructor expects. */
  readonly needs: I;
}

/** The handle of this device's attachment. */
export interface HandleParameter {
  readonly name: string;
  readonly handle: true;
}

/** The value of one of the boot arguments that this device adds. */
export interface ArgumentParameter {
  readonly name: string;
  readonly argument: string;
}

/** What is told to a function that makes data, and what it tells. */
export interface DataContext {
  /** Folder of the configuration, absolute. */
  readonly directory: string;
  /** Names a file, or a folder as far as the names in it matter, whose change asks for another build. */
  input(path: string): void;
  /** What `make` returned for this key in an earlier build of the folder, else what it returns now. */
  cached(key: string, make: () => Uint8Array): Uint8Array;
  /** Tells of what may be a mistake, at the line of the device; the build goes on. */
  warn(message: string): void;
}

/**
 * Bytes that lie in the image, outside of what the collector looks at: the constructor gets their address,
 * `usize` and a multiple of 16, and their number, `i32`. They are there from the boot on, cost the compiler
 * nothing, and must not be changed. Equal data of several devices lies there once.
 */
export interface DataParameter {
  readonly name: string;
  /**
   * A function is called when an image is built, once. It throws ConfigurationError for what the user can
   * mend, and returns the same bytes for the same inputs, on every machine.
   */
  readonly data: Uint8Array | ((context: DataContext) => Uint8Array);
}

/** One constructor parameter of the device's class, in order; data are two. */
export type DeviceParameters =
  ConstantParameter | DeviceParameter | HandleParameter | ArgumentParameter | DataParameter;

export interface DeviceOptions<I extends string> {
  /** npm package with the AssemblyScript class, or a file of the project as `./file.ts`. */
  readonly module: string;
  /** Name of the exported class that implements the interface. */
  readonly class: string;
  /** Name of the interface it provides. */
  readonly provides: I;
  /** Package (or `./file.ts`) that exports the interface; default `@phantasm/interfaces`. */
  readonly interfaces?: string;
  readonly parameters?: readonly DeviceParameters[];
  readonly attachment?: Attachment;
  /** Boot arguments that come with the device. */
  readonly arguments?: Readonly<Record<string, Argument>>;
  /**
   * Bytes of memory that it takes for good, for a cache or a pool: the image may have so much more, unless the
   * configuration says how much it may have.
   */
  readonly memoryBytes?: number;
}

/** A device that provides interface `I`. Made by a module's combinator, composed by a configuration. */
export interface Device<I extends string = string> extends DeviceOptions<I> {
  readonly [DEVICE]: true;
  readonly location: Location;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const PORT_MAX = 65_535;
const SERVICES_MAX = 64;
const SCHEME = /^[a-z][a-z0-9+.-]{0,31}$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isDevice(value: unknown): value is Device {
  return typeof value === "object" && value !== null && DEVICE in value;
}

/** How an error names something that should have been a device. */
export function describeValue(value: unknown): string {
  if (isDevice(value)) return `a device that provides ${value.provides}`;
  if (typeof value === "function")
    return `the function ${value.name || "(anonymous)"} itself; call it: ${value.name}()`;
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "an array" : "an object";
}

function checkParameter(
  where: string,
  parameter: DeviceParameters,
  options: DeviceOptions<string>,
): void {
  if ("device" in parameter) {
    const { device, needs, name } = parameter;
    if (!isDevice(device) || device.provides !== needs)
      throw new ConfigurationError(
        `${where}: ${name} must be a device that provides ${needs}, got ${describeValue(device)}`,
      );
  } else if ("value" in parameter) {
    const { name, value, minimum = -Infinity, maximum = Infinity } = parameter;
    const limited = "minimum" in parameter || "maximum" in parameter;
    if (!limited && (typeof value === "string" || typeof value === "boolean")) return;
    if (
      typeof value !== "number" ||
      !Number.isSafeInteger(value) ||
      value < minimum ||
      value > maximum
    )
      throw new ConfigurationError(
        `${where}: ${name} must be a whole number from ${minimum} to ${maximum}, got ${JSON.stringify(value)}`,
      );
  } else if ("data" in parameter) {
    const { name, data } = parameter;
    if (!IDENTIFIER.test(name))
      throw new ConfigurationError(`${where}: the name of data must be an identifier, got ${name}`);
    if (!(data instanceof Uint8Array) && typeof data !== "function")
      throw new ConfigurationError(
        `${where}: ${name} must be a Uint8Array or a function that makes one, got ${describeValue(data)}`,
      );
  } else if ("argument" in parameter) {
    if (!(parameter.argument in (options.arguments ?? {})))
      throw new ConfigurationError(`${where}: no argument "${parameter.argument}" is declared`);
  } else if (!options.attachment) {
    throw new ConfigurationError(
      `${where}: ${parameter.name} is a handle, but there is no attachment`,
    );
  }
}

/** As the manifest will have them, but with an error that points at the configuration. */
function checkServices(where: string, services: readonly ServiceOptions[] = []): void {
  if (services.length > SERVICES_MAX)
    throw new ConfigurationError(
      `${where}: at most ${SERVICES_MAX} services, got ${services.length}`,
    );
  const seen = new Set<string>();
  for (const { port, protocol, scheme } of services) {
    const fail = (problem: string): never => {
      throw new ConfigurationError(`${where}: ${problem}`);
    };
    if (!Number.isInteger(port) || port < 1 || port > PORT_MAX)
      fail(`the port of a service is 1 to ${PORT_MAX}, got ${JSON.stringify(port)}`);
    if (!["tcp", "udp"].includes(protocol))
      fail(`the protocol of a service is "tcp" or "udp", got ${JSON.stringify(protocol)}`);
    if (scheme !== undefined && !SCHEME.test(scheme))
      fail(`the scheme of a service is a word such as "http", got ${JSON.stringify(scheme)}`);
    const key = `${port}/${protocol}`;
    if (seen.has(key)) fail(`the service ${key} is there twice`);
    seen.add(key);
  }
}

/**
 * Declares a device. A module's combinator calls it and returns the result.
 *
 * @example
 * export const console = (): Device<"Console"> =>
 *   device({ module: "@phantasm/console", class: "HostConsole", provides: "Console" });
 */
export function device<const I extends string>(options: DeviceOptions<I>): Device<I> {
  const where = `${options.class} of ${options.module}`;
  for (const field of ["class", "provides"] as const)
    if (!IDENTIFIER.test(options[field]))
      throw new ConfigurationError(`${where}: ${field} must be an identifier`);
  const { attachment } = options;
  if (attachment && (typeof attachment.name !== "string" || !NAME.test(attachment.name)))
    throw new ConfigurationError(
      `${attachment.type} device: expected a name such as "${attachment.type === "net" ? "service" : "disk"}" (lower case, digits, hyphens), got ${describeValue(attachment.name)}`,
    );
  if (attachment?.type === "net")
    checkServices(`net device "${attachment.name}"`, attachment.services);
  for (const parameter of options.parameters ?? []) checkParameter(where, parameter, options);
  const { memoryBytes = 0 } = options;
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < 0)
    throw new ConfigurationError(
      `${where}: memoryBytes must be a whole number, got ${memoryBytes}`,
    );
  return { ...options, [DEVICE]: true, location: Location.here() };
}
