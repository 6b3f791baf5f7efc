/** Transcripts: the case is every name server. Times are in seconds. */
import {
  EXHAUSTED,
  Endpoint,
  Errno,
  IpAddress,
  NO_ROUTE,
  REFUSED,
  SECOND,
  UNREACHABLE,
} from "@phantasm/interfaces";
import { describe, expect, expectExit, test } from "@phantasm/testing";
import { hold, release } from "@phantasm/runtime";
import { timersPending } from "@phantasm/runtime/timers";
import { Family, Lookup } from "./lookup";
import { Resolver, ResolverLimits } from "./resolver";
import { ServerSource } from "./servers";
import { Dice, Finder, Network, Reply, advance, happened, note } from "./testing";

const network = new Network();
const limits = new ResolverLimits();
limits.questions = 4;
limits.lookups = 6;
const resolver = new Resolver(network, new Dice(), limits);
const finder = new Finder();

const FIRST = IpAddress.ipv4(10, 0, 0, 1);
const SECOND_SERVER = IpAddress.ipv4(10, 0, 0, 2);

function servers(count: i32): void {
  hold();
  const list: IpAddress[] = [FIRST, SECOND_SERVER];
  resolver.setServers(ServerSource.STATIC, list.slice(0, count));
}

function ask(name: string, family: Family = Family.IPV4): Lookup | null {
  return resolver.resolve(name, family, finder);
}

/** Lookup of an IPv4 address; what happened until the end of the step. */
function look(name: string): string {
  ask(name);
  return advance(0);
}

/** The last question is answered, and the step ends. */
function reply(message: Reply): string {
  const first = network.deliver(network.last(), message);
  const then = advance(0);
  return first.length > 0 && then.length > 0 ? first + "; " + then : first + then;
}

function now(): Reply {
  return Reply.to(network.last());
}

describe("a lookup", () => {
  test("one question, one answer", () => {
    servers(1);
    expect(look("www.example.com")).toBe("A www.example.com to 10.0.0.1");
    expect(reply(now().a("www.example.com", 7))).toBe("www.example.com: 10.0.0.7");
    expect(network.open).toBe(0);
    expect(timersPending()).toBe(0);
    expect(resolver.lookups).toBe(0);
    expect(resolver.counters.answers).toBe(1);
  });

  test("the handler is never called inside resolve", () => {
    servers(1);
    ask("10.1.2.3");
    ask("localhost");
    ask("not a name");
    expect(happened()).toBe("");
    expect(advance(0)).toBe("10.1.2.3: 10.1.2.3; localhost: 127.0.0.1; not a name: error -39");
  });

  test("both families: AAAA is asked first, and their addresses take turns", () => {
    servers(1);
    ask("Example.com", Family.ANY);
    expect(happened()).toBe("AAAA example.com to 10.0.0.1; A example.com to 10.0.0.1");
    network.deliver(network.last(), now().a("example.com", 1).a("example.com", 2));
    expect(advance(0)).toBe("");
    network.deliver(network.last(1), Reply.to(network.last(1)).aaaa("example.com", 9));
    expect(advance(0)).toBe("Example.com: 2001:db8::9 10.0.0.1 10.0.0.2");
  });

  test("both families, one does not exist or does not answer", () => {
    servers(1);
    ask("a.example", Family.ANY);
    happened();
    network.deliver(network.last(1), Reply.to(network.last(1)).soa("example", 60, 60));
    expect(reply(now().a("a.example", 1))).toBe("a.example: 10.0.0.1");
    ask("b.example", Family.ANY);
    network.deliver(network.last(1), Reply.to(network.last(1)).soa("example", 60, 60));
    network.deliver(network.last(), now().soa("example", 60, 60));
    happened();
    expect(advance(0)).toBe("b.example: error -39");
    ask("c.example", Family.ANY);
    network.deliver(network.last(1), Reply.to(network.last(1)).soa("example", 60, 60));
    happened();
    advance(SECOND);
    advance(2 * SECOND);
    expect(advance(4 * SECOND)).toBe("c.example: error -17");
  });

  test("a stack of one version asks for that only", () => {
    servers(1);
    resolver.hasIpv6 = false;
    ask("example.com", Family.ANY);
    expect(happened()).toBe("A example.com to 10.0.0.1");
    resolver.hasIpv4 = false;
    ask("example.org", Family.ANY);
    expect(advance(0)).toBe("example.org: error -39");
  });

  test("numbers and names of the configuration, by family", () => {
    servers(1);
    resolver.addHost("Printer.lan", IpAddress.ipv4(10, 0, 0, 9));
    resolver.addHost("printer.LAN.", new IpAddress(1, 2));
    expect(resolver.addHost("no name", FIRST)).toBe(false);
    ask("printer.lan", Family.ANY);
    ask("printer.lan", Family.IPV4);
    ask("::1", Family.IPV4);
    ask("::1", Family.ANY);
    ask("a.localhost", Family.IPV6);
    expect(advance(0)).toBe(
      "printer.lan: ::1:0:0:0:2 10.0.0.9; printer.lan: 10.0.0.9; ::1: error -39; ::1: ::1; a.localhost: ::1",
    );
    expect(resolver.counters.queries).toBe(0);
  });
});

