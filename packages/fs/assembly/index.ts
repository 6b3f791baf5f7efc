export { baseName, checkPath, normalPath, parentPath } from "./paths";
