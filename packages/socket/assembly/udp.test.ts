import { NO_DEADLINE } from "@phantasm/abi";
import { Fibre, spawn } from "@phantasm/fibre";
import { hold, keep, said, say, settle, step } from "@phantasm/fibre/testing";
import { CLOSED, Datagram, TIMED_OUT } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { DatagramQueue } from "./datagram-queue";
import { UdpPort } from "./index";
import { FakeUdp, PEER } from "./testing";

class Receive extends Fibre {
  constructor(
    private readonly port: UdpPort,
    private readonly bytes: i32,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super("receive");
  }

  run(): i32 {
    const buffer = new Uint8Array(this.bytes);
    while (true) {
      const bytes = this.port.receive(buffer, this.deadlineNs);
      if (bytes < 0) {
        say(`end:${bytes}`);
        return bytes;
      }
      const text = String.UTF8.decodeUnsafe(buffer.dataStart, bytes);
      say(`${text}(${this.port.receivedBytes})from:${this.port.source.port}`);
    }
  }
}

class Send extends Fibre {
  constructor(
    private readonly port: UdpPort,
    private readonly text: string,
  ) {
    super("send");
  }

  run(): i32 {
    const status = this.port.send(PEER, Uint8Array.wrap(String.UTF8.encode(this.text)));
    say(`sent:${status}`);
    return status;
  }
}

describe("receive", () => {
  test("waits, and tells who sent; what does not fit is left out", () => {
    keep();
    const udp = hold(new FakeUdp());
    const port = hold(new UdpPort());
    expect(port.open(udp, 53)).toBe(0);
    spawn(new Receive(port, 4));
    settle();
    udp.arrive("ab", 1);
    udp.arrive("", 2);
    udp.arrive("abcdef", 3);
    settle();
    expect(said()).toBe("ab(2)from:1 (0)from:2 abcd(6)from:3");
    port.close();
    settle();
    expect(said()).toBe(`end:${CLOSED}`);
  });

  test("drops and counts what finds the queue full", () => {
    keep();
    const udp = hold(new FakeUdp());
    const port = hold(new UdpPort());
    port.open(udp, 53, 64);
    udp.arrive("12345678", 1);
    udp.arrive("87654321", 2);
    udp.arrive("x", 3);
    expect(port.droppedDatagrams).toBe(1);
    spawn(new Receive(port, 8, 10));
    settle();
    step(10);
    settle();
    expect(said()).toBe(`12345678(8)from:1 87654321(8)from:2 end:${TIMED_OUT}`);
  });
});

test("send waits while the link has no room", () => {
  keep();
  const udp = hold(new FakeUdp());
  const port = hold(new UdpPort());
  port.open(udp, 53);
  udp.full = true;
  spawn(new Send(port, "one"));
  spawn(new Send(port, "two"));
  settle();
  expect(said()).toBe("");
  udp.drain();
  settle();
  expect(said()).toBe("sent:0 sent:0");
  expect(udp.sent).toBe("one two ");
});

test("the queue is a ring: whatever goes in comes out, in order", () => {
  const queue = new DatagramQueue(400);
  const datagram = new Datagram();
  const bytes = new Uint8Array(200);
  const out = new Uint8Array(200);
  let seed: u32 = 1;
  let pushed = 0;
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    seed = seed * 1664525 + 1013904223;
    if ((seed >> 16) % 3 < 2) {
      // The length follows from the number.
      const length = (pushed * 7) % 120;
      bytes.fill(<u8>pushed, 0, length);
      datagram.payload = bytes.dataStart;
      datagram.bytes = length;
      datagram.sourcePort = <u16>pushed;
      if (queue.push(datagram)) pushed++;
      else expect(queue.count).toBeGreaterThan(0);
    } else if (queue.count > 0) {
      expect(queue.firstSource.port).toBe(<u16>taken);
      const length = (taken * 7) % 120;
      expect(queue.take(out, 0, 200)).toBe(length);
      for (let at = 0; at < length; at++) if (out[at] != <u8>taken) expect(out[at]).toBe(<u8>taken);
      taken++;
    }
    expect(queue.count).toBe(pushed - taken);
  }
  expect(taken).toBeGreaterThan(5_000);
});
