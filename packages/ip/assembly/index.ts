export { checksum, checksumIsValid, fold, pseudoSum4, pseudoSum6, sumOf } from "./checksum";
export { KeyedHash } from "./hash";
export { Internet } from "./internet";
export { largePacket } from "./large";
export { TokenBucket } from "./token-bucket";
export { Transports } from "./transports";
export { IpVersion } from "./version";
