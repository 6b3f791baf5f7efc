/** A secondary and its primaries, in virtual time: what it asks, what it takes, what it refuses. */
import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { endpointsOf } from "./addresses";
import { SECONDARY_LABELS, SecondaryCounters } from "./secondary-counters";
import { PrimaryMessage, arrive } from "./testing-secondary";
import {
  AXFR,
  FIRST,
  IXFR,
  SECOND_ONE,
  SOA,
  STRANGER,
  ZONE,
  ask,
  asked,
  askedId,
  begin,
  change,
  clock,
  counters,
  listener,
  loaded,
  log,
  message,
  notify,
  refused,
  requestId,
  secondary,
  serial,
  stack,
  steps,
  tellSerial,
  whole,
} from "./testing-scene";

test("a word for each counter", () => {
  expect(SECONDARY_LABELS.split(" ").length).toBe(<i32>(offsetof<SecondaryCounters>() >> 3));
});

test("primaries as texts", () => {
  const all = endpointsOf("192.0.2.1,192.0.2.1#5353,[2001:db8::1]:54,2001:db8::1#55");
  let text = "";
  for (let i = 0; i < all.length; i++) text += all[i].toString() + " ";
  expect(text).toBe("192.0.2.1:53 192.0.2.1:5353 [2001:db8::1]:54 [2001:db8::1]:55 ");
});

describe("at the boot", () => {
  test("the zone is asked for, transferred, and answered", () => {
    begin();
    expect(ask("www.example.net")).toBe("2:0");
    expect(stack.asked.remotes[0].toString()).toBe("192.0.2.1:53");
    tellSerial(5);
    expect(stack.asked.isOpen).toBe(false);
    const id = requestId(AXFR);
    stack.transfer.receive(message(id).soa(ZONE, 5).a("ns.example.net", 1).framed);
    stack.transfer.receive(message(id).a("www.example.net", 2).framed);
    expect(ask("www.example.net")).toBe("2:0");
    stack.transfer.receive(message(id).a("deep.er.example.net", 3).soa(ZONE, 5).framed);
    steps();
    expect(ask("www.example.net")).toBe("0:1");
    expect(ask("er.example.net")).toBe("0:0");
    expect(ask("none.example.net")).toBe("3:0");
    expect(ask("www.example.com")).toBe("5:0");
    expect(serial()).toBe(5);
    expect(listener.changes).toBe(1);
    expect(log.count("example.net: serial 5, 4 records")).toBe(1);
    expect(counters.wholes).toBe(1);
  });

  test("a byte at a time", () => {
    begin();
    tellSerial(5);
    const bytes = whole(requestId(AXFR), 5).framed;
    for (let i = 0; i < bytes.length; i++) stack.transfer.receive(bytes.slice(i, i + 1));
    steps();
    expect(serial()).toBe(5);
  });

  test("who knows no EDNS is asked without", () => {
    begin();
    const withEdns = stack.asked.sent[0];
    expect(withEdns[11]).toBe(1);
    arrive(stack.asked, new PrimaryMessage(askedId(), SOA, ZONE, 0x8001).message, FIRST);
    const sent = stack.asked.sent;
    expect(sent.length).toBe(2);
    expect(sent[1][11]).toBe(0);
    tellSerial(5);
    requestId(AXFR);
  });

  test("what does not fit into a datagram, and who does not answer one, is tried over TCP", () => {
    begin();
    arrive(stack.asked, new PrimaryMessage(askedId(), SOA, ZONE, 0x8600).message, FIRST);
    stack.transfer.end();
    clock.advance(8 * SECOND);
    // Of the second primary, three questions.
    expect(stack.asked.sent.length).toBe(3);
    expect(stack.connections.remotes[1].toString()).toBe("192.0.2.2:5353");
    stack.transfer.receive(whole(requestId(AXFR), 5).framed);
    steps();
    expect(serial()).toBe(5);
  });

  test("answers of strangers, with other ids, and about other zones are none", () => {
    begin();
    const good = new PrimaryMessage(askedId(), SOA, ZONE).soa(ZONE, 5).message;
    arrive(stack.asked, good, STRANGER);
    arrive(stack.asked, good, SECOND_ONE);
    const other = good.slice(0);
    other[0] ^= 1;
    arrive(stack.asked, other, FIRST);
    const wrong = new PrimaryMessage(askedId(), SOA, "example.com").soa("example.com", 5).message;
    arrive(stack.asked, wrong, FIRST);
    for (let bytes = 0; bytes < 29; bytes++) arrive(stack.asked, good.slice(0, bytes), FIRST);
    expect(stack.asked.isOpen).toBe(true);
    expect(stack.connections.begun.length).toBe(0);
  });

  test("who is no authority is passed over, and asked again later", () => {
    begin();
    arrive(
      stack.asked,
      new PrimaryMessage(askedId(), SOA, ZONE, 0x8000).soa(ZONE, 5).message,
      FIRST,
    );
    clock.advance(SECOND / 5);
    arrive(stack.asked, new PrimaryMessage(askedId(), SOA, ZONE, 0x8405).message, SECOND_ONE);
    expect(counters.failed).toBe(2);
    expect(log.count("not from 192.0.2.1:53: it is no authority for the zone")).toBe(1);
    expect(log.count("not from 192.0.2.2:5353: it refuses")).toBe(1);
    expect(stack.sockets.all.length).toBe(2);
    clock.advance(4 * SECOND);
    expect(stack.sockets.all.length).toBe(2);
    clock.advance(2 * SECOND);
    expect(stack.sockets.all.length).toBe(3);
  });
});

