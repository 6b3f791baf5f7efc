/** What is known of a neighbour. The order matters: from STALE on, packets can be sent to it. */
export enum NeighbourState {
  FREE,
  /** Asked for; packets wait. */
  ASKING,
  /** Known, but not confirmed for a while, and nobody cared: the next packet has it asked for. */
  STALE,
  /** Known, and being asked whether it is still there. */
  REFRESHING,
  /** Known. */
  KNOWN,
}

/**
 * An entry of the table. The object is used again for another neighbour: who remembers one compares `address`
 * before using it.
 */
@final
export class Neighbour {
  state: NeighbourState = NeighbourState.FREE;
  address: u32 = 0;
  mac: u64 = 0;
  /** The address of ours that asks. */
  source: u32 = 0;
  /** Packets were sent to it since the entry was last looked at: set it with each. */
  isUsed: bool = false;
  /** Somebody here wanted it; false: it has asked for us, and nobody has needed it yet. */
  isWanted: bool = false;
  /** Requests since it was last heard of. */
  tries: i32 = 0;
  /** When it last was heard of, or confirmed by a transport. */
  confirmedNs: i64 = 0;
  /** When it is to be looked at again. */
  dueNs: i64 = 0;

  get isFree(): bool {
    return this.state == NeighbourState.FREE;
  }
}
