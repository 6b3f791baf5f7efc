export { SipHash } from "./siphash";
export { xxh64 } from "./xxh64";
