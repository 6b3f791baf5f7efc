export { files, type FilesOptions } from "./files.js";
export { keyValueFiles, type KeyValueFilesOptions } from "./key-value.js";
export { tar, type TarOptions } from "./tar.js";
