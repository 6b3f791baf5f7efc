export { KeyValueFiles } from "./files";
