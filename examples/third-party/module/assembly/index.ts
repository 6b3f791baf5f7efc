export { PrefixedConsole } from "./prefixed-console";
