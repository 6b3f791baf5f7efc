/** What is to be done with a packet. */
export enum Verdict {
  DROP,
  /** It is for the router itself. */
  LOCAL,
  /** It has been translated: to send on the link outside, */
  OUT,
  /** or inside. */
  IN,

  // It was not changed, and its sender is told:

  /** a reset, */
  RESET,
  /** "communication administratively prohibited" (RFC 1812 §5.2.7.1), */
  PROHIBITED,
  /** "time exceeded in transit", */
  HOPS,
  /** "fragmentation needed", with the MTU of the next link, */
  TOO_LARGE,
  /** "network unreachable". */
  UNREACHABLE,
}