describe("trying again", () => {
  test("one server: after 1 s, 2 s and 4 s, each time from another port with another id", () => {
    servers(1);
    look("a.example");
    const first = network.last();
    expect(advance(SECOND - 1)).toBe("");
    expect(advance(1)).toBe("A a.example to 10.0.0.1");
    const second = network.last();
    expect(first.localPort != second.localPort).toBe(true);
    expect(first.query[1] != second.query[1]).toBe(true);
    expect(network.deliver(first, Reply.to(first).a("a.example", 1))).toBe("closed");
    expect(advance(2 * SECOND)).toBe("A a.example to 10.0.0.1");
    expect(advance(4 * SECOND)).toBe("a.example: error -17");
    expect(network.open).toBe(0);
    expect(resolver.counters.timeouts).toBe(3);
  });

  test("two servers take turns; who has answered is asked first next time", () => {
    servers(2);
    expect(look("a.example")).toBe("A a.example to 10.0.0.1");
    expect(advance(SECOND)).toBe("A a.example to 10.0.0.2");
    expect(advance(SECOND)).toBe("A a.example to 10.0.0.1");
    expect(advance(2 * SECOND)).toBe("A a.example to 10.0.0.2");
    expect(reply(now().a("a.example", 1))).toBe("a.example: 10.0.0.1");
    expect(look("b.example")).toBe("A b.example to 10.0.0.2");
  });

  test("no try begins after 15 s", () => {
    const list: IpAddress[] = [];
    for (let i = 1; i <= 9; i++) list.push(IpAddress.ipv4(10, 0, 0, <u8>i));
    hold();
    resolver.setServers(ServerSource.STATIC, list);
    look("a.example");
    for (let tries = 2; tries <= 4; tries++)
      expect(advance(SECOND)).toBe(`A a.example to 10.0.0.${tries}`);
    advance(SECOND);
    for (let i = 0; i < 4; i++) expect(advance(2 * SECOND).startsWith("A a.example to")).toBe(true);
    expect(advance(3 * SECOND)).toBe("");
    expect(advance(SECOND)).toBe("a.example: error -17");
  });

  test("a server that fails: the next, at once; it is not asked again", () => {
    servers(2);
    for (const flags of [0x8182, 0x8185, 0x8189]) {
      resolver.preferred = 0;
      expect(look("a.example")).toBe("A a.example to 10.0.0.1");
      expect(reply(Reply.to(network.last(), flags))).toBe("A a.example to 10.0.0.2");
      expect(advance(SECOND)).toBe("A a.example to 10.0.0.2");
      expect(reply(Reply.to(network.last(), flags))).toBe("a.example: error -40");
    }
  });

  test("a server that has failed is asked again if the list changes", () => {
    servers(1);
    look("a.example");
    servers(2);
    // That answer is of the old list.
    expect(reply(Reply.to(network.last(), 0x8182))).toBe("A a.example to 10.0.0.2");
    expect(advance(SECOND)).toBe("A a.example to 10.0.0.1");
  });

  test("a server that is not there: the next, at once", () => {
    servers(2);
    look("a.example");
    const socket = network.last();
    socket.handler.onDatagramError(socket, new Endpoint(SECOND_SERVER, 53), REFUSED);
    expect(happened()).toBe("");
    socket.handler.onDatagramError(socket, new Endpoint(FIRST, 53), REFUSED);
    expect(happened()).toBe("A a.example to 10.0.0.2");
    expect(advance(SECOND)).toBe("A a.example to 10.0.0.2");
    const other = network.last();
    other.handler.onDatagramError(other, new Endpoint(SECOND_SERVER, 53), UNREACHABLE);
    // It may be reached again, the first not.
    expect(advance(0)).toBe("A a.example to 10.0.0.2");
  });

  test("no way to any: at once", () => {
    servers(2);
    network.result = NO_ROUTE;
    expect(look("a.example")).toBe("a.example: error -35");
    expect(network.open).toBe(0);
  });

  test("a full link loses the query: the next after the usual time", () => {
    servers(1);
    network.result = Errno.AGAIN;
    expect(look("a.example")).toBe("");
    network.result = 0;
    expect(advance(SECOND)).toBe("A a.example to 10.0.0.1");
  });

  test("a server that knows no EDNS is asked without (RFC 6891 §7)", () => {
    for (const flags of [0x8181, 0x8184]) {
      servers(1);
      look("a.example");
      expect(reply(Reply.to(network.last(), flags))).toBe("A a.example plain to 10.0.0.1");
      expect(advance(SECOND)).toBe("A a.example plain to 10.0.0.1");
      expect(reply(now().a("a.example", 1, 0))).toBe("a.example: 10.0.0.1");
    }
    look("b.example");
    expect(reply(now().opt(1))).toBe("A b.example plain to 10.0.0.1");
    // Without EDNS it is a failure like others.
    expect(reply(Reply.to(network.last(), 0x8181))).toBe("b.example: error -40");
  });
});

