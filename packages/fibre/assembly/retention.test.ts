/** What has gone through a wait is not kept alive by it. */
import { Heap, isCollecting } from "@phantasm/runtime/heap/index";
import { expect, test } from "@phantasm/testing";
import {
  Channel,
  Fibre,
  Group,
  ReceiveHandler,
  Receiver,
  Select,
  SendHandler,
  Sender,
  sleep,
  spawn,
  wait,
  WaitQueue,
} from "./index";
import { keep, settle, step } from "./testing";

const BYTES: i32 = 100_000;

const heap = new Heap();
const channel = new Channel<StaticArray<u8>>(1);
const direct = new Channel<StaticArray<u8>>(0);
/** Nothing is in the frames of a test: the collector would not see it there. */
let fibre: Fibre | null = null;
let kept: usize = 0;

function load(): StaticArray<u8> {
  return new StaticArray<u8>(BYTES);
}

function used(): usize {
  heap.collect();
  do step();
  while (isCollecting());
  return heap.used;
}

function begin(): void {
  keep();
  settle();
  kept = used();
}

/** Loads that are still there. */
function loads(): i32 {
  const more = <i32>(used() - kept);
  return (more + BYTES / 2) / BYTES;
}

function forever(): i32 {
  return wait(new WaitQueue("the end of the test"));
}

test("by the buffer", () => {
  begin();
  channel.trySend(load());
  expect(loads()).toBe(1);
  expect(channel.tryReceive()).toBe(0);
  expect(channel.value.length).toBe(BYTES);
  expect(loads()).toBe(1);
  channel.tryReceive();
  expect(loads()).toBe(0);
});

/** In a function of its own, since a frame may keep what it has used. */
function send(to: Channel<StaticArray<u8>>, deadlineNs: i64 = i64.MAX_VALUE): void {
  to.send(load(), deadlineNs);
}

class SendsTwo extends Fibre {
  run(): i32 {
    send(channel);
    send(channel);
    return forever();
  }
}

test("by a sender", () => {
  begin();
  fibre = spawn(new SendsTwo());
  settle();
  expect(loads()).toBe(2);
  channel.tryReceive();
  settle();
  channel.tryReceive();
  channel.tryReceive();
  expect(loads()).toBe(0);
});

class SendsLate extends Fibre {
  run(): i32 {
    send(direct, 10);
    return forever();
  }
}

test("by a sender that was late", () => {
  begin();
  fibre = spawn(new SendsLate());
  settle();
  expect(loads()).toBe(1);
  step(10);
  settle();
  expect(loads()).toBe(0);
});

class ReceivesTwo extends Fibre {
  run(): i32 {
    channel.receive();
    sleep(10);
    return channel.receive();
  }
}

test("by a receiver that waits for the next", () => {
  begin();
  fibre = spawn(new ReceivesTwo());
  channel.trySend(load());
  settle();
  expect(loads()).toBe(1);
  step(10);
  settle();
  expect(loads()).toBe(0);
});

class Offers extends Fibre {
  private readonly select: Select = new Select();

  run(): i32 {
    const sending = this.select.send(channel);
    this.select.offer(sending, load());
    this.select.next();
    return forever();
  }
}

test("by a select", () => {
  begin();
  fibre = spawn(new Offers());
  settle();
  channel.tryReceive();
  channel.tryReceive();
  expect(loads()).toBe(0);
});

class Called implements SendHandler<StaticArray<u8>>, ReceiveHandler<StaticArray<u8>> {
  onReceive(receiver: Receiver<StaticArray<u8>>, outcome: i32): void {}
  onSend(sender: Sender<StaticArray<u8>>, outcome: i32): void {}
}

let receiver: Receiver<StaticArray<u8>> | null = null;
let sender: Sender<StaticArray<u8>> | null = null;

test("by handlers", () => {
  begin();
  sender = direct.onSend(load(), new Called(), 10);
  settle();
  expect(loads()).toBe(1);
  step(10);
  expect(loads()).toBe(0);
  sender!.again(load());
  receiver = direct.onReceive(new Called());
  settle();
  expect(loads()).toBe(1);
  receiver!.again();
  expect(loads()).toBe(0);
  receiver!.cancel();
  sender!.again(load());
  expect(sender!.cancel()).toBe(true);
  expect(loads()).toBe(0);
});

const group = new Group();

class Holds extends Fibre {
  private readonly load: StaticArray<u8> = load();

  run(): i32 {
    return this.load.length - BYTES;
  }
}

test("by a group whose fibres have ended", () => {
  begin();
  for (let i = 0; i < 3; i++) group.spawn(new Holds());
  expect(loads()).toBe(3);
  settle();
  expect(group.live).toBe(0);
  expect(loads()).toBe(0);
});
