import { describeBegin, describeEnd, registerTest } from "./bindings";

const bodies: (() => void)[] = [];

/**
 * Declares a case. The body captures nothing: it sees globals and what it makes itself. It runs in
 * an instance of its own, after the top level of every source has run.
 */
export function test(name: string, body: () => void): void {
  bodies.push(body);
  registerTest(name);
}

/** Groups the cases that `body` declares; groups may nest. */
export function describe(name: string, body: () => void): void {
  describeBegin(name);
  body();
  describeEnd();
}

/** Runs the case with that number, in the order of declaration. */
export function runCase(index: i32): void {
  bodies[index]();
}
