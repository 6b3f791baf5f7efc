import { NO_DEADLINE } from "@phantasm/abi";
import { Fibre, spawn, within } from "@phantasm/fibre";
import { hold, keep, said, say, settle, step } from "@phantasm/fibre/testing";
import { Answers, FakeStore } from "@phantasm/fs/key-value/testing-store";
import {
  Batch,
  CANCELLED,
  CONFLICT,
  EXHAUSTED,
  Errno,
  NOT_FOUND,
  PENDING,
  TIMED_OUT,
  Value,
} from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Frozen, Scan, Sink, Store, Stream } from "./index";

const fake = hold(new FakeStore());
const store = hold(new Store(fake));

function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** Tells what waits its results, and lets the fibres go on. */
function answer(): void {
  fake.run();
  settle();
}

/** From now on the store answers at once, or when `answer` is called. */
function later(answers: Answers): void {
  keep();
  fake.answers = answers;
}

class Everything extends Fibre {
  run(): i32 {
    say(`opened:${store.opened()}`);
    say(`put:${store.putText("a", "one")}`);
    say(`put:${store.put(bytes("b"), bytes("two"))}`);
    say(`get:${store.getText("a")!}`);
    say(`has:${store.has(bytes("a"))}${store.has(bytes("z"))}`);
    const none = store.getText("z");
    say(`none:${none === null}:${store.lastError == NOT_FOUND}`);
    const value = new Value();
    say(`get:${store.get(bytes("b"), value)}:${value.text()}`);
    const batch = new Batch().require(bytes("b"), 1).put(bytes("c"), bytes("x"));
    say(`conflict:${store.commit(batch) == CONFLICT}`);
    say(`sync:${store.sync()}`);
    const frozen = store.snapshot()!;
    say(`delete:${store.delete(bytes("a"))}`);
    for (const scan = store.scan(); scan.next() == 1;) say(`${scan.keyText}=${scan.value.text()}`);
    const scan = frozen.scan(null, null, null, true);
    while (scan.next() == 1) say(`${scan.keyText}=${scan.value.text()}`);
    say(frozen.getText("a")!);
    frozen.release();
    const sink = store.create(bytes("large"))!;
    say(`write:${sink.write(bytes("some more"), 0, 5)}${sink.write(bytes("some more"), 5, 4)}`);
    say(`commit:${sink.commit()}`);
    const stream = store.open(bytes("large"), new Value())!;
    say(`size:${stream.size}`);
    const buffer = new Uint8Array(6);
    for (let read = stream.read(buffer); read > 0; read = stream.read(buffer))
      say(String.UTF8.decodeUnsafe(buffer.dataStart, read));
    stream.close();
    const missing = store.open(bytes("none"), new Value());
    say(`missing:${missing === null}:${store.lastError == NOT_FOUND}`);
    return 0;
  }
}

const TRANSCRIPT =
  "opened:0 put:0 put:0 get:one has:10 none:true:true get:3:two conflict:true sync:0 delete:0 " +
  "b=two b=two a=one one write:00 commit:0 size:9 some m ore missing:true:true";

describe("a store", () => {
  test("answers fibres at once", () => {
    later(Answers.AT_ONCE);
    spawn(new Everything("everything"));
    settle();
    expect(said()).toBe(TRANSCRIPT);
    expect(fake.openStreams + fake.openSnapshots + fake.openWriters).toBe(0);
  });

  test("or lets them wait", () => {
    later(Answers.LATER);
    spawn(new Everything("everything"));
    settle();
    expect(said()).toBe("");
    for (let turns = 0; turns < 100; turns++) answer();
    expect(said()).toBe(TRANSCRIPT);
    expect(fake.openStreams + fake.openSnapshots + fake.openWriters).toBe(0);
  });

  test("that cannot be opened says why", () => {
    later(Answers.LATER);
    fake.state = PENDING;
    spawn(new Opened(50));
    spawn(new Opened(NO_DEADLINE));
    settle();
    step(60);
    settle();
    expect(said()).toBe(`opened:${TIMED_OUT}`);
    fake.state = Errno.GONE;
    answer();
    expect(said()).toBe(`opened:${Errno.GONE}`);
  });

  test("has so many writers", () => {
    later(Answers.AT_ONCE);
    spawn(new Writers("writers"));
    settle();
    expect(said()).toBe(`true:${EXHAUSTED} false:0`);
    expect(fake.openWriters).toBe(0);
  });
});

class Opened extends Fibre {
  constructor(private readonly deadlineNs: i64) {
    super("opened");
  }

  run(): i32 {
    say(`opened:${store.opened(this.deadlineNs)}`);
    return 0;
  }
}

class Writers extends Fibre {
  run(): i32 {
    const first = store.create(bytes("a"))!;
    const second = store.create(bytes("b"))!;
    let third = store.create(bytes("c"));
    say(`${third === null}:${store.lastError}`);
    first.abandon();
    third = store.create(bytes("c"));
    say(`${third === null}:${store.lastError}`);
    second.abandon();
    if (third !== null) third.abandon();
    return 0;
  }
}

enum Kind {
  GET,
  COMMIT,
  OPEN,
  SNAPSHOT,
  NEXT,
  READ,
  FROZEN_GET,
  WRITE,
  SINK_COMMIT,
}
const KINDS: i32 = 9;

/** Waits for one thing until a deadline, then closes what it has. */
class Impatient extends Fibre {
  private stream: Stream | null = null;
  private frozen: Frozen | null = null;
  private sink: Sink | null = null;
  private scan: Scan | null = null;

