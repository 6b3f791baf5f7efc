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
  /** UDP flows: the one that was quiet longest is closed. */
  readonly udpFlows: number;
}

export const USER_LIMITS: UserLimits = {
  tcpFlows: 4_096,
  tcpDialling: 256,
  tcpKnocking: 256,
  tcpHeld: 1_024,
  udpFlows: 1_024,
};
