import { MINUTE, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import { Action } from "./rules";
import {
  ACK,
  FIN,
  FRONT,
  GATEWAY,
  HOST,
  HOST2,
  Lab,
  OUTSIDE,
  RST,
  SERVER,
  SERVER2,
  SYN,
  SYN_ACK,
  echo,
  errorAbout,
  fragment,
  ip,
  put16,
  quoteOf,
  sumHeader,
  tcp,
  textOf,
  udp,
} from "./testing";

function policy(rules: string, forwards: string = ""): RouterPolicy {
  const made = new RouterPolicy();
  made.rules = rules;
  made.forwards = forwards;
  return made;
}

/** TCP port 8080 outside leads to port 80 of HOST, UDP port 5353 to port 53 of HOST2. */
const FORWARDS = `6 8080 ${HOST} 80;17 5353 ${HOST2} 53`;

/** Out: reject TCP port 25, drop UDP to 203.0.113.6, accept the rest; in: accept port 80 of HOST from 203.0.113.5. */
const RULES =
  `0 2 6 0 0 0 65535 0 0 25 25;` +
  `0 1 17 0 0 0 65535 ${SERVER2} 32 0 65535;` +
  `1 0 6 ${SERVER} 32 0 65535 ${HOST} 32 80 80;` +
  `1 2 0 0 0 0 65535 0 0 0 65535`;

const small = new RouterLimits();
small.flows = 8;

/** HOST connects to a server. */
function connect(lab: Lab, port: u16 = 5000): void {
  lab.out(tcp(HOST, port, SERVER, 80, SYN));
  lab.in(tcp(SERVER, 80, OUTSIDE, port, SYN_ACK));
  lab.out(tcp(HOST, port, SERVER, 80, ACK));
}

describe("a connection from inside", () => {
  test("leaves from the outside address, and comes back", () => {
    const lab = new Lab();
    expect(lab.outText(tcp(HOST, 5000, SERVER, 80, SYN))).toBe(
      "out: tcp 198.51.100.1:5000 > 203.0.113.5:80 SYN seq 1000 ack 0 win 8192, 0 bytes",
    );
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK))).toBe(
      "in: tcp 203.0.113.5:80 > 192.168.1.10:5000 SYN ACK seq 1000 ack 2000 win 8192, 0 bytes",
    );
    expect(lab.outText(tcp(HOST, 5000, SERVER, 80, ACK, 100))).toBe(
      "out: tcp 198.51.100.1:5000 > 203.0.113.5:80 ACK seq 1000 ack 2000 win 8192, 100 bytes",
    );
    expect(lab.forwarder.flows.count).toBe(1);
    expect(lab.forwarder.mappings.count).toBe(1);
    expect(lab.counters.forwardedOut).toBe(2);
    expect(lab.counters.forwardedIn).toBe(1);
  });

  test("loses a hop each way", () => {
    const lab = new Lab();
    const syn = tcp(HOST, 5000, SERVER, 80, SYN);
    lab.out(syn);
    expect(syn[FRONT + 8]).toBe(63);
  });

  test("lives two hours without a word, and four minutes after both have closed", () => {
    const lab = new Lab();
    connect(lab);
    lab.advance(124 * MINUTE);
    expect(lab.outText(tcp(HOST, 5000, SERVER, 80, ACK)).slice(0, 3)).toBe("out");
    lab.out(tcp(HOST, 5000, SERVER, 80, FIN));
    lab.advance(60 * MINUTE);
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, ACK, 10)).slice(0, 2)).toBe("in");
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, FIN));
    lab.out(tcp(HOST, 5000, SERVER, 80, ACK));
    lab.advance(4 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(1);
    lab.advance(1 * SECOND);
    expect(lab.forwarder.flows.count).toBe(0);
    expect(lab.forwarder.mappings.count).toBe(0);
    expect(lab.counters.flowsExpired).toBe(1);
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, ACK))).toBe("drop");
  });

  test("that is not answered is forgotten after four minutes", () => {
    const lab = new Lab();
    lab.out(tcp(HOST, 5000, SERVER, 80, SYN));
    lab.advance(4 * MINUTE);
    lab.out(tcp(HOST, 5001, SERVER, 80, SYN));
    expect(lab.forwarder.flows.count).toBe(2);
    lab.advance(SECOND);
    expect(lab.forwarder.flows.count).toBe(1);
  });

  test("survives a reset that was forged, as what follows shows", () => {
    const lab = new Lab();
    connect(lab);
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, RST));
    lab.out(tcp(HOST, 5000, SERVER, 80, ACK, 1));
    lab.advance(10 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(1);
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, RST));
    lab.advance(4 * MINUTE + SECOND);
    expect(lab.forwarder.flows.count).toBe(0);
  });

  test("may use its ports again once it is over; the other side may not", () => {
    const lab = new Lab();
    connect(lab);
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, RST));
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, SYN))).toBe("drop");
    connect(lab);
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, RST));
    connect(lab);
    lab.advance(10 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(1);
  });

  test("that uses its ports again is a new one, and has to be answered", () => {
    const lab = new Lab();
    connect(lab);
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, RST));
    lab.out(tcp(HOST, 5000, SERVER, 80, SYN));
    lab.advance(4 * MINUTE + SECOND);
    expect(lab.forwarder.flows.count).toBe(0);
  });

  test("may be opened by both at once", () => {
    const lab = new Lab();
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, SYN))).toBe("drop");
    lab.out(tcp(HOST, 5000, SERVER, 80, SYN));
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, SYN)).slice(0, 2)).toBe("in");
    lab.out(tcp(HOST, 5000, SERVER, 80, SYN_ACK));
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK));
    lab.advance(10 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(1);
  });

  test("begins with a SYN, or not at all", () => {
    const lab = new Lab();
    expect(lab.outText(tcp(HOST, 5000, SERVER, 80, ACK))).toBe("drop");
    expect(lab.outText(tcp(HOST, 5000, SERVER, 80, SYN_ACK))).toBe("drop");
    expect(lab.outText(tcp(HOST, 5000, SERVER, 80, RST))).toBe("drop");
    expect(lab.counters.outOfState).toBe(3);
    expect(lab.forwarder.flows.count).toBe(0);
  });

  test("has its segments clamped to what both links carry", () => {
    const lab = new Lab();
    lab.forwarder.networks.outsideMtu = 1492;
    const syn = tcp(HOST, 5000, SERVER, 80, SYN, 8);
    // A header of 28 bytes: no-operation, then the option at an odd place.
    syn[FRONT + 20 + 12] = 0x70;
    syn.set([1, 2, 4, 5, 180, 1, 0, 0], FRONT + 40);
    put16(syn, FRONT + 20 + 16, 0);
    const again = tcp(HOST, 5000, SERVER, 80, SYN, 8);
    again.set(syn.subarray(FRONT + 20), FRONT + 20);
    fillTcpSum(again);
    expect(lab.outText(again)).toBe(
      "out: tcp 198.51.100.1:5000 > 203.0.113.5:80 SYN seq 1000 ack 0 win 8192, 0 bytes",
    );
    expect(((<i32>again[FRONT + 43]) << 8) | again[FRONT + 44]).toBe(1452);
  });
});