describe("before there are servers", () => {
  test("questions wait for them", () => {
    expect(look("a.example")).toBe("");
    advance(14 * SECOND);
    resolver.setServers(ServerSource.DHCP, [FIRST]);
    expect(happened()).toBe("A a.example to 10.0.0.1");
    hold(); // as the socket would
    advance(SECOND);
    expect(advance(2 * SECOND)).toBe("A a.example to 10.0.0.1");
    expect(reply(now().a("a.example", 1))).toBe("a.example: 10.0.0.1");
    release();
    expectExit(() => {
      advance(0);
    }, 0);
  });

  test("for 15 s", () => {
    expect(look("a.example")).toBe("");
    hold();
    expect(advance(15 * SECOND)).toBe("a.example: error -35");
  });

  test("the last server goes while a question is on its way", () => {
    servers(1);
    look("a.example");
    resolver.setServers(ServerSource.STATIC, []);
    expect(advance(SECOND)).toBe("");
    servers(1);
    expect(happened()).toBe("A a.example to 10.0.0.1");
  });
});

describe("an answer is refused that", () => {
  test("comes from another address, another port, with another id", () => {
    servers(1);
    look("a.example");
    const socket = network.last();
    const right = now().a("a.example", 6);
    expect(network.deliver(socket, right, SECOND_SERVER)).toBe("");
    expect(network.deliver(socket, right, FIRST, 5353)).toBe("");
    right.bytes[0] ^= 1;
    network.deliver(socket, right);
    right.bytes[0] ^= 1;
    expect(advance(0)).toBe("");
    expect(resolver.counters.strange).toBe(3);
    expect(reply(right)).toBe("a.example: 10.0.0.6");
  });

  test("answers another question", () => {
    servers(1);
    look("a.example");
    const socket = network.last();
    const other = socket.query.slice(0);
    other[13] = 0x62; // b.example
    network.deliver(socket, new Reply(other).a("a.example", 6));
    other[13] = 0x61;
    other[12 + 12] = 28; // AAAA
    network.deliver(socket, new Reply(other).a("a.example", 6));
    other[12 + 12] = 1;
    other[12 + 14] = 3; // CHAOS
    network.deliver(socket, new Reply(other).a("a.example", 6));
    network.deliver(socket, Reply.to(socket, 0x0180).a("a.example", 6)); // a query
    network.deliver(socket, Reply.to(socket, 0xa980).a("a.example", 6)); // a notification
    const twice = Reply.to(socket).a("a.example", 6);
    twice.bytes[5] = 2;
    network.deliver(socket, twice);
    twice.bytes[5] = 0;
    network.deliver(socket, twice);
    expect(advance(0)).toBe("");
    expect(resolver.counters.strange).toBe(7);
    expect(reply(Reply.to(socket).a("A.EXAMPLE", 6))).toBe("a.example: 10.0.0.6");
  });

  test("has records of other names only", () => {
    servers(1);
    look("a.example");
    const message = now().a("b.example", 6).alias("b.example", "a.example").soa("example", 9, 9);
    expect(reply(message)).toBe("a.example: error -39");
    expect(look("b.example")).toBe("A b.example to 10.0.0.1");
  });

  test("carries more than was asked: nothing of it is kept", () => {
    servers(1);
    look("a.example");
    const message = now().a("a.example", 6).a("bank.example", 66);
    message.raw(1, "example", 2, [0]).raw(2, "bank.example", 1, [10, 0, 0, 66]);
    expect(reply(message)).toBe("a.example: 10.0.0.6");
    expect(look("bank.example")).toBe("A bank.example to 10.0.0.1");
  });

  test("does not repeat the letters' case, where that is asked for", () => {
    servers(1);
    resolver.randomCase = true;
    const sent = look("www.a-long-name.example");
    expect(sent.toUpperCase() != sent && sent.indexOf("www.a-long-name.example") < 0).toBe(true);
    const lower = network.last().query.slice(0);
    for (let at = 12; at < 37; at++) if (lower[at] > 0x40 && lower[at] < 0x5b) lower[at] |= 0x20;
    network.deliver(network.last(), new Reply(lower).a("www.a-long-name.example", 6));
    expect(advance(0)).toBe("");
    expect(resolver.counters.strange).toBe(1);
    expect(reply(now().a("www.a-long-name.example", 6))).toBe("www.a-long-name.example: 10.0.0.6");
    expect(look("WWW.a-long-name.example")).toBe("WWW.a-long-name.example: 10.0.0.6");
  });
});

