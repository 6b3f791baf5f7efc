export { BufferPool, framePool } from "./pool";
export { Chain } from "./chain";
export { Slice } from "./slice";
