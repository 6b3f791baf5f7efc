/**
 * Transcripts. `advance` is told seconds; `answer` gives the machine a message of a server. What the machine leaves
 * behind is one line: what it sends and to whom, the lease, the loss, and when it is due.
 */
import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { NEVER } from "./lease";
import { DhcpMachine, DhcpState, LeaseLoss } from "./machine";
import { ADDRESS, Answer, Dice, MAC, SERVER } from "./testing";
import { MessageType, Reply } from "./wire";

const NAMES: string[] = ["", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE"];
const OTHER: u32 = 0x0a000002;

const machine = new DhcpMachine(new Dice());
const reply = new Reply();
let nowNs: i64 = 0;

function ip(value: u32): string {
  return `${value >> 24}.${(value >> 16) & 255}.${(value >> 8) & 255}.${value & 255}`;
}

function outcome(): string {
  let text = "";
  if (machine.loss != LeaseLoss.NONE) text += `lost ${ip(machine.lostLease!.address)}, `;
  const request = machine.request;
  if (machine.sends) {
    text += `${NAMES[request.messageType]} ${request.xid}`;
    if (request.clientAddress != 0) text += ` from ${ip(request.clientAddress)}`;
    if (request.requestedAddress != 0) text += ` for ${ip(request.requestedAddress)}`;
    if (request.server != 0) text += ` of ${ip(request.server)}`;
    text += machine.sendsTo == 0 ? " to all" : ` to ${ip(machine.sendsTo)}`;
    if (request.wantsBroadcast) text += " (broadcast)";
    text += ", ";
  }
  if (machine.isGranted) text += `lease ${ip(machine.lease!.address)}, `;
  if (machine.dueNs == NEVER) return text + "rests";
  return text + `due in ${(<f64>(machine.dueNs - nowNs) / <f64>SECOND).toString()}`;
}

function start(): string {
  machine.start(nowNs);
  return outcome();
}

/** To the due and no further. */
function toDue(): string {
  machine.elapse(machine.dueNs - 1);
  expect(machine.sends || machine.loss != LeaseLoss.NONE).toBe(false);
  nowNs = machine.dueNs;
  machine.elapse(nowNs);
  return outcome();
}

function advance(seconds: i64): string {
  nowNs += seconds * SECOND;
  machine.elapse(nowNs);
  return outcome();
}

function hear(message: Answer): string {
  expect(reply.parse(message.start, message.length, MAC.dataStart)).toBe(true);
  machine.receive(nowNs, reply);
  return outcome();
}

function answer(type: i32, xid: u32, address: u32 = ADDRESS, server: u32 = SERVER): string {
  return hear(Answer.usual(<u8>type, xid, address, server));
}

/** BOUND to a lease of 3600 s; the xids 1 has been used. */
function bound(): void {
  start();
  answer(MessageType.OFFER, 1);
  answer(MessageType.ACK, 1);
  expect(machine.state).toBe(DhcpState.BOUND);
}

describe("getting a lease", () => {
  test("four messages", () => {
    expect(start()).toBe("DISCOVER 1 to all (broadcast), due in 4.0");
    expect(answer(MessageType.OFFER, 1)).toBe(
      "REQUEST 1 for 10.0.0.66 of 10.0.0.1 to all (broadcast), due in 4.0",
    );
    expect(answer(MessageType.ACK, 1)).toBe("lease 10.0.0.66, due in 1800.0");
    expect(machine.state).toBe(DhcpState.BOUND);
    expect(machine.counters.leases).toBe(1);
    expect(machine.counters.sent).toBe(2);
  });

  test("DISCOVER backs off to 64 s and never gives up (RFC 2131 §4.1)", () => {
    start();
    for (const due of [8, 16, 32, 64, 64, 64])
      expect(toDue()).toBe(`DISCOVER 1 to all (broadcast), due in ${due}.0`);
    expect(<i32>machine.request.seconds).toBe(4 + 8 + 16 + 32 + 64 + 64);
  });

  test("secs ends at its largest value", () => {
    start();
    advance(100_000);
    expect(<i32>machine.request.seconds).toBe(65_535);
  });

  test("the first offer that makes sense is taken, later ones count for nothing", () => {
    start();
    expect(hear(new Answer(2, 1).option32(54, OTHER))).toBe("due in 4.0");
    expect(answer(MessageType.OFFER, 1, 0xe0000001)).toBe("due in 4.0");
    expect(machine.counters.unacceptable).toBe(2);
    answer(MessageType.OFFER, 1);
    expect(answer(MessageType.OFFER, 1, 0x0a000077, OTHER)).toBe("due in 4.0");
    expect(machine.counters.unexpected).toBe(1);
    expect(answer(MessageType.ACK, 1, 0x0a000077, OTHER)).toBe("due in 4.0");
    expect(answer(MessageType.NAK, 1, 0, OTHER)).toBe("due in 4.0");
    expect(answer(MessageType.ACK, 1, 0x0a000077)).toBe("due in 4.0");
    expect(machine.counters.unexpected).toBe(4);
    expect(answer(MessageType.ACK, 1)).toBe("lease 10.0.0.66, due in 1800.0");
  });

  test("another xid, or a message that does not belong here", () => {
    start();
    expect(answer(MessageType.OFFER, 2)).toBe("due in 4.0");
    expect(answer(MessageType.ACK, 1)).toBe("due in 4.0");
    expect(answer(MessageType.NAK, 1)).toBe("due in 4.0");
    expect(answer(MessageType.DISCOVER, 1)).toBe("due in 4.0");
    expect(hear(new Answer(77, 1))).toBe("due in 4.0");
    expect(machine.state).toBe(DhcpState.SELECTING);
    expect(machine.counters.unexpected).toBe(5);
  });

  test("four REQUESTs in 60 s, then from the start (RFC 2131 §3.1)", () => {
    start();
    answer(MessageType.OFFER, 1);
    for (const due of [8, 16, 32])
      expect(toDue()).toBe(
        `REQUEST 1 for 10.0.0.66 of 10.0.0.1 to all (broadcast), due in ${due}.0`,
      );
    expect(toDue()).toBe("DISCOVER 2 to all (broadcast), due in 4.0");
    expect(answer(MessageType.ACK, 1)).toBe("due in 4.0");
  });

  test("REQUEST has the secs of the DISCOVER it follows", () => {
    start();
    advance(5);
    answer(MessageType.OFFER, 1);
    expect(<i32>machine.request.seconds).toBe(5);
    advance(6);
    expect(<i32>machine.request.seconds).toBe(5);
  });

  test("an ACK whose lease makes no sense", () => {
    start();
    answer(MessageType.OFFER, 1);
    expect(hear(Answer.usual(0, 1).option(53, [5]).option32(51, 1))).toBe("due in 4.0");
    expect(machine.counters.unacceptable).toBe(1);
    expect(machine.lease).toBeNull();
  });

  test("NAK: from the start after 1 s, 2 s, … 64 s", () => {
    start();
    let xid: u32 = 1;
    for (const pause of [1, 2, 4, 8, 16, 32, 64, 64]) {
      answer(MessageType.OFFER, xid);
      expect(answer(MessageType.NAK, xid, 0)).toBe(`due in ${pause}.0`);
      expect(machine.state).toBe(DhcpState.INIT);
      xid++;
      expect(toDue()).toBe(`DISCOVER ${xid} to all (broadcast), due in 4.0`);
    }
    expect(machine.counters.refusals).toBe(8);
  });

  test("broadcasts only if they are wanted", () => {
    machine.wantsBroadcast = false;
    expect(start()).toBe("DISCOVER 1 to all, due in 4.0");
  });

  test("starting twice is starting once", () => {
    start();
    expect(start()).toBe("due in 4.0");
  });
});

describe("keeping it", () => {
  test("T1: asks its server, and goes on as before", () => {
    bound();
    expect(toDue()).toBe("REQUEST 2 from 10.0.0.66 to 10.0.0.1, due in 675.0");
    expect(machine.state).toBe(DhcpState.RENEWING);
    expect(answer(MessageType.ACK, 2)).toBe("lease 10.0.0.66, due in 1800.0");
    expect(machine.counters.renewals).toBe(1);
    expect(machine.lease!.expiresNs).toBe((1800 + 3600) * SECOND);
  });

  test("half of what is left until T2, at least 60 s; then all servers; then it is gone (RFC 2131 §4.4.5)", () => {
    bound();
    const asks = "REQUEST 2 from 10.0.0.66 to 10.0.0.1, due in ";
    expect(toDue()).toBe(asks + "675.0");
    expect(toDue()).toBe(asks + "337.5");
    expect(toDue()).toBe(asks + "168.75");
    expect(toDue()).toBe(asks + "84.375");
    expect(toDue()).toBe(asks + "60.0");
    expect(toDue()).toBe(asks + "24.375");
    expect(toDue()).toBe("REQUEST 2 from 10.0.0.66 to all, due in 225.0");
    expect(nowNs).toBe(3150 * SECOND);
    expect(machine.state).toBe(DhcpState.REBINDING);
    for (const due of ["112.5", "60.0", "52.5"])
      expect(toDue()).toBe(`REQUEST 2 from 10.0.0.66 to all, due in ${due}`);
    expect(toDue()).toBe("lost 10.0.0.66, DISCOVER 3 to all (broadcast), due in 4.0");
    expect(nowNs).toBe(3600 * SECOND);
    expect(machine.loss).toBe(LeaseLoss.EXPIRED);
    expect(machine.lease).toBeNull();
    expect(machine.counters.expirations).toBe(1);
  });

  test("only its own server renews; any server rebinds", () => {
    bound();
    toDue();
    expect(answer(MessageType.ACK, 2, ADDRESS, OTHER)).toBe("due in 675.0");
    expect(answer(MessageType.NAK, 2, 0, OTHER)).toBe("due in 675.0");
    advance(1350);
    expect(machine.state).toBe(DhcpState.REBINDING);
    expect(answer(MessageType.ACK, 2, ADDRESS, OTHER)).toBe("lease 10.0.0.66, due in 450.0");
    expect(machine.lease!.server).toBe(OTHER);
  });

  test("the lease counts from the first request, not from the answer", () => {
    bound();
    toDue();
    advance(700);
    expect(answer(MessageType.ACK, 2)).toBe("lease 10.0.0.66, due in 1100.0");
  });

  test("a renewed lease has another address: not ours", () => {
    bound();
    toDue();
    expect(answer(MessageType.ACK, 2, 0x0a000077)).toBe("due in 675.0");
    expect(machine.counters.unexpected).toBe(1);
  });

  test("NAK: gone at once", () => {
    bound();
    toDue();
    expect(answer(MessageType.NAK, 2, 0)).toBe("lost 10.0.0.66, due in 1.0");
    expect(machine.loss).toBe(LeaseLoss.REFUSED);
    expect(toDue()).toBe("DISCOVER 3 to all (broadcast), due in 4.0");
  });

  test("while it is good nobody takes it away", () => {
    bound();
    expect(answer(MessageType.NAK, 1, 0)).toBe("due in 1800.0");
    expect(answer(MessageType.ACK, 1)).toBe("due in 1800.0");
    expect(machine.counters.unexpected).toBe(2);
  });

  test("who slept through T2 rebinds, who slept through the end begins anew", () => {
    bound();
    expect(advance(3200)).toBe("REQUEST 2 from 10.0.0.66 to all, due in 200.0");
    expect(answer(MessageType.ACK, 2)).toBe("lease 10.0.0.66, due in 1800.0");
    expect(advance(1_000_000)).toBe("lost 10.0.0.66, DISCOVER 3 to all (broadcast), due in 4.0");
  });

  test("a lease for ever needs nothing", () => {
    start();
    answer(MessageType.OFFER, 1);
    const ack = new Answer(5, 1).option32(54, SERVER).option32(51, 0xffffffff);
    expect(hear(ack)).toBe("lease 10.0.0.66, rests");
    expect(advance(1_000_000_000)).toBe("rests");
  });
});

describe("conflict", () => {
  test("DECLINE, a pause of 10 s, from the start", () => {
    bound();
    machine.conflict(nowNs);
    expect(outcome()).toBe(
      "lost 10.0.0.66, DECLINE 2 for 10.0.0.66 of 10.0.0.1 to all, due in 10.0",
    );
    expect(machine.loss).toBe(LeaseLoss.CONFLICT);
    expect(<i32>machine.request.seconds).toBe(0);
    expect(toDue()).toBe("DISCOVER 3 to all (broadcast), due in 4.0");
  });

  test("from the tenth on, 60 s (RFC 5227 §2.1.1); a renewal forgives", () => {
    bound();
    for (let count = 1; count <= 11; count++) {
      machine.conflict(nowNs);
      expect(machine.dueNs - nowNs).toBe((count < 10 ? 10 : 60) * SECOND);
      toDue();
      answer(MessageType.OFFER, machine.request.xid);
      answer(MessageType.ACK, machine.request.xid);
      expect(machine.state).toBe(DhcpState.BOUND);
    }
    toDue();
    answer(MessageType.ACK, machine.request.xid);
    machine.conflict(nowNs);
    expect(machine.dueNs - nowNs).toBe(10 * SECOND);
  });

  test("without a lease it means nothing", () => {
    start();
    machine.conflict(nowNs);
    expect(machine.state).toBe(DhcpState.SELECTING);
    expect(machine.counters.conflicts).toBe(0);
  });
});

describe("release", () => {
  test("tells the server, and rests", () => {
    bound();
    machine.release(nowNs);
    expect(outcome()).toBe("RELEASE 2 from 10.0.0.66 of 10.0.0.1 to 10.0.0.1, rests");
    expect(machine.state).toBe(DhcpState.STOPPED);
    expect(start()).toBe("DISCOVER 3 to all (broadcast), due in 4.0");
  });

  test("without a lease there is nothing to say", () => {
    start();
    machine.release(nowNs);
    expect(outcome()).toBe("rests");
  });
});