  constructor(
    private readonly kind: Kind,
    private readonly deadlineNs: i64,
  ) {
    super("impatient");
  }

  run(): i32 {
    this.prepare();
    fake.answers = Answers.LATER;
    const result = this.wait();
    say(`${result}`);
    // Again: a fibre that is cancelled begins nothing, and what was left behind is not disturbed.
    if (result < 0) this.after(result);
    if (this.stream !== null) this.stream!.close();
    if (this.frozen !== null) this.frozen!.release();
    if (this.sink !== null && this.kind == Kind.WRITE) this.sink!.abandon();
    return result;
  }

  private prepare(): void {
    store.putText("k", "value");
    if (this.kind == Kind.READ) this.stream = store.open(bytes("k"), new Value());
    if (this.kind == Kind.FROZEN_GET) this.frozen = store.snapshot();
    if (this.kind == Kind.NEXT) this.scan = store.scan();
    if (this.kind == Kind.WRITE || this.kind == Kind.SINK_COMMIT)
      this.sink = store.create(bytes("w"));
  }

  private wait(): i32 {
    const deadline = this.deadlineNs;
    switch (this.kind) {
      case Kind.GET:
        return store.get(bytes("k"), new Value(), deadline);
      case Kind.COMMIT:
        return store.put(bytes("x"), bytes("y"), 0, deadline);
      case Kind.OPEN: {
        const stream = store.open(bytes("k"), new Value(), deadline);
        if (stream !== null) stream.close();
        return store.lastError;
      }
      case Kind.SNAPSHOT: {
        const frozen = store.snapshot(deadline);
        if (frozen !== null) frozen.release();
        return store.lastError;
      }
      case Kind.NEXT:
        return this.scan!.next(deadline);
      case Kind.READ:
        return this.stream!.read(new Uint8Array(3), deadline);
      case Kind.FROZEN_GET:
        return this.frozen!.get(bytes("k"), new Value(), deadline);
      case Kind.WRITE:
        return this.sink!.write(bytes("y"), 0, 1, deadline);
      default:
        return this.sink!.commit(deadline);
    }
  }

  private after(result: i32): void {
    if (this.kind == Kind.NEXT) assert(this.scan!.next() == result);
    if (this.kind == Kind.WRITE) assert(this.sink!.write(bytes("y"), 0, 1) == result);
  }
}

describe("who does not wait any longer", () => {
  test("leaves nothing open", () => {
    later(Answers.AT_ONCE);
    for (let kind = 0; kind < KINDS; kind++) {
      fake.answers = Answers.AT_ONCE;
      spawn(new Impatient(kind, within(100)));
      settle();
      expect(said()).toBe("");
      step(200);
      settle();
      expect(`${kind}:${said()}`).toBe(`${kind}:${TIMED_OUT}`);
      answer();
      expect(`${kind}: ${fake.openStreams} ${fake.openSnapshots} ${fake.openWriters}`).toBe(
        `${kind}: 0 0 0`,
      );
    }
  });

  test("because it was cancelled too", () => {
    later(Answers.AT_ONCE);
    for (let kind = 0; kind < KINDS; kind++) {
      fake.answers = Answers.AT_ONCE;
      const fibre = hold(spawn(new Impatient(kind, NO_DEADLINE)));
      settle();
      fibre.cancel();
      settle();
      expect(`${kind}:${said()}`).toBe(`${kind}:${CANCELLED}`);
      answer();
      expect(`${kind}: ${fake.openStreams} ${fake.openSnapshots} ${fake.openWriters}`).toBe(
        `${kind}: 0 0 0`,
      );
    }
  });

  test("is told what came in the same step all the same", () => {
    later(Answers.AT_ONCE);
    for (let kind = 0; kind < KINDS; kind++) {
      fake.answers = Answers.AT_ONCE;
      const fibre = hold(spawn(new Impatient(kind, NO_DEADLINE)));
      settle();
      // The answer first, then the cancel; nobody has had a turn in between.
      fake.run();
      fibre.cancel();
      settle();
      const result = said();
      expect(`${kind}:${result != CANCELLED.toString()}`).toBe(`${kind}:true`);
      expect(fake.openStreams + fake.openSnapshots + fake.openWriters).toBe(0);
    }
  });

  test("begins nothing when it is cancelled before", () => {
    later(Answers.LATER);
    const before = fake.operations;
    const fibre = hold(spawn(new Everywhere("everywhere")));
    fibre.cancel();
    settle();
    expect(said()).toBe(
      `${CANCELLED} ${CANCELLED} ${CANCELLED} ${CANCELLED} ${CANCELLED} ${CANCELLED}`,
    );
    expect(fake.operations).toBe(before);
    expect(fake.openWriters).toBe(0);
  });
});

class Everywhere extends Fibre {
  run(): i32 {
    say(`${store.get(bytes("a"), new Value())}`);
    say(`${store.sync()}`);
    store.open(bytes("a"), new Value());
    say(`${store.lastError}`);
    store.snapshot();
    say(`${store.lastError}`);
    say(`${store.scan().next()}`);
    const sink = store.create(bytes("a"))!;
    say(`${sink.commit()}`);
    return 0;
  }
}

class Twice extends Fibre {
  run(): i32 {
    const sink = store.create(bytes("a"))!;
    sink.abandon();
    sink.abandon();
    return 0;
  }
}

describe("a mistake", () => {
  test("is to close twice", () => {
    expectAbort(() => {
      keep();
      spawn(new Twice("twice"));
      settle();
    }, "closed already");
  });
});
