import { Clock, MILLISECOND, SECOND } from "@phantasm/interfaces";
import { observation } from "@phantasm/runtime";
import { Timed, TimerWheel } from "@phantasm/runtime/wheel";
import { Devices } from "./.phantasm/devices";

let fired: i32 = 0;

class Counted extends Timed {
  timerDue(nowNs: i64): void {
    fired++;
  }
}

let state: u64 = 88172645463325252;

/** xorshift64 (Marsaglia 2003) */
function below(bound: u64): u64 {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % bound;
}

/** Sums of what each operation took, in ns. */
class Sums {
  set: i64 = 0;
  move: i64 = 0;
  cancel: i64 = 0;
  expire: i64 = 0;
}

class Bench {
  private readonly wheel: TimerWheel = new TimerWheel(0);
  private readonly timers: Counted[] = [];
  private readonly delays: StaticArray<i64>;
  /** Operations come in an order that has nothing to do with addresses. */
  private readonly order: StaticArray<i32>;
  private timeNs: i64 = 0;

  constructor(
    private readonly clock: Clock,
    private readonly count: i32,
    spreadNs: i64,
  ) {
    this.delays = new StaticArray<i64>(count);
    this.order = new StaticArray<i32>(count);
    for (let i = 0; i < count; i++) {
      this.timers.push(new Counted());
      this.delays[i] = 10 * SECOND + <i64>below(<u64>spreadNs);
      this.order[i] = i;
    }
    for (let i = count - 1; i > 0; i--) {
      const other = <i32>below(<u64>(i + 1));
      const swapped = this.order[i];
      this.order[i] = this.order[other];
      this.order[other] = swapped;
    }
  }

  round(sums: Sums): void {
    const start = this.clock.monotonic();
    for (let i = 0; i < this.count; i++) this.set(i, i);
    const isSet = this.clock.monotonic();
    for (let i = 0; i < this.count; i++) this.set(this.order[i], i);
    const moved = this.clock.monotonic();
    for (let i = 0; i < this.count; i++) this.wheel.remove(this.timers[this.order[i]]);
    const cancelled = this.clock.monotonic();
    sums.set += isSet - start;
    sums.move += moved - isSet;
    sums.cancel += cancelled - moved;
    for (let i = 0; i < this.count; i++) this.set(i, i);
    const again = this.clock.monotonic();
    this.expireAll();
    sums.expire += this.clock.monotonic() - again;
  }

  private set(timer: i32, delay: i32): void {
    this.wheel.set(this.timers[timer], this.timeNs + this.delays[delay], this.timeNs);
  }

  /** As a host would step that is a millisecond late. */
  private expireAll(): void {
    for (
      let deadline = this.wheel.deadline();
      deadline != i64.MAX_VALUE;
      deadline = this.wheel.deadline()
    ) {
      this.timeNs = max(this.timeNs, deadline + MILLISECOND);
      observation().steps++;
      this.wheel.dispatch(this.timeNs);
    }
  }
}

export function main(os: Devices): void {
  const count = <i32>os.arguments.count;
  const bench = new Bench(os.clock, count, os.arguments.spread);
  bench.round(new Sums());
  const rounds = max(1, 2_000_000 / count);
  const sums = new Sums();
  fired = 0;
  for (let i = 0; i < rounds; i++) bench.round(sums);
  const all = <f64>count * <f64>rounds;
  os.console.writeLine(
    `{"set":${<f64>sums.set / all},"move":${<f64>sums.move / all},"cancel":${<f64>sums.cancel / all},"expire":${<f64>sums.expire / all},"fired":${fired / rounds}}`,
  );
}