describe("times", () => {
  test("it looks again after refresh; there is nothing new", () => {
    loaded(5);
    clock.advance(990 * SECOND, SECOND);
    expect(stack.sockets.all.length).toBe(1);
    clock.advance(11 * SECOND, SECOND);
    expect(stack.sockets.all.length).toBe(2);
    tellSerial(5);
    clock.advance(990 * SECOND, SECOND);
    expect(stack.sockets.all.length).toBe(2);
    expect(stack.connections.begun.length).toBe(1);
  });

  test("it tries again after retry, and expires", () => {
    loaded(5);
    clock.advance(1001 * SECOND, SECOND);
    // Nobody is there: each primary is tried over UDP for seven seconds, and TCP does not come to anything.
    stack.connections.isExhausted = true;
    clock.advance(20 * SECOND, SECOND);
    expect(counters.failed).toBe(2);
    clock.advance(105 * SECOND, SECOND);
    clock.advance(20 * SECOND, SECOND);
    expect(counters.failed).toBe(4);
    expect(ask("www.example.net")).toBe("0:1");
    clock.advance(4000 * SECOND, SECOND);
    expect(ask("www.example.net")).toBe("2:0");
    expect(counters.expired).toBe(1);
    expect(log.count("expired")).toBe(1);
    // It comes back with the primary, as it was.
    for (let i = 0; i < 200 && !stack.asked.isOpen; i++) clock.advance(SECOND, SECOND);
    stack.connections.isExhausted = false;
    tellSerial(5, stack.asked.remotes[stack.asked.remotes.length - 1]);
    stack.transfer.receive(whole(requestId(AXFR), 5).framed);
    steps();
    expect(serial()).toBe(5);
  });
});

describe("NOTIFY", () => {
  test("of a primary: it looks at once, at most once a second", () => {
    loaded(5);
    clock.advance(10 * SECOND);
    expect(notify(ZONE, FIRST)).toBe(0);
    clock.advance(1);
    expect(stack.sockets.all.length).toBe(2);
    // Another one while it looks.
    expect(notify(ZONE, FIRST)).toBe(0);
    tellSerial(5);
    clock.advance(SECOND / 2);
    expect(stack.sockets.all.length).toBe(2);
    clock.advance(SECOND);
    expect(stack.sockets.all.length).toBe(3);
    expect(counters.notifies).toBe(2);
  });

  test("of others is refused, and of zones that it does not have", () => {
    loaded(5);
    clock.advance(10 * SECOND);
    expect(notify(ZONE, STRANGER)).toBe(5);
    expect(notify("www.example.net", FIRST)).toBe(9);
    expect(notify("example.org", FIRST)).toBe(9);
    clock.advance(10 * SECOND);
    expect(stack.sockets.all.length).toBe(1);
    expect(counters.notifiesRefused).toBe(3);
  });

  test("the primary that sends it is asked first", () => {
    loaded(5);
    clock.advance(10 * SECOND);
    expect(notify(ZONE, SECOND_ONE)).toBe(0);
    clock.advance(1);
    expect(stack.asked.remotes[0].toString()).toBe("192.0.2.2:5353");
  });
});

