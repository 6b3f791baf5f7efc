/** The configuration language: what `phantasm.config.ts` and the combinators of modules import. */
export {
  boolean,
  cidr,
  duration,
  enumeration,
  integer,
  ipv4,
  secret,
  size,
  string,
  type Argument,
  type ArgumentType,
} from "./configuration/arguments.js";
export {
  device,
  type Attachment,
  type DataContext,
  type DataParameter,
  type Device,
  type ServiceOptions,
  type DeviceOptions,
  type DeviceParameters,
} from "./configuration/device.js";
export { ConfigurationError } from "./configuration/location.js";
export { checkOptions } from "./configuration/options.js";
export {
  unikernel,
  type MemoryOptions,
  type Profile,
  type Unikernel,
  type UnikernelOptions,
} from "./configuration/unikernel.js";
