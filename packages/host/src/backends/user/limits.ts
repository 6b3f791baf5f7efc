/** How much of everything a user network keeps, and what happens at the limit. */
export interface UserLimits {
  /** TCP connections, those that rest included: one that rests makes room, else it is refused. */
  readonly tcpFlows: number;
  /** Connections that the guest asks for and the host has not made: a SYN is dropped, and may come again. */
  readonly tcpDialling: number;
  /** Connections that the guest has not answered: more wait. */
  readonly tcpKnocking: number;
  /** Clients of published ports that wait, for the guest or for those before them: more are reset. */
  readonly tcpHeld: number;
  /**
   * Bytes of all TCP streams that wait for the guest, for the host, or for what comes before them. Beyond three
   * quarters windows are small, and every quarter of a second those are reset that have been stalled longest, for a
   * second at least; the last parts of it are for flows that hold less than 16 KiB. At the limit nothing is read from the
   * host, and what the guest sends is dropped, and comes again.
   */
  readonly tcpBytes: number;
  /** UDP flows: the one that was quiet longest is closed. */
  readonly udpFlows: number;
}

export const USER_LIMITS: UserLimits = {
  tcpFlows: 4_096,
  tcpDialling: 256,
  tcpKnocking: 256,
  tcpHeld: 1_024,
  tcpBytes: 64 << 20,
  udpFlows: 1_024,
};