describe("changes (IXFR)", () => {
  test("are made to what there is", () => {
    loaded(5);
    const id = change(7);
    const changes = message(id, IXFR)
      .soa(ZONE, 7)
      .soa(ZONE, 5)
      .a("www.example.net", 5)
      .soa(ZONE, 6)
      .a("www.example.net", 6)
      .a("new.example.net", 1)
      .soa(ZONE, 6)
      .a("new.example.net", 1)
      .soa(ZONE, 7)
      .a("new.example.net", 2)
      .soa(ZONE, 7);
    stack.transfer.receive(changes.framed);
    steps();
    expect(serial()).toBe(7);
    expect(ask("new.example.net")).toBe("0:1");
    expect(ask("ns.example.net")).toBe("0:1");
    expect(counters.changes).toBe(1);
    expect(log.count("serial 7, 4 records")).toBe(1);
    // Nothing is left of the old version.
    expect(secondary.account.bytes < 1000).toBe(true);
  });

  test("the whole may come instead", () => {
    loaded(5);
    const id = change(6);
    stack.transfer.receive(whole(id, 6, IXFR).framed);
    steps();
    expect(serial()).toBe(6);
    expect(counters.wholes).toBe(2);
  });

  test("a SOA record alone: there is nothing new", () => {
    loaded(5);
    clock.advance(10 * SECOND);
    expect(notify(ZONE, FIRST)).toBe(0);
    // Nobody answers over UDP.
    clock.advance(8 * SECOND);
    stack.transfer.receive(message(requestId(IXFR), IXFR).soa(ZONE, 5).framed);
    expect(stack.transfer.isAborted).toBe(true);
    expect(counters.current).toBe(2);
    expect(serial()).toBe(5);
  });

  test("that do not fit: the whole is asked for", () => {
    loaded(5);
    const id = change(6);
    const changes = message(id, IXFR)
      .soa(ZONE, 6)
      .soa(ZONE, 5)
      .a("other.example.net", 5)
      .soa(ZONE, 6)
      .soa(ZONE, 6);
    stack.transfer.receive(changes.framed);
    steps();
    expect(stack.connections.begun.length).toBe(3);
    expect(serial()).toBe(5);
    stack.transfer.receive(whole(requestId(AXFR), 6).framed);
    steps();
    expect(serial()).toBe(6);
  });

  test("who does not know IXFR is asked for the whole", () => {
    loaded(5);
    const id = change(6);
    stack.transfer.receive(new PrimaryMessage(id, IXFR, ZONE, 0x8004).framed);
    stack.transfer.receive(whole(requestId(AXFR), 6).framed);
    steps();
    expect(serial()).toBe(6);
  });
});

