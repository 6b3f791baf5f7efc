/**
 * The states of a connection and how they follow on each other (RFC 9293 §3.3.2, figure 5). All changes of
 * state go through `next`.
 */
import { TcpState } from "@phantasm/interfaces";

export namespace Event {
  /** `connect`: our SYN goes out. */
  export const OPEN: i32 = 0;
  /** A SYN without ACK that is accepted. */
  export const SYN: i32 = 1;
  /** Both SYNs have arrived and are acknowledged. */
  export const ESTABLISH: i32 = 2;
  /** Our stream is to be closed: FIN follows what is queued. */
  export const CLOSE: i32 = 3;
  /** The peer's FIN, and all before it, has arrived. */
  export const FIN: i32 = 4;
  /** Our FIN is acknowledged. */
  export const FIN_ACKNOWLEDGED: i32 = 5;
  /** RST, time-out, abort. */
  export const END: i32 = 6;

  export const COUNT: i32 = 7;
}

/** What `next` answers when nothing changes. */
const SAME: i32 = 0xff;

/** A row for each state, in the order of TcpState; a column for each event. */
// prettier-ignore
const table: StaticArray<i32> = [
  // OPEN            SYN                     ESTABLISH             CLOSE                FIN                  FIN_ACKNOWLEDGED     END
  TcpState.SYN_SENT, SAME,                   SAME,                 SAME,                SAME,                SAME,                SAME,            // CLOSED
  TcpState.SYN_SENT, TcpState.SYN_RECEIVED,  SAME,                 TcpState.CLOSED,     SAME,                SAME,                TcpState.CLOSED, // LISTEN
  SAME,              TcpState.SYN_RECEIVED,  TcpState.ESTABLISHED, TcpState.CLOSED,     SAME,                SAME,                TcpState.CLOSED, // SYN_SENT
  SAME,              SAME,                   TcpState.ESTABLISHED, TcpState.FIN_WAIT_1, TcpState.CLOSE_WAIT, SAME,                TcpState.CLOSED, // SYN_RECEIVED
  SAME,              SAME,                   SAME,                 TcpState.FIN_WAIT_1, TcpState.CLOSE_WAIT, SAME,                TcpState.CLOSED, // ESTABLISHED
  SAME,              SAME,                   SAME,                 SAME,                TcpState.CLOSING,    TcpState.FIN_WAIT_2, TcpState.CLOSED, // FIN_WAIT_1
  SAME,              SAME,                   SAME,                 SAME,                TcpState.TIME_WAIT,  SAME,                TcpState.CLOSED, // FIN_WAIT_2
  SAME,              SAME,                   SAME,                 TcpState.LAST_ACK,   SAME,                SAME,                TcpState.CLOSED, // CLOSE_WAIT
  SAME,              SAME,                   SAME,                 SAME,                SAME,                TcpState.TIME_WAIT,  TcpState.CLOSED, // CLOSING
  SAME,              SAME,                   SAME,                 SAME,                SAME,                TcpState.CLOSED,     TcpState.CLOSED, // LAST_ACK
  SAME,              SAME,                   SAME,                 SAME,                SAME,                SAME,                TcpState.CLOSED, // TIME_WAIT
];

/** The state after an event: the same one when the event means nothing there. */
export function next(state: TcpState, event: i32): TcpState {
  const to = unchecked(table[state * Event.COUNT + event]);
  return to == SAME ? state : to;
}
