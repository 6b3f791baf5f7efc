/** What a stack may keep; powers of two where it says so. */
export class Ipv6Limits {
  /** Neighbours, at least 32; see neighbours.ts for who makes room. */
  neighbours: i32 = 128;
  /** Frames that wait for a link address: the oldest makes room. */
  waiting: i32 = 16;
  /** Paths that are found again, a power of two; beyond, one that is asked for again may be another object. */
  paths: i32 = 256;
}
