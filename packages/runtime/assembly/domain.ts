/**
 * The life of a domain, from the image's side: it boots, is stepped, and ends.
 *
 * A generated entry calls `enter`, then `main` or `dispatch`, then `leave`. Drivers add a `Source`;
 * whatever must keep the domain from ending calls `hold` and `release`.
 */
import { Event, NO_DEADLINE, exit as exitDomain } from "@phantasm/abi";
import { isCollecting, observeHeap, safePoint } from "./heap";
import { collectionDue } from "./heap/collector";
import { Activity, markObservation, observation } from "./observation";

/** Something a step asks for news: a driver's queues, the timers. */
export abstract class Source {
  /** The runtime's list of sources. */
  nextSource: Source | null = null;

  /**
   * Called once in every step after the first. Takes what the host has, within the limits of the
   * boundary, and calls handlers.
   */
  abstract dispatch(now: i64): void;

  /** When it wants to be called next without other cause: absolute ns, or NO_DEADLINE. */
  deadline(): i64 {
    return NO_DEADLINE;
  }

  /** True while it holds output that the host has not yet taken: the domain then waits with its end. */
  busy(): bool {
    return false;
  }

  /** Refreshes its counters in the observation block. */
  inspect(): void {}
}

/** Told when the operator asks the domain to end. */
export interface ShutdownHandler {
  /** Called once, at the next step. The host ends the domain by force after ten seconds. */
  onShutdown(): void;
}

/** Shows what the host asks to see, by ending the domain in the middle of it; in a copy of the domain. */
export abstract class Probe {
  abstract show(address: usize): void;
}

let sources: Source | null = null;
let startAt: Source | null = null;
let nowNs: i64 = 0;
let booted = false;
let holds: u32 = 0;
let ending = false;
let exitStatus: i32 = 0;
let shutdownHandler: ShutdownHandler | null = null;
let shutdownSeen = false;
let shutdownWaits: bool = false;
let copies: u32 = 0;
let tracing: bool = false;
let inspecting: bool = false;
/** The next step is for the collector only; when tracing. */
let collects: bool = false;
let probe: Probe | null = null;

/** The `now_ns` of this step: nanoseconds since the first boot. The only time a protocol core uses. */
export function now(): i64 {
  return nowNs;
}

/** Counts copies of this domain's state (COPY); a generator of random numbers reseeds when it changes. */
export function copyCount(): u32 {
  return copies;
}

/** True in a step that is to do one thing (TRACE). */
export function isTracing(): bool {
  return tracing;
}

/** Adds a source for the life of the domain. */
export function addSource(source: Source): void {
  source.nextSource = sources;
  sources = source;
}

/** Adds the source that is asked after all others: the run queue, which acts on their news. */
export function addLastSource(source: Source): void {
  let at = sources;
  if (at === null) sources = source;
  else {
    for (let next = at.nextSource; next !== null; next = at.nextSource) at = next;
    at.nextSource = source;
  }
}

/** Keeps the domain alive until the matching `release`. */
export function hold(): void {
  holds++;
}

export function release(): void {
  assert(holds > 0, "release without hold");
  holds--;
}

/**
 * Asks the domain to end with a status of 0 to 99. No handler is called any more; what sources still
 * hold for the host is handed over first. The first call wins.
 */
export function exit(status: i32): void {
  assert(status >= 0 && status <= 99, "exit status must be 0 to 99");
  if (ending) return;
  ending = true;
  exitStatus = status;
}

/** Replaces what happens at SHUTDOWN; without a handler the domain exits with status 0. */
export function onShutdown(handler: ShutdownHandler): void {
  shutdownHandler = handler;
}

/** Sets what the observation block's `probe` is handed to. */
export function onProbe(handler: Probe): void {
  probe = handler;
}

/** Starts a step. True in the first one: the entry then calls `main`, otherwise `dispatch`. */
export function enter(now_ns: i64, events: i32): bool {
  nowNs = now_ns;
  const block = observation();
  const shown = probe;
  if (shown !== null && block.probe != 0) shown.show(block.probe);
  block.steps++;
  block.lastStepNs = now_ns;
  block.activity = Activity.NONE;
  block.activityFibre = 0;
  tracing = (events & Event.TRACE) != 0;
  if (events & Event.COPY) copies++;
  // In the first step nobody has had a chance to say what a shutdown means: `leave` asks for another.
  shutdownWaits = !booted && (events & Event.SHUTDOWN) != 0;
  if (booted && events & Event.SHUTDOWN && !shutdownSeen) {
    shutdownSeen = true;
    const handler = shutdownHandler;
    if (handler !== null) handler.onShutdown();
    else exit(0);
  }
  inspecting = (events & Event.INSPECT) != 0;
  // Now, for a step that traps; and once more when it has done what it does.
  if (inspecting) inspect();
  if (booted) return false;
  booted = true;
  markObservation();
  return true;
}

/** Asks every source once. */
export function dispatch(): void {
  if (collects && tracing) return;
  collects = false;
  let source = startAt;
  if (source === null) source = sources;
  startAt = null;
  if (tracing) observation().activity = Activity.DISPATCH;
  while (source !== null) {
    source.dispatch(nowNs);
    source = source.nextSource;
  }
}

/** Leaves out the sources before this one in the next step. */
export function dispatchFrom(source: Source): void {
  startAt = source;
}

/** Finishes a step: ends the domain if nothing is left to do, else returns the next deadline. */
export function leave(): i64 {
  let deadline = NO_DEADLINE;
  let busy: bool = false;
  let source = sources;
  while (source !== null) {
    deadline = min(deadline, source.deadline());
    busy = busy || source.busy();
    source = source.nextSource;
  }
  observation().holds = holds;
  if (inspecting) inspect();
  if ((ending || holds == 0) && !busy) exitDomain(exitStatus);
  if (rest() || shutdownWaits) return nowNs;
  return ending ? NO_DEADLINE : deadline;
}

/** Collects a little. True: there is more to collect, and the domain wants another step for it. */
function rest(): bool {
  if (!tracing) {
    safePoint();
    return isCollecting();
  }
  if (!collectionDue() && !isCollecting()) return false;
  // One thing in a step, and others between two slices.
  collects = !collects;
  if (collects) return true;
  const block = observation();
  block.activity = Activity.COLLECTION;
  block.activityWork = safePoint();
  return isCollecting();
}

/** True once the end was asked for: sources then hand over output, but call no handler. */
export function isEnding(): bool {
  return ending;
}

function inspect(): void {
  observeHeap();
  let source = sources;
  while (source !== null) {
    source.inspect();
    source = source.nextSource;
  }
}
