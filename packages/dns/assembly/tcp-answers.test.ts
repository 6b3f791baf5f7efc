import { IpAddress, RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { hold } from "@phantasm/runtime";
import { timersPending } from "@phantasm/runtime/timers";
import { Family, Lookup } from "./lookup";
import { Resolver } from "./resolver";
import { ServerSource } from "./servers";
import { LONG_ANSWER_BYTES_MAX, TcpAnswers } from "./tcp-answers";
import { Dice, Finder, Network, Reply, advance, happened } from "./testing";
import { Connections } from "./testing-tcp";

const network = new Network();
const tcp = new Connections();
const resolver = new Resolver(network, new Dice());
const answers = new TcpAnswers(tcp);
const finder = new Finder();

function ask(name: string): Lookup {
  return resolver.resolve(name, Family.IPV4, finder)!;
}

/** A question whose answer over UDP was truncated; what happened then. */
function begin(name: string = "a.example"): string {
  hold();
  resolver.longAnswers = answers;
  resolver.setServers(ServerSource.STATIC, [
    IpAddress.ipv4(9, 9, 9, 1),
    IpAddress.ipv4(9, 9, 9, 2),
  ]);
  ask(name);
  happened();
  return truncated();
}

function truncated(): string {
  const message = Reply.to(network.last(), 0x8380).a("a.example", 1);
  return network.deliver(network.last(), message) + advance(0);
}

/** What arrives for the query that was written: an answer with many addresses. */
function answer(): u8[] {
  const written = tcp.last().written;
  const query = new Uint8Array(written.length - 2);
  for (let at = 0; at < query.length; at++) query[at] = written[at + 2];
  const message = new Reply(query);
  for (let last = 11; last <= 50; last++) message.a("a.example", <u8>last);
  const bytes: u8[] = [<u8>(message.length >> 8), <u8>message.length];
  for (let at = 0; at < message.length; at++) bytes.push(message.bytes[at]);
  return bytes;
}

const ADDRESSES: string =
  "a.example: 10.0.0.11 10.0.0.12 10.0.0.13 10.0.0.14 10.0.0.15 10.0.0.16 10.0.0.17 10.0.0.18";

describe("an answer that was truncated", () => {
  test("is fetched over TCP from the same server, with another id", () => {
    begin();
    expect(network.open).toBe(0);
    const connection = tcp.last();
    expect(connection.remote.port).toBe(53);
    expect(connection.written.length).toBe(0);
    connection.accept();
    expect(<i32>connection.written[1]).toBe(connection.written.length - 2);
    expect(connection.written[3] != network.last().query[1]).toBe(true);
    connection.arrive(answer());
    expect(happened()).toBe("abort 9.9.9.1");
    expect(advance(0)).toBe(ADDRESSES);
    expect(timersPending()).toBe(0);
    ask("a.example");
    expect(advance(0)).toBe(ADDRESSES);
    expect(resolver.counters.truncated).toBe(1);
  });

  test("byte by byte, both ways", () => {
    begin();
    const connection = tcp.last();
    connection.room = 1;
    connection.accept();
    for (let left = 100; left > 0; left--) connection.drain();
    const bytes = answer();
    for (let at = 0; at < bytes.length; at++) {
      expect(connection.isOver).toBe(false);
      connection.arrive([bytes[at]]);
    }
    happened();
    expect(advance(0)).toBe(ADDRESSES);
  });

  test("without TCP: what did fit, for once", () => {
    begin("b.example");
    resolver.longAnswers = null;
    ask("a.example");
    happened();
    expect(truncated()).toBe("a.example: 10.0.0.1");
    ask("a.example");
    expect(happened()).toBe("A a.example to 9.9.9.1");
  });

  test("no connection is to be had: what did fit", () => {
    tcp.refuses = true;
    expect(begin()).toBe("a.example: 10.0.0.1");
  });

  test("the connection breaks: the next server", () => {
    begin();
    tcp.last().end(RESET);
    expect(happened()).toBe("A a.example to 9.9.9.2");
    expect(truncated()).toBe("connect 9.9.9.2 53");
    tcp.last().end(RESET);
    expect(advance(0)).toBe("a.example: error -40");
  });

  test("it ends early: the next server", () => {
    begin();
    tcp.last().accept();
    tcp.last().arrive([0]);
    tcp.last().finish();
    expect(happened()).toBe("abort 9.9.9.1; A a.example to 9.9.9.2");
  });

  test("an empty message, another id, truncated again: the next server", () => {
    begin();
    tcp.last().accept();
    tcp.last().arrive([0, 0, 1]);
    expect(happened()).toBe("abort 9.9.9.1; A a.example to 9.9.9.2");
    for (let at = 3; at <= 4; at++) {
      ask(`${at}.example`);
      happened();
      truncated();
      tcp.last().accept();
      const wrong = answer();
      wrong[at] ^= 2;
      tcp.last().arrive(wrong);
      expect(happened()).toBe(`abort 9.9.9.1; A ${at}.example to 9.9.9.2`);
    }
  });

  test("longer than it may be: a failure, at once", () => {
    begin();
    tcp.last().accept();
    tcp.last().arrive([<u8>((LONG_ANSWER_BYTES_MAX + 1) >> 8), <u8>(LONG_ANSWER_BYTES_MAX + 1)]);
    expect(happened()).toBe("abort 9.9.9.1; A a.example to 9.9.9.2");
  });

  test("silence: the next server after 5 s", () => {
    begin();
    expect(advance(5 * SECOND - 1)).toBe("");
    expect(advance(1)).toBe("abort 9.9.9.1; A a.example to 9.9.9.2");
  });

  test("four at once; for a fifth, what did fit", () => {
    for (let count = 0; count < 4; count++)
      expect(begin(`${count}.example`)).toBe("connect 9.9.9.1 53");
    expect(begin("a.example")).toBe("a.example: 10.0.0.1");
    tcp.last().accept();
    tcp.last().arrive(answer());
    happened();
    advance(0);
    expect(begin("b.example")).toBe("connect 9.9.9.1 53");
  });

  test("cancelled", () => {
    begin("b.example");
    happened();
    const lookup = ask("a.example");
    truncated();
    lookup.cancel();
    expect(happened()).toBe("abort 9.9.9.1");
    tcp.last().arrive([0, 1]);
    tcp.last().end(RESET);
    expect(timersPending()).toBe(1);
  });
});