describe("hostile primaries", () => {
  test("another id", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(whole(id ^ 1, 6).framed);
    refused(connection, 5);
  });

  test("another question, or none", () => {
    const id = asked();
    const connection = stack.transfer;
    const none = whole(id, 6).framed;
    none[2 + 5] = 0;
    connection.receive(none);
    refused(connection, 5);
  });

  test("a message that is marked as cut off", () => {
    const id = asked();
    const connection = stack.transfer;
    const bytes = whole(id, 6).framed;
    bytes[2 + 2] |= 2;
    connection.receive(bytes);
    refused(connection, 5);
  });

  test("a message that is cut off", () => {
    const id = asked();
    const connection = stack.transfer;
    const bytes = whole(id, 6).framed;
    const cut = bytes.slice(0, bytes.length - 7);
    cut[1] -= 7;
    connection.receive(cut);
    refused(connection, 5);
  });

  test("it does not begin with the SOA record", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).a("www.example.net", 6).soa(ZONE, 6).framed);
    refused(connection, 5);
  });

  test("it ends with another SOA record", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).a("www.example.net", 6).soa(ZONE, 7).framed);
    refused(connection, 5);
  });

  test("a SOA record below the apex", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).soa("www.example.net", 6).framed);
    refused(connection, 5);
  });

  test("records behind the end", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(whole(id, 6).a("x.example.net", 6).framed);
    refused(connection, 5);
  });

  test("it closes before the end", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).a("www.example.net", 6).framed);
    connection.end();
    refused(connection, 5);
  });

  test("it says nothing more", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).a("www.example.net", 6).framed);
    clock.advance(9 * SECOND);
    expect(connection.isAborted).toBe(false);
    clock.advance(3 * SECOND);
    refused(connection, 5);
  });

  test("a byte now and then, for ever", () => {
    asked();
    const connection = stack.transfer;
    connection.receive(new Uint8Array(2).fill(0xff));
    for (let i = 0; i < 130 && !connection.isAborted; i++) {
      connection.receive(new Uint8Array(1));
      clock.advance(5 * SECOND, SECOND);
    }
    expect(clock.now() < 640 * SECOND).toBe(true);
    refused(connection, 5);
  });

  test("records without end", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).framed);
    for (let i = 0; i < 300 && !connection.isAborted; i++)
      connection.receive(message(id).a(`h${i}.example.net`, 1).framed);
    expect(log.count("larger than a zone may be")).toBe(1);
    refused(connection, 5);
  });

  test("the same record, records of others, and empty messages without end", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).framed);
    for (let i = 0; i < 500 && !connection.isAborted; i++) {
      const one = message(id);
      if (i % 3 == 0) one.a("www.example.net", 1);
      else if (i % 3 == 1) one.a("www.example.com", 1);
      connection.receive(one.framed);
    }
    refused(connection, 5);
  });

  test("a pointer that leads to itself", () => {
    const id = asked();
    const connection = stack.transfer;
    const bytes = message(id).soa(ZONE, 6).raw("x.example.net", 5, [0xc0, 0]).framed;
    bytes[bytes.length - 1] = <u8>(bytes.length - 2 - 2);
    connection.receive(bytes);
    refused(connection, 5);
  });

  test("an address of five bytes, a type of questions, another class", () => {
    const id = asked();
    let connection = stack.transfer;
    connection.receive(message(id).soa(ZONE, 6).raw("x.example.net", 1, [1, 2, 3, 4, 5]).framed);
    refused(connection, 5);
    tellSerial(6, SECOND_ONE);
    connection = stack.transfer;
    connection.receive(
      message(requestId(IXFR), IXFR).soa(ZONE, 6).raw("x.example.net", 252, [1]).framed,
    );
    connection = stack.transfer;
    connection.receive(
      message(requestId(AXFR)).soa(ZONE, 6).raw("x.example.net", 1, [1, 2, 3, 4], 3).framed,
    );
    expect(connection.isAborted).toBe(true);
    expect(serial()).toBe(5);
  });

  test("records of other zones are left out", () => {
    const id = asked();
    const strays = message(id).soa(ZONE, 6).a("www.example.net", 6).a("www.example.com", 6);
    stack.transfer.receive(strays.soa(ZONE, 6).framed);
    steps();
    expect(serial()).toBe(6);
    expect(ask("www.example.com")).toBe("5:0");
    expect(log.count("1 records of other zones")).toBe(1);
  });

  test("an alias beside other records", () => {
    const id = asked();
    const connection = stack.transfer;
    const both = message(id).soa(ZONE, 6).a("x.example.net", 6).raw("x.example.net", 5, [0]);
    connection.receive(both.soa(ZONE, 6).framed);
    steps();
    expect(log.count("an alias is not alone")).toBe(1);
    refused(connection, 5);
  });

  test("who stays with an old version as a whole", () => {
    const id = asked();
    const connection = stack.transfer;
    connection.receive(whole(id, 4).framed);
    steps();
    expect(log.count("it has an older version, 4")).toBe(1);
    refused(connection, 5);
  });
});

describe("serials go round (RFC 1982)", () => {
  test("0 follows 2^32 - 1", () => {
    loaded(0xffffffff);
    const id = change(0);
    stack.transfer.receive(whole(id, 0, IXFR).framed);
    steps();
    expect(serial()).toBe(0);
  });

  test("an older one is not taken", () => {
    loaded(5);
    clock.advance(10 * SECOND);
    notify(ZONE, FIRST);
    clock.advance(1);
    tellSerial(4);
    expect(stack.connections.begun.length).toBe(1);
    clock.advance(SECOND / 5);
    tellSerial(0x80000005, SECOND_ONE);
    expect(stack.connections.begun.length).toBe(1);
    expect(serial()).toBe(5);
    expect(log.count("older version")).toBe(2);
  });
});
