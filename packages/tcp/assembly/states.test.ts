/** What every state does with every kind of segment, and with every call: RFC 9293 §3.10. */
import { TcpState } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Connection } from "./connection";
import { step } from "./testing/clock";
import { accept, begin, ip, peer, recorder, setUp, tcp } from "./testing/fixture";

/** A connection in that state. Our stream is at 1, or at 2 behind the FIN; the peer's likewise. */
function reach(state: TcpState): Connection | null {
  setUp();
  let c: Connection | null = null;
  if (state == TcpState.CLOSED) peer.remotePort = 81;
  else if (state == TcpState.LISTEN) peer.sends("R");
  else if (state == TcpState.SYN_SENT) c = begin();
  else if (state == TcpState.SYN_RECEIVED) {
    peer.sends("S mss=1460");
    c = <Connection>tcp.table.next(null);
  } else {
    c = accept("S mss=1460");
    if (state == TcpState.CLOSE_WAIT || state == TcpState.LAST_ACK) peer.sends("FA");
    if (state != TcpState.ESTABLISHED && state != TcpState.CLOSE_WAIT) {
      c.shutdown();
      step(0);
      peer.ignores();
    }
    if (state == TcpState.FIN_WAIT_2 || state == TcpState.TIME_WAIT) peer.sends("A");
    if (state == TcpState.CLOSING) peer.sends("FA ack=1");
    if (state == TcpState.TIME_WAIT) peer.sends("FA");
    expect(c.state).toBe(state);
  }
  peer.ignores();
  peer.hasSeen = true;
  recorder.take();
  return c;
}

/** Names in the order of TcpState. */
const NAMES: string[] = [
  "CLOSED",
  "LISTEN",
  "SYN_SENT",
  "SYN_RECEIVED",
  "ESTABLISHED",
  "FIN_WAIT_1",
  "FIN_WAIT_2",
  "CLOSE_WAIT",
  "CLOSING",
  "LAST_ACK",
  "TIME_WAIT",
];

/** The kinds of segment; the same columns below. `N` is the next number of the peer's stream. */
const SEGMENTS: string[] = [
  "S seq=N mss=1460", // SYN in the window
  "SA seq=N", // SYN-ACK in the window
  "A seq=N", // ACK of all
  "A seq=N ack=999", // ACK of what was not sent
  "A seq=N len=10", // data
  "FA seq=N", // FIN
  "R seq=N", // RST at the exact number
  "R seq=N+9", // RST in the window
  "- seq=N len=10", // no flag at all
];

/** What is answered: the flags; "." is nothing. */
// prettier-ignore
const ANSWERS: string[] = [
  /* CLOSED       */ "RA  R   R   R   R   R   .  .  RA",
  /* LISTEN       */ "SA  R   R   R   R   R   .  .  .",
  /* SYN_SENT     */ "SA  A   .   R   .   .   .  .  .",
  /* SYN_RECEIVED */ "A   A   .   R   A   A   .  A  .",
  /* ESTABLISHED  */ "A   A   .   A   A   A   .  A  .",
  /* FIN_WAIT_1   */ "A   A   .   A   A   A   .  A  .",
  /* FIN_WAIT_2   */ "A   A   .   A   A   A   .  A  .",
  /* CLOSE_WAIT   */ "A   A   .   A   A   A   .  A  .",
  /* CLOSING      */ "A   A   .   A   .   .   .  A  .",
  /* LAST_ACK     */ "A   A   .   A   .   .   .  A  .",
  /* TIME_WAIT    */ "A   A   .   .   A   A   .  .  A",
];

/** The state behind it, by the letters of state.test.ts; "x": the connection has ended. */
// prettier-ignore
const STATES: string[] = [
  /* CLOSED       */ "x x x x x x x x x",
  /* LISTEN       */ "R x x x x x x x x",
  /* SYN_SENT     */ "R E S S S S S S S",
  /* SYN_RECEIVED */ "R R E R E W x R R",
  /* ESTABLISHED  */ "E E E E E W x E E",
  /* FIN_WAIT_1   */ "1 1 2 1 2 x x 1 1",
  /* FIN_WAIT_2   */ "2 2 2 2 2 x x 2 2",
  /* CLOSE_WAIT   */ "W W W W W W x W W",
  /* CLOSING      */ "G G x G x x x G G",
  /* LAST_ACK     */ "L L x L x x x L L",
  /* TIME_WAIT    */ "x x x x x x x x x",
];

const LETTERS = "CKSRE12WGLT";

function columns(row: string): string[] {
  const all = row.split(" ");
  const found: string[] = [];
  for (let i = 0; i < all.length; i++) if (all[i].length > 0) found.push(all[i]);
  return found;
}

/** The letter of the connection that there is now. */
function letter(): string {
  const c = tcp.table.next(null);
  return c === null ? "x" : LETTERS.charAt(c.state);
}

/** What was sent: the flags of the first segment. */
function answer(): string {
  if (ip.link.sent.length == 0) return ".";
  return peer.read(ip.link.sent.shift()).split(" ")[0];
}

// Not on the stack, where the collector does not look between two steps.
let answers = "";
let states = "";

function check(state: TcpState): void {
  answers = "";
  states = "";
  for (let i = 0; i < SEGMENTS.length; i++) {
    reach(state);
    const at = peer.next - peer.initial;
    peer.sends(SEGMENTS[i].replace("N+9", `${at + 9}`).replace("N", `${at}`));
    answers += answer() + " ";
    states += letter() + " ";
  }
  expect(answers.trimEnd()).toBe(columns(ANSWERS[state]).join(" "));
  expect(states.trimEnd()).toBe(STATES[state]);
}

describe("segments in every state", () => {
  test("CLOSED", () => check(TcpState.CLOSED));
  test("LISTEN", () => check(TcpState.LISTEN));
  test("SYN_SENT", () => check(TcpState.SYN_SENT));
  test("SYN_RECEIVED", () => check(TcpState.SYN_RECEIVED));
  test("ESTABLISHED", () => check(TcpState.ESTABLISHED));
  test("FIN_WAIT_1", () => check(TcpState.FIN_WAIT_1));
  test("FIN_WAIT_2", () => check(TcpState.FIN_WAIT_2));
  test("CLOSE_WAIT", () => check(TcpState.CLOSE_WAIT));
  test("CLOSING", () => check(TcpState.CLOSING));
  test("LAST_ACK", () => check(TcpState.LAST_ACK));
  test("TIME_WAIT", () => check(TcpState.TIME_WAIT));
});
