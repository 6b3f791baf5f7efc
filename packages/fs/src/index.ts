export { files, type FilesOptions } from "./files.js";
