/** A sender and a receiver, and a world of several that share a wire, in virtual time. */
import { CongestionControl } from "../../../packages/tcp/assembly/recovery/congestion";
import { Link } from "./link";
import { PacketQueue } from "./queue";
import { Receiver } from "./receiver";
import { Sender } from "./sender";

export class Flow {
  readonly sender: Sender;
  readonly receiver: Receiver = new Receiver();

  constructor(control: CongestionControl) {
    this.sender = new Sender(control);
  }

  get deadlineNs(): i64 {
    return min(this.sender.recovery.deadlineNs, this.receiver.deadlineNs);
  }

  expire(nowNs: i64): void {
    if (this.sender.recovery.deadlineNs <= nowNs) this.sender.expire(nowNs);
    if (this.receiver.deadlineNs <= nowNs) this.receiver.acknowledge(nowNs);
  }
}

/** All worlds share it, one after the other. */
const queue = new PacketQueue();

export class World {
  readonly queue: PacketQueue = queue;
  readonly flows: Flow[] = [];
  nowNs: i64 = 0;
  private steps: u64 = 0;

  constructor() {
    this.queue.clear();
  }

  /** Its data takes one link, which others may use as well, and its acknowledgements the other. */
  add(flow: Flow, forward: Link, back: Link): void {
    this.flows.push(flow);
    flow.sender.forward = forward;
    flow.sender.port = this.queue.attach(flow.receiver);
    flow.receiver.back = back;
    flow.receiver.port = this.queue.attach(flow.sender);
  }

  /** Until nothing happens any more before `untilNs`. */
  run(untilNs: i64): void {
    const flows = this.flows;
    while (true) {
      let dueNs = this.queue.nextNs;
      for (let i = 0; i < flows.length; i++) dueNs = min(dueNs, flows[i].deadlineNs);
      if (dueNs > untilNs) break;
      // What is due in the past is due now.
      this.nowNs = max(this.nowNs, dueNs);
      this.steps++;
      if (this.queue.nextNs <= this.nowNs) this.queue.deliver();
      else for (let i = 0; i < flows.length; i++) flows[i].expire(this.nowNs);
    }
    this.nowNs = untilNs;
  }
}
