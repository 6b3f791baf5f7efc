/** What the tests of this package share: a domain that is stepped by hand, and what was said in it. */
import { dispatch, enter, leave } from "@phantasm/runtime";
import { world } from "@phantasm/testing";
import { Fibre, spawn, wait } from "./fibre";
import { WaitQueue } from "./wait";

let transcript: string = "";

/** Adds to what was said: words with a space between. */
export function say(text: string): void {
  transcript += transcript.length == 0 ? text : " " + text;
}

/** What was said since the last call. */
export function said(): string {
  const text = transcript;
  transcript = "";
  return text;
}

/** Lets time pass, then takes one step; returns its deadline. */
export function step(ns: i64 = 0): i64 {
  enter(world.advance(ns), 0);
  dispatch();
  return leave();
}

/** Steps until the domain asks for no further step at the present time. */
export function settle(): void {
  while (step() <= world.now());
}

class Keeper extends Fibre {
  run(): i32 {
    return wait(new WaitQueue("the end of the test"));
  }
}

/** Keeps the domain from ending before the test does. */
export function keep(): void {
  spawn(new Keeper());
}

const held: Object[] = [];

/**
 * Keeps an object until the end of the case. The collector runs between steps, and does not look into the
 * frames of the case that takes them: one that allocates much holds what it needs.
 */
export function hold<T>(object: T): T {
  held.push(changetype<Object>(object));
  return object;
}

/** Numbers that a seed decides. */
@final
export class Dice {
  constructor(private state: u32) {
    this.state = this.state * 2654435761 + 1;
  }

  /** 0 to `sides` - 1. */
  roll(sides: i32): i32 {
    // xorshift32 (Marsaglia 2003).
    this.state ^= this.state << 13;
    this.state ^= this.state >> 17;
    this.state ^= this.state << 5;
    return <i32>((this.state >> 8) % <u32>sides);
  }
}
