export { files, type FilesOptions } from "./files.js";
export { tar, type TarOptions } from "./tar.js";
