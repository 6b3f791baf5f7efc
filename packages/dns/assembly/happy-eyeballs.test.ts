/** Transcripts: AAAA is asked first; addresses of IPv6 are 2001:db8::N. Times are in milliseconds. */
import {
  EXHAUSTED,
  IpAddress,
  MILLISECOND,
  REFUSED,
  TcpConnection,
  UNREACHABLE,
} from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { hold } from "@phantasm/runtime";
import { timersPending } from "@phantasm/runtime/timers";
import { ConnectHandler, HappyEyeballs, Race } from "./happy-eyeballs";
import { Family, Lookup, LookupHandler } from "./lookup";
import { Resolver } from "./resolver";
import { ServerSource } from "./servers";
import { Dice, Network, Reply, advance, happened, note } from "./testing";
import { Connections } from "./testing-tcp";

const network = new Network();
const tcp = new Connections();
const resolver = new Resolver(network, new Dice());
const eyeballs = new HappyEyeballs(resolver, tcp);

class Finder implements ConnectHandler {
  onConnection(race: Race, connection: TcpConnection): void {
    note(`connected ${connection.remote.address.toString()}`);
  }
  onNoConnection(race: Race, error: i32): void {
    note(`error ${error}`);
  }
}

class Nobody implements LookupHandler {
  onResolved(lookup: Lookup): void {}
}

const finder = new Finder();
const SIX: string = "2001:db8::";

/** Connects to a.example; both questions are on their way. */
function begin(): Race {
  hold();
  resolver.setServers(ServerSource.STATIC, [IpAddress.ipv4(9, 9, 9, 9)]);
  const race = eyeballs.connect("a.example", 80, finder)!;
  expect(happened()).toBe("AAAA a.example to 9.9.9.9; A a.example to 9.9.9.9");
  return race;
}

/** The answer about IPv4 with addresses from 10.0.0.1 on; and what follows in that step. */
function four(count: i32): string {
  const message = Reply.to(network.sockets[1]);
  for (let last = 1; last <= count; last++) message.a("a.example", <u8>last);
  network.deliver(network.sockets[1], message);
  return advance(0);
}

/** The same about IPv6, from 2001:db8::1 on. */
function six(count: i32): string {
  const message = Reply.to(network.sockets[0]);
  for (let last = 1; last <= count; last++) message.aaaa("a.example", <u8>last);
  network.deliver(network.sockets[0], message);
  return advance(0);
}

function wait(milliseconds: i64): string {
  return advance(milliseconds * MILLISECOND);
}