describe("remembering", () => {
  test("for the time to live, in every case of the name", () => {
    servers(1);
    look("a.example");
    reply(now().a("a.example", 6, 30));
    advance(30 * SECOND - 1);
    expect(look("A.Example.")).toBe("A.Example.: 10.0.0.6");
    advance(1);
    expect(look("a.example")).toBe("A a.example to 10.0.0.1");
    expect(resolver.cache.hits).toBe(1);
  });

  test("a time to live of 0 is for once", () => {
    servers(1);
    look("a.example");
    expect(reply(now().a("a.example", 6, 0))).toBe("a.example: 10.0.0.6");
    expect(look("a.example")).toBe("A a.example to 10.0.0.1");
  });

  test("what there is not, as long as the SOA says (RFC 2308 §5)", () => {
    servers(1);
    look("a.example");
    expect(reply(Reply.to(network.last(), 0x8183).soa("example", 50, 20))).toBe(
      "a.example: error -39",
    );
    advance(20 * SECOND - 1);
    expect(look("a.example")).toBe("a.example: error -39");
    advance(1);
    expect(look("a.example")).toBe("A a.example to 10.0.0.1");
    expect(reply(Reply.to(network.last(), 0x8183))).toBe("a.example: error -39");
    // Without a SOA it is not remembered.
    expect(look("a.example")).toBe("A a.example to 10.0.0.1");
  });

  test("families apart", () => {
    servers(1);
    look("a.example");
    reply(now().soa("example", 50, 20));
    ask("a.example", Family.IPV6);
    expect(happened()).toBe("AAAA a.example to 10.0.0.1");
  });
});

