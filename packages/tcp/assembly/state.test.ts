import { TcpState } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Event, next } from "./state";

/** RFC 9293 figure 5, as the letters of what follows; a point where nothing does. */
// prettier-ignore
const FIGURE: string[] = [
  //               OPEN SYN ESTABLISH CLOSE FIN FIN_ACKNOWLEDGED END
  /* CLOSED       */ "S......",
  /* LISTEN       */ "SR.C..C",
  /* SYN_SENT     */ ".REC..C",
  /* SYN_RECEIVED */ "..E1W.C",
  /* ESTABLISHED  */ "...1W.C",
  /* FIN_WAIT_1   */ "....G2C",
  /* FIN_WAIT_2   */ "....T.C",
  /* CLOSE_WAIT   */ "...L..C",
  /* CLOSING      */ ".....TC",
  /* LAST_ACK     */ ".....CC",
  /* TIME_WAIT    */ "......C",
];

/** In the order of TcpState. */
const LETTERS = "CKSRE12WGLT";

test("every state and event", () => {
  for (let state = <i32>TcpState.CLOSED; state <= TcpState.TIME_WAIT; state++)
    for (let event = 0; event < Event.COUNT; event++) {
      const letter = FIGURE[state].charAt(event);
      expect(next(state, event)).toBe(letter == "." ? state : LETTERS.indexOf(letter));
    }
});