describe("happy eyeballs", () => {
  test("IPv6 first: begins at once, and wins", () => {
    begin();
    expect(six(1)).toBe(`connect ${SIX}1 80`);
    expect(four(1)).toBe("");
    tcp.last().accept();
    expect(happened()).toBe(`connected ${SIX}1`);
    expect(timersPending()).toBe(0);
    expect(eyeballs.races).toBe(0);
    expect(wait(60_000)).toBe("");
  });

  test("IPv4 first: waits 50 ms for IPv6", () => {
    begin();
    expect(four(1)).toBe("");
    expect(wait(49)).toBe("");
    expect(six(1)).toBe(`connect ${SIX}1 80`);
    expect(wait(249)).toBe("");
    expect(wait(1)).toBe("connect 10.0.0.1 80");
  });

  test("IPv4 first, nothing about IPv6: begins after 50 ms", () => {
    begin();
    four(2);
    expect(wait(50)).toBe("connect 10.0.0.1 80");
    // What comes then is tried next, at its time.
    expect(wait(100)).toBe("");
    expect(six(1)).toBe("");
    expect(wait(150)).toBe(`connect ${SIX}1 80`);
    expect(wait(250)).toBe("connect 10.0.0.2 80");
  });

  test("late addresses, after all others were begun: 250 ms after the last", () => {
    begin();
    four(1);
    expect(wait(50)).toBe("connect 10.0.0.1 80");
    wait(200);
    expect(six(1)).toBe("");
    expect(wait(50)).toBe(`connect ${SIX}1 80`);
  });

  test("no IPv6: IPv4 at once", () => {
    begin();
    four(1);
    expect(six(0)).toBe("connect 10.0.0.1 80");
  });

  test("families take turns, 250 ms apart; the first that connects wins, the others end", () => {
    begin();
    four(3);
    expect(six(2)).toBe(`connect ${SIX}1 80`);
    expect(wait(250)).toBe("connect 10.0.0.1 80");
    expect(wait(250)).toBe(`connect ${SIX}2 80`);
    expect(wait(250)).toBe("connect 10.0.0.2 80");
    expect(wait(250)).toBe("connect 10.0.0.3 80");
    expect(wait(5000)).toBe("");
    tcp.all[3].accept();
    expect(happened()).toBe(
      `abort ${SIX}1; abort 10.0.0.1; abort ${SIX}2; abort 10.0.0.3; connected 10.0.0.2`,
    );
    // What the losers still say is of no account.
    tcp.all[0].end(REFUSED);
    tcp.all[1].accept();
    expect(wait(60_000)).toBe("");
  });

  test("an attempt that fails: the next at once", () => {
    begin();
    four(2);
    six(1);
    tcp.last().end(REFUSED);
    expect(happened()).toBe("connect 10.0.0.1 80");
    tcp.last().end(REFUSED);
    expect(happened()).toBe("connect 10.0.0.2 80");
    expect(wait(250)).toBe("");
    tcp.last().end(UNREACHABLE);
    expect(happened()).toBe("error -34");
    expect(timersPending()).toBe(0);
  });

  test("all that was known has failed: waits for the other answer", () => {
    begin();
    six(1);
    tcp.last().end(REFUSED);
    expect(happened()).toBe("");
    expect(four(1)).toBe("connect 10.0.0.1 80");
    tcp.last().end(REFUSED);
    expect(happened()).toBe("error -32");
  });

  test("no address at all", () => {
    begin();
    expect(four(0)).toBe("");
    expect(six(0)).toBe("error -39");
    expect(eyeballs.races).toBe(0);
  });

  test("one name server error is worth more than half a name", () => {
    begin();
    four(0);
    wait(1000);
    wait(2000);
    expect(wait(4000)).toBe("error -17");
  });

  test("at most eight attempts", () => {
    begin();
    four(8);
    six(8);
    for (let attempt = 2; attempt <= 8; attempt++)
      expect(wait(250).startsWith("connect")).toBe(true);
    expect(wait(250)).toBe("");
    for (let attempt = 0; attempt < 7; attempt++) {
      tcp.all[attempt].end(REFUSED);
      expect(happened()).toBe("");
    }
    tcp.all[7].end(REFUSED);
    expect(happened()).toBe("error -32");
  });

  test("TCP has no connection or no route to give", () => {
    begin();
    tcp.refuses = true;
    four(3);
    // The other lookup may still bring something.
    expect(wait(50)).toBe("");
    expect(six(8)).toBe("error -35");
  });

  test("ends after 30 s", () => {
    begin();
    six(0);
    four(1);
    expect(wait(29_999)).toBe("");
    expect(wait(1)).toBe("abort 10.0.0.1; error -17");
  });

  test("cancel: nothing is left of it", () => {
    const race = begin();
    four(1);
    wait(50);
    happened();
    race.cancel();
    expect(happened()).toBe("abort 10.0.0.1");
    race.cancel();
    expect(network.open).toBe(0);
    expect(resolver.lookups).toBe(0);
    expect(eyeballs.races).toBe(0);
    expect(timersPending()).toBe(0);
    expect(wait(60_000)).toBe("");
  });

  test("an address in numbers", () => {
    hold();
    eyeballs.connect("10.1.1.1", 443, finder);
    expect(advance(0)).toBe("connect 10.1.1.1 443");
    eyeballs.connect("2001:db8::7", 443, finder);
    expect(advance(0)).toBe(`connect ${SIX}7 443`);
  });

  test("a stack of one version does not wait for the other", () => {
    hold();
    resolver.hasIpv6 = false;
    eyeballs.connect("localhost", 443, finder);
    expect(advance(0)).toBe("connect 127.0.0.1 443");
  });

  test("limits: of races, of lookups", () => {
    hold();
    for (let count = 0; count < 16; count++)
      expect(eyeballs.connect("10.1.1.1", 1, finder)).not.toBeNull();
    expect(eyeballs.connect("10.1.1.1", 1, finder)).toBeNull();
    expect(eyeballs.lastError).toBe(EXHAUSTED);
    advance(0);
    expect(eyeballs.races).toBe(16);
    for (let count = 0; count < 16; count++) tcp.all[count].end(REFUSED);
    expect(eyeballs.races).toBe(0);
    for (let count = 0; count < 64; count++)
      resolver.resolve("10.1.1.1", Family.IPV4, new Nobody());
    expect(eyeballs.connect("10.1.1.1", 1, finder)).toBeNull();
    expect(eyeballs.races).toBe(0);
  });
});
