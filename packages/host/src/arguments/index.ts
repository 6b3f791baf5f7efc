export { argumentsHelp } from "./help.js";
export { encodeArguments } from "./encode.js";
export {
  ArgumentsError,
  argumentsFromRecord,
  parseArguments,
  type ArgumentRecord,
  type ArgumentValues,
} from "./parse.js";
export { Secret } from "./secret.js";
export type { ArgumentValue } from "./values.js";
