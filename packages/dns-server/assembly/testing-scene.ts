/** For tests: a secondary of example.net whose network and time are the case's. One scene a case. */
import { Endpoint, IpAddress, SECOND } from "@phantasm/interfaces";
import {
  MessageReader,
  MessageWriter,
  NAME_BUFFER_BYTES,
  nameOfText,
  u32At,
} from "@phantasm/dns/wire";
import { expect } from "@phantasm/testing";
import { NothingKept } from "./kept";
import { Responder } from "./responder";
import { ZoneListener } from "./secondary";
import { SecondaryZones } from "./secondary-zones";
import { TestClock, TestConnection } from "./testing";
import { Counting, PrimaryMessage, TestLog, TestStack, arrive } from "./testing-secondary";
import { TEST_ZONES, TEST_ZONES_BYTES } from "./testing-zones";
import { Zones } from "./zone-data";
import { ServedZone, ZoneSet } from "./zone-set";

export const ZONE = "example.net";
export const SOA: i32 = 6;
export const IXFR: i32 = 251;
export const AXFR: i32 = 252;
export const FIRST = new Endpoint(IpAddress.ipv4(192, 0, 2, 1), 53);
export const SECOND_ONE = new Endpoint(IpAddress.ipv4(192, 0, 2, 2), 5353);
export const STRANGER = new Endpoint(IpAddress.ipv4(192, 0, 2, 3), 53);
export const RECORDS_MAX: i32 = 200;

export class Listener implements ZoneListener {
  changes: i32 = 0;
  onZones(zone: ServedZone, zones: Zones): void {
    this.changes++;
  }
}

export const clock = new TestClock();
export const stack = new TestStack();
export const log = new TestLog();
export const listener = new Listener();
export const set = new ZoneSet(new Zones(TEST_ZONES, TEST_ZONES_BYTES));
export const responder = new Responder(set);
export const secondary = new SecondaryZones(
  stack,
  new Counting(),
  clock,
  log,
  "example.net=192.0.2.1,192.0.2.2#5353",
  "",
  1,
  1 << 20,
  RECORDS_MAX,
  new NothingKept(),
);
responder.secondary = secondary;
export const counters = secondary.counters;

export function begin(): void {
  secondary.start(set, listener);
  clock.advance(1);
}

/** Steps in which nothing much passes. */
export function steps(): void {
  for (let i = 0; i < 30; i++) clock.advance(1, 1);
}

export const output: usize = heap.alloc(4096);
export const reader = new MessageReader();

export function query(name: string, type: i32, flags: i32 = 0): Uint8Array {
  const writer = new MessageWriter();
  const wire = heap.alloc(NAME_BUFFER_BYTES);
  const bytes = new Uint8Array(512);
  writer.begin(bytes.dataStart, 512, 7, flags);
  writer.question(wire, nameOfText(name, wire), type, 1);
  return bytes.slice(0, writer.bytes);
}

/** Response code and number of answers. */
export function ask(name: string, type: i32 = 1): string {
  const bytes = query(name, type);
  const length = responder.respond(bytes.dataStart, bytes.length, output, 4096, true, 0, 1);
  reader.begin(output, length);
  return `${reader.rcode}:${reader.answers}`;
}

export function notify(name: string, from: Endpoint): i32 {
  const bytes = query(name, SOA, 0x2400);
  const address = from.address;
  responder.respond(bytes.dataStart, bytes.length, output, 512, false, address.high, address.low);
  reader.begin(output, 512);
  return reader.rcode;
}

/** The id of the newest question over UDP. */
export function askedId(): i32 {
  const sent = stack.asked.sent;
  const question = sent[sent.length - 1];
  return ((<i32>question[0]) << 8) | (<i32>question[1]);
}

export function tellSerial(serial: u32, from: Endpoint = FIRST): void {
  arrive(stack.asked, new PrimaryMessage(askedId(), SOA, ZONE).soa(ZONE, serial).message, from);
}

/** The id of the newest request over TCP, once it is sent. */
export function requestId(type: i32): i32 {
  const connection = stack.transfer;
  connection.handler!.onConnected(connection);
  const sent = connection.sent;
  // Behind the name of 13 bytes.
  expect(sent[2 + 12 + 13 + 1]).toBe(<u8>type);
  return ((<i32>sent[2]) << 8) | (<i32>sent[3]);
}

export function message(id: i32, type: i32 = AXFR): PrimaryMessage {
  return new PrimaryMessage(id, type, ZONE);
}

/** The zone with an address of `www`, in one message. */
export function whole(id: i32, serial: u32, type: i32 = AXFR): PrimaryMessage {
  return message(id, type)
    .soa(ZONE, serial)
    .a("ns.example.net", 1)
    .a("www.example.net", <u8>serial)
    .soa(ZONE, serial);
}

/** Until the zone is there. */
export function loaded(serial: u32): void {
  begin();
  tellSerial(serial);
  stack.transfer.receive(whole(requestId(AXFR), serial).framed);
  steps();
  expect(ask("www.example.net")).toBe("0:1");
}

/** The primary says that there is something new, and sends what the case likes. Returns the id of the request. */
export function change(serial: u32, type: i32 = IXFR): i32 {
  clock.advance(2 * SECOND);
  expect(notify(ZONE, FIRST)).toBe(0);
  clock.advance(2 * SECOND);
  tellSerial(serial);
  return requestId(type);
}

/** The version that is served; negative: none. */
export function serial(): i64 {
  const bytes = query(ZONE, SOA);
  const length = responder.respond(bytes.dataStart, bytes.length, output, 4096, true, 0, 1);
  reader.begin(output, length);
  if (reader.rcode != 0) return -1;
  reader.question();
  reader.record();
  return <i64>u32At(output + <usize>(reader.at - 20));
}

/** As soon as something is wrong with a transfer: the old version is served, and the second primary asked. */
export function refused(connection: TestConnection, old: i64): void {
  expect(connection.isAborted).toBe(true);
  clock.advance(SECOND / 5);
  expect(serial()).toBe(old);
  expect(stack.asked.remotes[stack.asked.remotes.length - 1].toString()).toBe("192.0.2.2:5353");
}

/** A version of 5 is served, and 6 is asked for as a whole. */
export function asked(): i32 {
  loaded(5);
  const id = change(6);
  stack.transfer.receive(new PrimaryMessage(id, IXFR, ZONE, 0x8005).framed);
  return requestId(AXFR);
}
