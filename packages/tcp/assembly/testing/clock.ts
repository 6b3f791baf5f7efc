import { dispatch, enter, leave, now } from "@phantasm/runtime";

/** More steps at one time than this are a loop. */
const STEPS_MAX: i32 = 10_000;

/** A step of the domain, `ns` later, and those that it wants to follow at once. Returns the deadline. */
export function step(ns: i64): i64 {
  let dueNs = once(ns);
  for (let steps = 0; dueNs <= now(); steps++) {
    assert(steps < STEPS_MAX, "the domain never comes to rest");
    dueNs = once(0);
  }
  return dueNs;
}

function once(ns: i64): i64 {
  enter(now() + ns, 0);
  dispatch();
  return leave();
}

/** Many steps, as a host makes them, until that much time has passed. */
export function pass(ns: i64): void {
  const endNs = now() + ns;
  let dueNs = step(0);
  while (dueNs <= endNs) dueNs = step(dueNs - now());
  step(endNs - now());
}