describe("sharing", () => {
  test("lookups of one name are one question", () => {
    servers(1);
    ask("a.example");
    ask("A.example");
    ask("a.example.");
    expect(happened()).toBe("A a.example to 10.0.0.1");
    const all = reply(now().a("a.example", 6));
    for (const name of ["a.example:", "A.example:", "a.example.:"])
      expect(all.indexOf(name) >= 0).toBe(true);
  });

  test("cancelling: the question ends with its last lookup", () => {
    servers(1);
    const one = ask("a.example")!;
    const two = ask("a.example")!;
    one.cancel();
    one.cancel();
    expect(network.open).toBe(1);
    expect(resolver.lookups).toBe(1);
    two.cancel();
    expect(network.open).toBe(0);
    expect(timersPending()).toBe(0);
    expect(resolver.lookups).toBe(0);
    happened();
    expect(advance(20 * SECOND)).toBe("");
  });

  test("cancelling after the answer, before the handler was told", () => {
    servers(1);
    const one = ask("a.example")!;
    const two = ask("10.1.1.1")!;
    network.deliver(network.last(), now().a("a.example", 6));
    one.cancel();
    two.cancel();
    happened();
    expect(advance(0)).toBe("");
    expect(resolver.lookups).toBe(0);
  });

  test("cancelling while servers are waited for lets the domain end", () => {
    ask("a.example")!.cancel();
    expectExit(() => {
      advance(0);
    }, 0);
  });
});

describe("limits", () => {
  test("of questions", () => {
    servers(1);
    for (let i = 0; i < 4; i++) ask(`${i}.example`);
    happened();
    expect(look("4.example")).toBe("4.example: error -19");
    expect(look("3.example")).toBe("");
    expect(resolver.counters.exhausted).toBe(1);
    reply(now().a("3.example", 1));
    expect(look("4.example")).toBe("A 4.example to 10.0.0.1");
  });

  test("of lookups", () => {
    servers(1);
    for (let i = 0; i < 6; i++) expect(ask("a.example")).not.toBeNull();
    expect(ask("a.example")).toBeNull();
    expect(resolver.lastError).toBe(EXHAUSTED);
    reply(now().a("a.example", 1));
    expect(ask("a.example")).not.toBeNull();
  });

  test("of names of the configuration", () => {
    for (let i = 0; i < 32; i++) expect(resolver.addHost(`${i}`, FIRST)).toBe(true);
    expect(resolver.addHost("32", FIRST)).toBe(false);
    hold();
    expect(look("31")).toBe("31: 10.0.0.1");
  });

  test("of sockets", () => {
    servers(2);
    network.openMax = 0;
    expect(look("a.example")).toBe("a.example: error -19");
  });

  test("of servers; sources take turns, the configuration comes first", () => {
    hold();
    const far = new IpAddress(0x20010db800000000, 1);
    resolver.setServers(ServerSource.DHCP, [FIRST, SECOND_SERVER, FIRST]);
    resolver.setServers(ServerSource.ADVERTISED, [far, FIRST]);
    const list = resolver.servers;
    expect(list.count).toBe(3);
    expect(list.at(0).equals(FIRST)).toBe(true);
    expect(list.at(1).equals(far)).toBe(true);
    expect(list.at(2).equals(SECOND_SERVER)).toBe(true);
    resolver.setServers(ServerSource.STATIC, [SECOND_SERVER]);
    expect(list.count).toBe(1);
    resolver.setServers(ServerSource.STATIC, []);
    expect(list.count).toBe(3);
    note("");
  });
});