function fillTcpSum(frame: Uint8Array): void {
  const at = FRONT + 20;
  put16(frame, at + 16, 0);
  let sum: u32 = 6 + <u32>(frame.length - at);
  for (let i = FRONT + 12; i < frame.length; i++) {
    sum += i & 1 ? <u32>frame[i] : (<u32>frame[i]) << 8;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  put16(frame, at + 16, ~sum);
}

describe("datagrams", () => {
  test("of one port leave from one port, whoever they are for", () => {
    const lab = new Lab();
    expect(lab.outText(udp(HOST, 4000, SERVER, 53))).toBe(
      "out: udp 198.51.100.1:4000 > 203.0.113.5:53, 4 bytes",
    );
    expect(lab.outText(udp(HOST, 4000, SERVER2, 99))).toBe(
      "out: udp 198.51.100.1:4000 > 203.0.113.6:99, 4 bytes",
    );
    expect(lab.forwarder.mappings.count).toBe(1);
    expect(lab.forwarder.flows.count).toBe(2);
  });

  test("of two hosts with the same port leave from two, even as even and odd as odd", () => {
    const lab = new Lab();
    lab.out(udp(HOST, 4000, SERVER, 53));
    const frame = udp(HOST2, 4000, SERVER, 53);
    expect(lab.outText(frame).slice(0, 21)).toBe("out: udp 198.51.100.1");
    const port = ((<u32>frame[FRONT + 20]) << 8) | frame[FRONT + 21];
    expect(port).not.toBe(4000);
    expect(port & 1).toBe(0);
    expect(port >= 1024).toBe(true);
    expect(lab.inText(udp(SERVER, 53, OUTSIDE, <u16>port))).toBe(
      "in: udp 203.0.113.5:53 > 192.168.1.11:4000, 4 bytes",
    );
    const odd = udp(HOST2, 4001, SERVER, 53);
    lab.out(udp(HOST, 4001, SERVER, 53));
    lab.out(odd);
    expect(odd[FRONT + 21] & 1).toBe(1);
  });

  test("of a well-known port keep one", () => {
    const lab = new Lab();
    expect(lab.outText(udp(HOST, 123, SERVER, 123))).toBe(
      "out: udp 198.51.100.1:123 > 203.0.113.5:123, 4 bytes",
    );
    const frame = udp(HOST2, 123, SERVER, 123);
    lab.out(frame);
    const port = ((<u32>frame[FRONT + 20]) << 8) | frame[FRONT + 21];
    expect(port < 1024 && port >= 600 && (port & 1) == 1).toBe(true);
  });

  test("are forgotten after two minutes; when both have spoken, after five", () => {
    const lab = new Lab();
    lab.out(udp(HOST, 4000, SERVER, 53));
    lab.out(udp(HOST, 4001, SERVER, 53));
    lab.in(udp(SERVER, 53, OUTSIDE, 4001));
    lab.advance(2 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(2);
    lab.advance(SECOND);
    expect(lab.forwarder.flows.count).toBe(1);
    lab.advance(3 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(0);
  });

  test("from others to a mapped port are a matter for rules", () => {
    const lab = new Lab();
    lab.out(udp(HOST, 4000, SERVER, 53));
    expect(lab.inText(udp(SERVER2, 53, OUTSIDE, 4000))).toBe("drop");
    expect(lab.inText(udp(SERVER, 54, OUTSIDE, 4000))).toBe("drop");
    expect(lab.counters.dropped).toBe(2);
    const open = new RouterPolicy();
    open.in = Action.ACCEPT;
    const other = new Lab(open);
    other.out(udp(HOST, 4000, SERVER, 53));
    expect(other.inText(udp(SERVER2, 9, OUTSIDE, 4000))).toBe(
      "in: udp 203.0.113.6:9 > 192.168.1.10:4000, 4 bytes",
    );
  });

  test("without a checksum stay without", () => {
    const lab = new Lab();
    const frame = udp(HOST, 4000, SERVER, 53);
    put16(frame, FRONT + 26, 0);
    expect(lab.outText(frame)).toBe(
      "out: udp 198.51.100.1:4000 > 203.0.113.5:53, 4 bytes no checksum",
    );
  });
});

describe("a ping", () => {
  test("comes back by its identifier", () => {
    const lab = new Lab();
    expect(lab.outText(echo(HOST, SERVER, 8, 77))).toBe(
      "out: icmp 198.51.100.1 > 203.0.113.5 echo request id 77 seq 1, 4 bytes",
    );
    expect(lab.inText(echo(SERVER, OUTSIDE, 0, 77))).toBe(
      "in: icmp 203.0.113.5 > 192.168.1.10 echo reply id 77 seq 1, 4 bytes",
    );
    const other = echo(HOST2, SERVER, 8, 77);
    lab.out(other);
    const id = ((<u32>other[FRONT + 24]) << 8) | other[FRONT + 25];
    expect(id).not.toBe(77);
    expect(lab.inText(echo(SERVER, OUTSIDE, 0, <u16>id))).toBe(
      "in: icmp 203.0.113.5 > 192.168.1.11 echo reply id 77 seq 1, 4 bytes",
    );
    lab.advance(61 * SECOND);
    expect(lab.forwarder.flows.count).toBe(0);
  });

  test("of the router is for the router, on both sides", () => {
    const lab = new Lab();
    expect(lab.outText(echo(HOST, GATEWAY, 8, 1))).toBe("local");
    expect(lab.inText(echo(SERVER, OUTSIDE, 8, 1))).toBe("local");
  });

  test("nobody has sent brings no answer in", () => {
    const lab = new Lab();
    lab.out(echo(HOST, SERVER, 8, 77));
    expect(lab.inText(echo(SERVER2, OUTSIDE, 0, 77))).toBe("drop");
    expect(lab.outText(echo(HOST, SERVER, 0, 5))).toBe("drop");
  });
});

describe("what comes from outside", () => {
  test("to no mapped port is met with silence", () => {
    const lab = new Lab();
    expect(lab.inText(tcp(SERVER, 1, OUTSIDE, 22, SYN))).toBe("drop");
    expect(lab.inText(udp(SERVER, 1, OUTSIDE, 53))).toBe("drop");
    expect(lab.counters.unsolicited).toBe(2);
    expect(lab.inText(udp(SERVER, 67, OUTSIDE, 68))).toBe("local");
  });

  test("to a forwarded port comes in, and its answers leave from there", () => {
    const lab = new Lab(policy("", FORWARDS));
    expect(lab.inText(tcp(SERVER, 700, OUTSIDE, 8080, SYN))).toBe(
      "in: tcp 203.0.113.5:700 > 192.168.1.10:80 SYN seq 1000 ack 0 win 8192, 0 bytes",
    );
    expect(lab.outText(tcp(HOST, 80, SERVER, 700, SYN_ACK))).toBe(
      "out: tcp 198.51.100.1:8080 > 203.0.113.5:700 SYN ACK seq 1000 ack 2000 win 8192, 0 bytes",
    );
    lab.in(udp(SERVER, 700, OUTSIDE, 5353));
    lab.advance(3 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(1);
    expect(lab.forwarder.mappings.count).toBe(2);
    expect(lab.outText(udp(HOST2, 53, SERVER2, 53))).toBe(
      "out: udp 198.51.100.1:5353 > 203.0.113.6:53, 4 bytes",
    );
  });

  test("by two ports to the same one does not mix", () => {
    const lab = new Lab(policy("", `6 8080 ${HOST} 80;6 8081 ${HOST} 80`));
    expect(lab.inText(tcp(SERVER, 700, OUTSIDE, 8080, SYN)).slice(0, 2)).toBe("in");
    expect(lab.inText(tcp(SERVER, 700, OUTSIDE, 8081, SYN))).toBe("drop");
    expect(lab.inText(tcp(SERVER, 701, OUTSIDE, 8081, SYN)).slice(0, 2)).toBe("in");
    expect(lab.outText(tcp(HOST, 80, SERVER, 700, SYN_ACK)).slice(0, 28)).toBe(
      "out: tcp 198.51.100.1:8080 >",
    );
    expect(lab.outText(tcp(HOST, 80, SERVER, 701, SYN_ACK)).slice(0, 28)).toBe(
      "out: tcp 198.51.100.1:8081 >",
    );
  });

  test("for the DHCP client is never for a host inside", () => {
    const lab = new Lab();
    const frame = udp(HOST, 68, SERVER, 9);
    expect(lab.outText(frame).slice(0, 3)).toBe("out");
    expect(frame[FRONT + 20] == 0 && frame[FRONT + 21] == 68).toBe(false);
  });

  test("does not take a forwarded port away", () => {
    const lab = new Lab(policy("", FORWARDS));
    const frame = udp(HOST, 5353, SERVER, 53);
    lab.out(frame);
    const port = ((<u32>frame[FRONT + 20]) << 8) | frame[FRONT + 21];
    expect(port).not.toBe(5353);
  });

  test("in the name of the inside is martian", () => {
    const lab = new Lab(policy("", FORWARDS));
    expect(lab.inText(udp(HOST, 1, OUTSIDE, 5353))).toBe("drop");
    expect(lab.inText(udp(ip(127, 0, 0, 1), 1, OUTSIDE, 5353))).toBe("drop");
    expect(lab.inText(udp(ip(169, 254, 0, 1), 1, OUTSIDE, 5353))).toBe("drop");
    expect(lab.inText(udp(OUTSIDE, 1, OUTSIDE, 5353))).toBe("drop");
    expect(lab.counters.martian).toBe(4);
  });

  test("to another address is the host's business", () => {
    const lab = new Lab();
    expect(lab.inText(udp(SERVER, 1, HOST, 53))).toBe("local");
  });
});

describe("what comes from inside", () => {
  test("has to be of the inside, and for elsewhere", () => {
    const lab = new Lab();
    expect(lab.outText(udp(SERVER, 1, SERVER2, 53))).toBe("drop");
    expect(lab.outText(udp(HOST, 1, HOST2, 53))).toBe("drop");
    expect(lab.outText(udp(HOST, 1, ip(127, 0, 0, 1), 53))).toBe("drop");
    expect(lab.outText(udp(HOST, 1, ip(169, 254, 9, 9), 53))).toBe("drop");
    expect(lab.outText(udp(ip(192, 168, 1, 255), 1, SERVER, 53))).toBe("drop");
    expect(lab.counters.martian).toBe(5);
    expect(lab.outText(udp(HOST, 1, ip(192, 168, 1, 255), 53))).toBe("local");
    expect(lab.outText(udp(0, 68, ip(255, 255, 255, 255), 67))).toBe("local");
    expect(lab.outText(udp(HOST, 1, ip(224, 0, 0, 1), 53))).toBe("local");
  });

  test("for the outside address goes to who has that port (hairpin)", () => {
    const lab = new Lab(policy("", FORWARDS));
    expect(lab.outText(tcp(HOST2, 900, OUTSIDE, 8080, SYN))).toBe(
      "in: tcp 198.51.100.1:900 > 192.168.1.10:80 SYN seq 1000 ack 0 win 8192, 0 bytes",
    );
    expect(lab.outText(tcp(HOST, 80, OUTSIDE, 900, SYN_ACK))).toBe(
      "in: tcp 198.51.100.1:8080 > 192.168.1.11:900 SYN ACK seq 1000 ack 2000 win 8192, 0 bytes",
    );
    expect(lab.counters.hairpinned).toBe(2);
    expect(lab.outText(tcp(HOST2, 900, OUTSIDE, 22, SYN))).toBe("drop");
  });

  test("ends where its hops end", () => {
    const lab = new Lab();
    const frame = udp(HOST, 1, SERVER, 53);
    frame[FRONT + 8] = 1;
    sumHeader(frame);
    expect(lab.outText(frame)).toBe("time exceeded");
    expect(textOf(frame)).toBe("udp 192.168.1.10:1 > 203.0.113.5:53, 4 bytes");
    expect(lab.counters.hopLimitExceeded).toBe(1);
  });

  test("is told when it is larger than the next link and must not be cut", () => {
    const lab = new Lab();
    lab.forwarder.networks.outsideMtu = 1000;
    const frame = udp(HOST, 1, SERVER, 53, 973);
    put16(frame, FRONT + 6, 0x4000);
    sumHeader(frame);
    expect(lab.outText(frame)).toBe("too large");
    expect(lab.outText(udp(HOST, 1, SERVER, 53, 973)).slice(0, 3)).toBe("out");
  });

  test("waits for an address", () => {
    const lab = new Lab();
    lab.out(udp(HOST, 1, SERVER, 53));
    lab.forwarder.outsideAddress = 0;
    expect(lab.forwarder.flows.count).toBe(0);
    expect(lab.outText(udp(HOST, 1, SERVER, 53))).toBe("unreachable");
  });

  test("of a protocol without ports is counted", () => {
    const lab = new Lab();
    const frame = udp(HOST, 1, SERVER, 53);
    frame[FRONT + 9] = 47;
    sumHeader(frame);
    expect(lab.outText(frame)).toBe("drop");
    expect(lab.counters.unknownProtocol).toBe(1);
  });
});

describe("rules", () => {
  test("decide in their order, for the first packet only", () => {
    const lab = new Lab(policy(RULES, FORWARDS));
    expect(lab.outText(tcp(HOST, 9, SERVER, 25, SYN))).toBe("reset");
    expect(lab.outText(udp(HOST, 9, SERVER2, 25))).toBe("drop");
    expect(lab.outText(udp(HOST, 9, SERVER, 25)).slice(0, 3)).toBe("out");
    expect(lab.outText(tcp(HOST, 9, SERVER, 24, SYN)).slice(0, 3)).toBe("out");
    expect(lab.counters.rejected).toBe(1);
    expect(lab.counters.dropped).toBe(1);
  });

  test("see what comes in with the address it is for", () => {
    const lab = new Lab(policy(RULES, FORWARDS));
    expect(lab.inText(tcp(SERVER, 9, OUTSIDE, 8080, SYN)).slice(0, 2)).toBe("in");
    expect(lab.inText(tcp(SERVER2, 9, OUTSIDE, 8080, SYN))).toBe("reset");
    expect(lab.inText(udp(SERVER2, 9, OUTSIDE, 5353))).toBe("prohibited");
  });

  test("a policy of silence on the way out", () => {
    const quiet = policy("0 0 17 0 0 0 65535 0 0 53 53");
    quiet.out = Action.DROP;
    const lab = new Lab(quiet);
    expect(lab.outText(udp(HOST, 9, SERVER, 53)).slice(0, 3)).toBe("out");
    expect(lab.outText(udp(HOST, 9, SERVER, 54))).toBe("drop");
    expect(lab.inText(udp(SERVER, 53, OUTSIDE, 9)).slice(0, 2)).toBe("in");
  });
});

describe("errors about a flow", () => {
  test("come in to the host that sent what they quote", () => {
    const lab = new Lab();
    lab.out(udp(HOST, 4001, SERVER, 53));
    const sent = udp(HOST2, 4001, SERVER, 53);
    lab.out(sent);
    const error = errorAbout(sent, SERVER2, OUTSIDE, 3, 3);
    expect(lab.inText(error)).toBe("in: icmp 203.0.113.6 > 192.168.1.11 port unreachable");
    expect(textOf(quoteOf(error))).toBe("ip MALFORMED");
    const whole = errorAbout(sent, SERVER2, OUTSIDE, 11, 0, 12);
    expect(lab.inText(whole)).toBe("in: icmp 203.0.113.6 > 192.168.1.11 time exceeded");
    expect(textOf(quoteOf(whole))).toBe("udp 192.168.1.11:4001 > 203.0.113.5:53, 4 bytes");
    expect(lab.counters.errorsRelated).toBe(2);
  });

  test("about a ping and a connection too", () => {
    const lab = new Lab();
    const ping = echo(HOST, SERVER, 8, 7);
    lab.out(ping);
    const error = errorAbout(ping, SERVER2, OUTSIDE, 3, 1, 12);
    expect(lab.inText(error)).toBe("in: icmp 203.0.113.6 > 192.168.1.10 host unreachable");
    expect(textOf(quoteOf(error))).toBe(
      "icmp 192.168.1.10 > 203.0.113.5 echo request id 7 seq 1, 4 bytes",
    );
    const syn = tcp(HOST, 5000, SERVER, 80, SYN);
    lab.out(syn);
    const reset = errorAbout(syn, SERVER2, OUTSIDE, 3, 13, 20);
    expect(lab.inText(reset)).toBe("in: icmp 203.0.113.6 > 192.168.1.10 unreachable 13");
    expect(textOf(quoteOf(reset)).slice(0, 43)).toBe("tcp 192.168.1.10:5000 > 203.0.113.5:80 SYN ");
    expect(textOf(quoteOf(reset)).includes("BAD")).toBe(false);
  });

  test("go out from the outside address", () => {
    const lab = new Lab(policy("", FORWARDS));
    const asked = udp(SERVER, 700, OUTSIDE, 5353);
    lab.in(asked);
    const error = errorAbout(asked, HOST2, SERVER, 3, 3, 12);
    expect(lab.outText(error)).toBe("out: icmp 198.51.100.1 > 203.0.113.5 port unreachable");
    expect(textOf(quoteOf(error))).toBe("udp 203.0.113.5:700 > 198.51.100.1:5353, 4 bytes");
    // To nobody but who sent what it quotes.
    const again = udp(SERVER, 700, OUTSIDE, 5353);
    lab.in(again);
    expect(lab.outText(errorAbout(again, HOST2, SERVER2, 3, 3, 12))).toBe("drop");
  });

  test("about a hairpin go all the way back", () => {
    const lab = new Lab(policy("", FORWARDS));
    const asked = udp(HOST, 900, OUTSIDE, 5353);
    lab.out(asked);
    const error = errorAbout(asked, HOST2, OUTSIDE, 3, 3, 12);
    expect(lab.outText(error)).toBe("in: icmp 198.51.100.1 > 192.168.1.10 port unreachable");
    expect(textOf(quoteOf(error))).toBe("udp 192.168.1.10:900 > 198.51.100.1:5353, 4 bytes");
  });

  test("about nothing that is known, or with a wrong checksum, are dropped", () => {
    const lab = new Lab();
    const sent = udp(HOST, 4001, SERVER, 53);
    lab.out(sent);
    const wrong = errorAbout(sent, SERVER2, OUTSIDE, 3, 3);
    wrong[FRONT + 22] ^= 1;
    expect(lab.inText(wrong)).toBe("drop");
    const other = udp(OUTSIDE, 4001, SERVER2, 53);
    expect(lab.inText(errorAbout(other, SERVER2, OUTSIDE, 3, 3))).toBe("drop");
    const own = udp(OUTSIDE, 68, SERVER, 67);
    expect(lab.inText(errorAbout(own, SERVER2, OUTSIDE, 3, 3))).toBe("local");
    expect(lab.outText(errorAbout(sent, HOST, SERVER2, 3, 3))).toBe("drop");
    expect(lab.counters.errorsUnrelated).toBe(3);
  });
});

describe("fragments", () => {
  test("follow the first one", () => {
    const lab = new Lab(policy("", FORWARDS));
    expect(lab.outText(fragment(udp(HOST, 4000, SERVER, 53, 992), 0, true))).toBe(
      "out: ip 198.51.100.1 > 203.0.113.5 fragment 0-1000+",
    );
    expect(lab.outText(fragment(udp(HOST, 7, SERVER, 8, 92), 1000, false))).toBe(
      "out: ip 198.51.100.1 > 203.0.113.5 fragment 1000-1100",
    );
    lab.in(fragment(udp(SERVER, 9, OUTSIDE, 5353, 992), 0, true));
    expect(lab.inText(fragment(udp(SERVER, 7, OUTSIDE, 8, 92), 1000, false))).toBe(
      "in: ip 203.0.113.5 > 192.168.1.11 fragment 1000-1100",
    );
    expect(lab.outText(fragment(udp(HOST, 900, OUTSIDE, 5353, 992), 0, true))).toBe(
      "in: ip 198.51.100.1 > 192.168.1.11 fragment 0-1000+",
    );
    expect(lab.outText(fragment(udp(HOST, 7, OUTSIDE, 8, 92), 1000, false))).toBe(
      "in: ip 198.51.100.1 > 192.168.1.11 fragment 1000-1100",
    );
  });

  test("go nowhere without it, or too late", () => {
    const lab = new Lab();
    expect(lab.outText(fragment(udp(HOST, 7, SERVER, 8, 92), 1000, false))).toBe("drop");
    lab.out(fragment(udp(HOST, 4000, SERVER, 53, 992), 0, true));
    lab.nowNs += 30 * SECOND;
    expect(lab.outText(fragment(udp(HOST, 7, SERVER, 8, 92), 1000, false))).toBe("drop");
    expect(lab.counters.fragmentsUnknown).toBe(2);
    expect(lab.inText(fragment(udp(SERVER, 7, OUTSIDE, 8, 92), 1000, false))).toBe("local");
  });

  test("that hide ports or flags are no packets", () => {
    const lab = new Lab();
    expect(lab.outText(fragment(tcp(HOST, 4000, SERVER, 53, SYN, 12), 0, true)).slice(0, 3)).toBe(
      "out",
    );
    expect(lab.outText(fragment(tcp(HOST, 4000, SERVER, 53, SYN), 8, true))).toBe("drop");
    expect(lab.outText(fragment(tcp(HOST, 4000, SERVER, 53, SYN), 16, true)).slice(0, 3)).toBe(
      "out",
    );
    const tiny = fragment(udp(HOST, 4000, SERVER, 53, 0), 0, true);
    tiny[FRONT + 9] = 6;
    sumHeader(tiny);
    expect(lab.outText(tiny)).toBe("drop");
    expect(lab.forwarder.flows.count).toBe(1);
  });
});

describe("a full table", () => {
  test("makes room by what is over, then by what was never answered, and never by what lives", () => {
    const lab = new Lab(new RouterPolicy(), small);
    for (let port: u16 = 5000; port < 5006; port++) connect(lab, port);
    lab.in(tcp(SERVER, 80, OUTSIDE, 5000, RST));
    lab.out(udp(HOST, 1, SERVER, 53));
    lab.advance(SECOND);
    lab.out(echo(HOST, SERVER, 8, 7));
    expect(lab.forwarder.flows.count).toBe(8);
    lab.out(tcp(HOST, 6000, SERVER, 80, SYN));
    expect(lab.inText(tcp(SERVER, 80, OUTSIDE, 5000, ACK))).toBe("drop");
    lab.out(tcp(HOST, 6001, SERVER, 80, SYN));
    expect(lab.inText(udp(SERVER, 53, OUTSIDE, 1))).toBe("drop");
    expect(lab.inText(echo(SERVER, OUTSIDE, 0, 7)).slice(0, 2)).toBe("in");
    connect(lab, 6002);
    connect(lab, 6003);
    connect(lab, 6004);
    expect(lab.outText(tcp(HOST, 6005, SERVER, 80, SYN))).toBe("drop");
    expect(lab.counters.flowsRefused).toBe(1);
    expect(lab.forwarder.flows.count).toBe(8);
    expect(lab.forwarder.mappings.count).toBe(8);
    for (let port: u16 = 5001; port < 5006; port++)
      expect(lab.inText(tcp(SERVER, 80, OUTSIDE, port, ACK)).slice(0, 2)).toBe("in");
  });

  test("of ports refuses what finds none", () => {
    const few = new RouterLimits();
    few.portFirst = 2000;
    few.portLast = 2003;
    const lab = new Lab(new RouterPolicy(), few);
    expect(lab.outText(udp(HOST, 4000, SERVER, 53)).slice(0, 3)).toBe("out");
    expect(lab.outText(udp(HOST, 4002, SERVER, 53)).slice(0, 3)).toBe("out");
    expect(lab.outText(udp(HOST, 4004, SERVER, 53))).toBe("drop");
    expect(lab.outText(udp(HOST, 4001, SERVER, 53)).slice(0, 3)).toBe("out");
    expect(lab.counters.portsExhausted).toBe(1);
    expect(lab.forwarder.mappings.count).toBe(3);
  });
});
