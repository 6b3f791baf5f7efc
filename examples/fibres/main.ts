import { Console, MILLISECOND } from "@phantasm/interfaces";
import { Channel, Fibre, Group, sleep } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

let asleep: i32 = 0;
let woken: i32 = 0;
/** Sleepers that were asleep at the same time. */
let together: i32 = 0;

/** Sleeps once. A fibre that sleeps takes about 130 bytes. */
class Sleeper extends Fibre {
  constructor(private readonly ns: i64) {
    super("sleeper");
  }

  run(): i32 {
    together = max(together, ++asleep);
    const outcome = sleep(this.ns);
    asleep--;
    woken++;
    return outcome;
  }
}

/** Sends the numbers from 2 on, until nobody listens. */
class Numbers extends Fibre {
  constructor(private readonly output: Channel<i32>) {
    super("numbers");
  }

  run(): i32 {
    for (let n = 2; this.output.send(n) == 0; n++);
    return 0;
  }
}

/** Lets through what is no multiple of its prime. */
class Sieve extends Fibre {
  constructor(
    private readonly prime: i32,
    private readonly input: Channel<i32>,
    private readonly output: Channel<i32>,
  ) {
    super(`sieve ${prime}`);
  }

  run(): i32 {
    while (this.input.receive() == 0) {
      const n = this.input.value;
      if (n % this.prime != 0 && this.output.send(n) != 0) break;
    }
    this.input.close();
    return 0;
  }
}

/** Ten thousand fibres at once. */
function sleepers(console: Console, count: i32): void {
  const group = new Group();
  // Their times lie within 100 ms, and have nothing to do with the order in which they are spawned.
  for (let i = 0; i < count; i++)
    group.spawn(new Sleeper((200 + ((i * 7919) % 100)) * MILLISECOND));
  const outcome = group.join();
  console.writeLine(
    `${woken} of ${count} fibres woke, ${together} slept at once, outcome ${outcome}`,
  );
}

/** A pipeline that grows: a fibre and a channel for each prime that comes out (McIlroy 1968). */
function primes(console: Console, count: i32): void {
  const group = new Group();
  let input = new Channel<i32>(8);
  group.spawn(new Numbers(input));
  let line = "primes:";
  for (let i = 0; i < count && input.receive() == 0; i++) {
    const prime = input.value;
    line += ` ${prime}`;
    const output = new Channel<i32>(8);
    group.spawn(new Sieve(prime, input, output));
    input = output;
  }
  console.writeLine(line);
  // The end of a channel travels up the pipeline, from fibre to fibre.
  input.close();
  group.join();
}

export function main(os: Devices): void {
  sleepers(os.console, <i32>os.arguments.fibres);
  primes(os.console, <i32>os.arguments.primes);
}
