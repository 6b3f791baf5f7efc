export { FatFiles } from "./files";
