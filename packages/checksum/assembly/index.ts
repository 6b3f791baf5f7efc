export { xxh64 } from "./xxh64";
