/** Waits that end in each of the ways they can, none of which may be left over for the next wait. */
import {
  CANCELLED,
  Fibre,
  TIMED_OUT,
  WaitQueue,
  sleep,
  spawn,
  wait,
  yieldNow,
} from "@phantasm/fibre";
import { now, observation } from "@phantasm/runtime";
import { pause } from "./pause";
import { Draw, mix } from "./random";

/** What the fibres of one meeting share. */
class Meeting {
  readonly entrance: WaitQueue = new WaitQueue("the door");
  readonly first: WaitQueue = new WaitQueue("the first half of a meeting");
  readonly second: WaitQueue = new WaitQueue("the second half of a meeting");
  arrived: u32 = 0;
  left: u32 = 0;
  outcomes: u32 = 0;
}

class Guest extends Fibre {
  constructor(
    private readonly meeting: Meeting,
    private readonly patienceNs: i64,
  ) {
    super("guest");
  }

  run(): i32 {
    const meeting = this.meeting;
    meeting.arrived++;
    const outcome = wait(meeting.first, now() + this.patienceNs);
    meeting.outcomes += <u32>(-outcome * 7);
    if (outcome == CANCELLED) {
      this.shield();
      sleep(3);
    }
    meeting.left++;
    // A deadline of the first wait that is still set would end this one, too early.
    const last = wait(meeting.second);
    return last == 5 ? outcome : -1000;
  }
}

/** Is cancelled while it sleeps, after a wait in a queue and before another one. */
class Sleeper extends Fibre {
  asleep: bool = false;

  constructor(private readonly meeting: Meeting) {
    super("sleeper");
  }

  run(): i32 {
    const first = wait(this.meeting.entrance);
    this.asleep = true;
    const slept = sleep(PATIENCE_NS);
    this.shield();
    const last = wait(this.meeting.second);
    return first == 0 && slept == CANCELLED && last == 5 ? 0 : -1000;
  }
}

const PATIENCE_NS: i64 = 20_000;

/** Guests that are woken, cancelled and late; the sum does not depend on which are. */
export function meetings(draw: Draw): u32 {
  const meeting = new Meeting();
  const guests: Guest[] = [];
  const count: u32 = 4 + draw.below(4);
  for (let i: u32 = 0; i < count; i++) guests.push(spawn(new Guest(meeting, PATIENCE_NS)));
  const sleeper = spawn(new Sleeper(meeting));
  while (!meeting.entrance.wake()) yieldNow();
  while (!sleeper.asleep) yieldNow();
  sleeper.cancel();
  while (meeting.arrived < count) yieldNow();
  guests[1].cancel();
  if (meeting.first.wake(0)) meeting.outcomes += 1;
  pause();
  meeting.first.wake(0);
  while (meeting.left < count) sleep(PATIENCE_NS / 2);
  sleep(2 * PATIENCE_NS);
  // None of them waits in the first queue any more.
  let digest = mix(31, meeting.first.isEmpty ? 1 : 0);
  meeting.second.wakeAll(5);
  let sum: i32 = sleeper.join();
  for (let i: u32 = 0; i < count; i++) {
    sum += guests[i].join();
    if (!guests[i].ended) sum += 1_000_000;
  }
  digest = mix(digest, <u32>sum);
  return mix(digest, meeting.outcomes);
}

/** How many see at every turn that the devices were asked in between, as is promised to who yields. */
export function turns(draw: Draw): u32 {
  let digest: u32 = 37;
  for (let i: u32 = 0; i < 3 + draw.below(5); i++) {
    const step = observation().steps;
    yieldNow();
    digest = mix(digest, observation().steps != step ? 1 : 0);
  }
  const alone = wait(new WaitQueue("nothing"), now() + 10);
  return mix(digest, alone == TIMED_OUT ? 1 : 0);
}
