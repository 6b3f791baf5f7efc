/** A secondary whose zone expires while something else goes on. */
import { SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import {
  AXFR,
  FIRST,
  IXFR,
  ZONE,
  clock,
  counters,
  loaded,
  message,
  notify,
  requestId,
  serial,
  stack,
  steps,
  whole,
} from "./testing-scene";

test("what expires while changes are on their way is asked for as a whole", () => {
  loaded(5);
  stack.connections.isExhausted = true;
  clock.advance(4992 * SECOND - clock.now(), SECOND);
  stack.connections.isExhausted = false;
  notify(ZONE, FIRST);
  for (let i = 0; i < 8 && stack.connections.begun.length == 1; i++) clock.advance(SECOND, SECOND);
  const id = requestId(IXFR);
  for (let i = 0; i < 9 && counters.expired == 0; i++) clock.advance(SECOND, SECOND);
  expect(counters.expired).toBe(1);
  stack.transfer.receive(message(id, IXFR).soa(ZONE, 5).framed);
  stack.transfer.receive(whole(requestId(AXFR), 5).framed);
  steps();
  expect(serial()).toBe(5);
});
