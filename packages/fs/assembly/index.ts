export { BakedFiles } from "./baked";
export { mediaTypeOf } from "./media-types";
export { KeyValueFiles } from "./key-value";
export { baseName, checkPath, normalPath, parentPath } from "./paths";
export { TarFiles } from "./tar/tar-files";
