// What JavaScript's own async functions and generators need for what the fibres of a benchmark do.

/** `count` generators that yield `rounds` times each at a depth of calls, round robin. ns for each switch. */
export function generators(count, rounds, depth) {
  function* descend(left) {
    if (left === 0) {
      for (let round = rounds; round > 0; round--) yield;
      return 0;
    }
    return (yield* descend(left - 1)) + 1;
  }
  const all = Array.from({ length: count }, () => descend(depth));
  const start = performance.now();
  for (let live = all; live.length > 0;) live = live.filter((generator) => !generator.next().done);
  return ((performance.now() - start) * 1e6) / (count * rounds);
}

/** The same with async functions: each awaits a settled promise. */
export async function asyncFunctions(count, rounds, depth) {
  async function descend(left) {
    if (left === 0) {
      for (let round = rounds; round > 0; round--) await undefined;
      return 0;
    }
    return (await descend(left - 1)) + 1;
  }
  const start = performance.now();
  await Promise.all(Array.from({ length: count }, () => descend(depth)));
  return ((performance.now() - start) * 1e6) / (count * rounds);
}

/** A bounded channel for async functions, as small as it can be. */
class Channel {
  #values = [];
  #head = 0;
  #receivers = [];
  #senders = [];
  #closed = false;

  constructor(capacity) {
    this.capacity = capacity;
  }

  async send(value) {
    while (this.#values.length - this.#head >= this.capacity)
      await new Promise((resolve) => this.#senders.push(resolve));
    this.#values.push(value);
    this.#receivers.shift()?.();
  }

  /** undefined: closed and empty. */
  async receive() {
    while (this.#head === this.#values.length) {
      if (this.#closed) return undefined;
      await new Promise((resolve) => this.#receivers.push(resolve));
    }
    const value = this.#values[this.#head++];
    if (this.#head === this.#values.length) {
      this.#values.length = 0;
      this.#head = 0;
    }
    this.#senders.shift()?.();
    return value;
  }

  close() {
    this.#closed = true;
    for (const wake of this.#receivers) wake();
  }
}

/** A source, stages and a sink. Returns ms, and the sum that the sink has seen. */
export async function pipeline(count, stages, room) {
  const channels = Array.from({ length: stages + 1 }, () => new Channel(room));
  let sum = 0;
  const source = async () => {
    for (let value = 0; value < count; value++) await channels[0].send(value);
    channels[0].close();
  };
  const stage = async (input, output) => {
    for (let value = await input.receive(); value !== undefined; value = await input.receive())
      await output.send(value + 1);
    output.close();
  };
  const sink = async (input) => {
    for (let value = await input.receive(); value !== undefined; value = await input.receive())
      sum += value;
  };
  const start = performance.now();
  await Promise.all([
    source(),
    ...channels.slice(1).map((output, at) => stage(channels[at], output)),
    sink(channels.at(-1)),
  ]);
  return { ms: performance.now() - start, sum };
}
