/**
 * A resolver in a network that loses, repeats, delays and forges: every lookup ends once, with the right addresses or
 * an error, and nothing is left over.
 */
import { Endpoint, IpAddress, MILLISECOND, REFUSED, RESET, SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { hold } from "@phantasm/runtime";
import { timersPending } from "@phantasm/runtime/timers";
import { Family, Lookup, LookupHandler } from "./lookup";
import { Resolver, ResolverLimits } from "./resolver";
import { ServerSource } from "./servers";
import { TcpAnswers } from "./tcp-answers";
import { Dice, Network, Reply, Socket, advance, happened } from "./testing";
import { Connection, Connections } from "./testing-tcp";

const SEEDS: u32 = 150;
const STEPS: i32 = 300;
const NAMES: i32 = 12;

let seed: u32 = 0;

function dice(sides: u32): u32 {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed % sides;
}

/** Name `n` has the address 10.0.0.n+1 and 2001:db8::n+1, but every fourth does not exist. */
class Checker implements LookupHandler {
  ended: i32 = 0;
  found: i32 = 0;

  onResolved(lookup: Lookup): void {
    this.ended++;
    const number = lookup.tag;
    expect(lookup.isOver).toBe(true);
    if (lookup.error != 0) {
      expect(lookup.addresses.length).toBe(0);
      return;
    }
    this.found++;
    expect(number % 4 != 3).toBe(true);
    expect(lookup.addresses.length > 0).toBe(true);
    for (const address of lookup.addresses) expect(<i32>(address.low & 255)).toBe(number + 1);
  }
}

function nameOf(number: i32): string {
  return `n${number}.example`;
}

/** The number of the name that a query asks for, and whether it asks for IPv6. */
function numberIn(query: Uint8Array): i32 {
  let number = 0;
  for (let at = 14; query[at] >= 0x30 && query[at] <= 0x39; at++)
    number = number * 10 + query[at] - 0x30;
  return number;
}

function isAaaa(query: Uint8Array): bool {
  let at = 12;
  while (query[at] != 0) at += 1 + query[at];
  return query[at + 2] == 28;
}

/** What a server answers, truthfully, or that it cannot. */
function answer(query: Uint8Array, isLong: bool): Reply {
  const number = numberIn(query);
  const name = nameOf(number);
  if (dice(12) == 0) return new Reply(query, 0x8182);
  const flags = isLong || dice(6) != 0 ? 0x8180 : 0x8380;
  if (number % 4 == 3) return new Reply(query, flags | 3).soa("example", 30, 30);
  const reply = new Reply(query, flags);
  const owner = dice(3) == 0 ? `alias${number}.example` : name;
  if (owner != name) reply.alias(name, owner, dice(100));
  if (isAaaa(query)) return reply.aaaa(owner, <u8>(number + 1), dice(100));
  return reply.a(owner, <u8>(number + 1), dice(100));
}

/** The same, and wrong where it can be noticed. */
function forgery(query: Uint8Array): Reply {
  const reply = new Reply(query).a(nameOf(numberIn(query)), 99).aaaa("n0.example", 99);
  const at = [0, 1, 2, 14, 13][dice(5)];
  reply.bytes[at] ^= at == 2 ? 0x80 : 0x01;
  return reply;
}

/** Something happens at an open socket. */
function onSocket(socket: Socket): void {
  const kind = dice(10);
  if (kind < 4) network.deliver(socket, answer(socket.query, false));
  else if (kind < 6) network.deliver(socket, forgery(socket.query));
  else if (kind == 6) network.deliver(socket, answer(socket.query, false), new IpAddress(1, 1));
  else if (kind == 7)
    socket.handler.onDatagramError(socket, new Endpoint(socket.remote!.address, 53), REFUSED);
}

function onConnection(connection: Connection): void {
  const kind = dice(6);
  if (kind == 0) connection.end(RESET);
  else if (kind == 1) connection.finish();
  else if (connection.written.length == 0) connection.accept();
  else {
    const query = new Uint8Array(connection.written.length - 2);
    for (let at = 0; at < query.length; at++) query[at] = connection.written[at + 2];
    const reply = answer(query, true);
    const bytes: u8[] = [<u8>(reply.length >> 8), <u8>reply.length];
    for (let at = 0; at < reply.length; at++) bytes.push(reply.bytes[at]);
    connection.arrive(bytes);
  }
}

function servers(): IpAddress[] {
  const list: IpAddress[] = [];
  for (let count = dice(4); count > 0; count--) list.push(IpAddress.ipv4(9, 9, 9, <u8>count));
  return list;
}

// Global, since the collector runs.
let network: Network = new Network();
let tcp: Connections = new Connections();
let resolver: Resolver = new Resolver(network, new Dice());
let checker: Checker = new Checker();
let lookups: Lookup[] = [];

function begin(): void {
  network = new Network();
  network.openMax = 7;
  tcp = new Connections();
  const limits = new ResolverLimits();
  limits.questions = 6;
  limits.lookups = 10;
  limits.cacheEntries = 8;
  resolver = new Resolver(network, new Dice(), limits);
  if (dice(2) == 0) resolver.longAnswers = new TcpAnswers(tcp);
  checker = new Checker();
  lookups = [];
}

/** Lookups that were found. */
function run(): i32 {
  begin();
  let begun = 0;
  let cancelled = 0;
  for (let step = 0; step < STEPS; step++) {
    const kind = dice(12);
    if (kind < 4) {
      const number = dice(NAMES);
      const lookup = resolver.resolve(nameOf(number), <Family>dice(3), checker);
      if (lookup !== null) {
        lookup.tag = number;
        begun++;
        lookups.push(lookup);
      }
    } else if (kind == 4 && lookups.length > 0) {
      const lookup = lookups[dice(lookups.length)];
      if (!lookup.isOver) cancelled++;
      lookup.cancel();
    } else if (kind == 5 && dice(4) == 0) resolver.setServers(ServerSource.DHCP, servers());
    else if (kind < 10 && network.sockets.length > 0) {
      const socket = network.last(dice(min(8, network.sockets.length)));
      if (socket.isOpen) onSocket(socket);
    } else if (tcp.all.length > 0) {
      const connection = tcp.last(dice(min(4, tcp.all.length)));
      if (!connection.isOver) onConnection(connection);
    }
    happened();
    if (dice(2) == 0) advance(<i64>dice(4) * (dice(9) == 0 ? SECOND : MILLISECOND));
    expect(network.open <= 6 && resolver.lookups <= 10).toBe(true);
  }
  // Nobody answers any more.
  for (let seconds = 0; seconds < 60; seconds++) advance(SECOND);
  expect(checker.ended).toBe(begun - cancelled);
  expect(resolver.lookups).toBe(0);
  expect(network.open).toBe(0);
  for (const connection of tcp.all) expect(connection.isOver).toBe(true);
  expect(timersPending()).toBe(0);
  return checker.found;
}

test("150 networks", () => {
  hold();
  let found = 0;
  for (let one: u32 = 1; one <= SEEDS; one++) {
    seed = one * 0x9e3779b9;
    found += run();
  }
  // Or else the network is too bad to say anything.
  expect(found).toBeGreaterThan(3000);
});
