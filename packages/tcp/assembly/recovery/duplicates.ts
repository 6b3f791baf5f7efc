/** What acknowledgements say of a peer without SACK: NewReno's account of duplicates (RFC 6582). */
import { before } from "../sequence";
import { Episode, Phase } from "./episode";
import { Scoreboard } from "./scoreboard";

/** RFC 5681 §3.2. */
export const DUPLICATES_THRESHOLD: i32 = 3;

/**
 * Each duplicate stands for a segment that has arrived, though not for which: `board.sackedBytes` becomes the
 * estimate, and the first segment is marked lost when there are enough of them.
 *
 * @param duplicates in a row before this acknowledgement
 * @param advancedBytes that it has acknowledged
 * @param isDuplicate as `Recovery.onAcknowledged`
 * @returns duplicates in a row, with this one
 */
export function countDuplicates(
  board: Scoreboard,
  episode: Episode,
  segmentBytes: i32,
  duplicates: i32,
  advancedBytes: i32,
  isDuplicate: bool,
): i32 {
  const phase = episode.phase;
  if (advancedBytes > 0) {
    // Those that the acknowledgement covers, but for the one that has filled the gap.
    const isPartial =
      phase == Phase.RECOVERY && before(board.unacknowledged, episode.recoveryPoint);
    if (!isPartial) {
      board.sackedBytes = 0;
      return 0;
    }
    // RFC 6582 §3.2 step 3: a partial one says that the next segment is lost as well.
    board.loseFirst(segmentBytes);
    const sackedBytes = board.sackedBytes - max(advancedBytes - segmentBytes, 0);
    const roomBytes = board.outstandingBytes - board.lostBytes;
    board.sackedBytes = min(max(sackedBytes, 0), roomBytes);
    return 0;
  }
  if (!isDuplicate || board.outstandingBytes == 0 || phase == Phase.LOSS) return duplicates;
  // RFC 6582 §3.2 step 2: not for duplicates of what was sent again needlessly.
  if (phase == Phase.OPEN && !before(episode.recoveryPoint, board.unacknowledged))
    return duplicates;
  let roomBytes = board.inFlightBytes - segmentBytes;
  // At most one window of them, whoever makes up acknowledgements.
  if (phase == Phase.RECOVERY) {
    const windowBytes = <i32>(episode.recoveryPoint - board.unacknowledged);
    roomBytes = min(roomBytes, windowBytes - segmentBytes - board.sackedBytes);
  }
  board.sackedBytes += max(min(segmentBytes, roomBytes), 0);
  if (phase == Phase.RECOVERY) return duplicates;
  if (duplicates + 1 == DUPLICATES_THRESHOLD) {
    board.loseFirst(segmentBytes);
    board.sackedBytes = min(board.sackedBytes, board.outstandingBytes - board.lostBytes);
  }
  return duplicates + 1;
}
