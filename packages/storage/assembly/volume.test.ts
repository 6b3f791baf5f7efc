import { NO_DEADLINE } from "@phantasm/abi";
import { Fibre, spawn, within } from "@phantasm/fibre";
import { hold, keep, said, say, settle, step } from "@phantasm/fibre/testing";
import { KeyValueFiles } from "@phantasm/fs/key-value/files";
import { TestClock } from "@phantasm/fs/key-value/testing";
import { Answers, FakeStore } from "@phantasm/fs/key-value/testing-store";
import {
  CANCELLED,
  EXISTS,
  FileList,
  FileStat,
  NOT_FOUND,
  OpenFlag,
  TIMED_OUT,
  TOO_LARGE,
} from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { FileHandle, Volume } from "./index";

const fake = hold(new FakeStore());
const files = hold(new KeyValueFiles(fake, new TestClock(), "", 4096, 4, 16, 3));
const volume = hold(new Volume(files));

const CREATE = OpenFlag.WRITE | OpenFlag.CREATE;

function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

function answer(): void {
  fake.run();
  settle();
}

function later(answers: Answers): void {
  keep();
  fake.answers = answers;
}

class Everything extends Fibre {
  run(): i32 {
    say(`make:${volume.makeDirectory("/d")}`);
    say(`write:${volume.write("/d/f", bytes("some text"))}`);
    say(`read:${volume.readText("/d/f")!}`);
    say(`write:${volume.write("/d/f", bytes("other"))}${volume.write("/d/g", bytes(""))}`);
    say(`read:${volume.readText("/d/f")!}.${volume.readText("/d/g")!}.`);
    const large = volume.read("/d/f", 4);
    say(`large:${large === null}:${volume.lastError == TOO_LARGE}`);
    const none = volume.read("/none");
    say(`none:${none === null}:${volume.lastError == NOT_FOUND}`);
    const stat = new FileStat();
    say(`stat:${volume.stat("/d/f", stat)}:${stat.size}`);
    say(`rename:${volume.rename("/d/f", "/d/h")}`);
    const list = new FileList();
    do {
      volume.list("/d", list);
      for (let i = 0; i < list.names.length; i++) say(list.names[i]);
    } while (list.next != "");
    const file = volume.open("/d/h", CREATE)!;
    file.position = file.size;
    say(`more:${file.write(bytes(" words"))}${file.write(bytes("!"))}:${file.size}`);
    file.position = 3;
    const buffer = new Uint8Array(4);
    for (let read = file.read(buffer); read > 0; read = file.read(buffer))
      say(String.UTF8.decodeUnsafe(buffer.dataStart, read));
    say(`truncate:${file.truncate(2)}:${file.size} sync:${file.sync()}`);
    file.close();
    const again = volume.open("/d/h", CREATE | OpenFlag.EXCLUSIVE);
    say(`again:${again === null}:${volume.lastError == EXISTS}`);
    say(`remove:${volume.remove("/d/h")}${volume.remove("/d/g")}${volume.remove("/d")}`);
    return 0;
  }
}

const TRANSCRIPT =
  "make:0 write:0 read:some text write:00 read:other.. large:true:true none:true:true stat:0:5 " +
  "rename:0 g h more:00:12 er w ords ! truncate:0:2 sync:0 again:true:true remove:000";

describe("a volume", () => {
  test("answers fibres at once", () => {
    later(Answers.AT_ONCE);
    spawn(new Everything("everything"));
    settle();
    expect(said()).toBe(TRANSCRIPT);
  });

  test("or lets them wait", () => {
    later(Answers.LATER);
    spawn(new Everything("everything"));
    settle();
    expect(said()).toBe("");
    for (let turns = 0; turns < 200; turns++) answer();
    expect(said()).toBe(TRANSCRIPT);
  });
});

enum Kind {
  OPEN,
  READ_ALL,
  WRITE_ALL,
  STAT,
  LIST,
  REMOVE,
  RENAME,
  MAKE,
  READ,
  WRITE,
  TRUNCATE,
  SYNC,
}
const KINDS: i32 = 12;

class Impatient extends Fibre {
  private file: FileHandle | null = null;

  constructor(
    private readonly kind: Kind,
    private readonly deadlineNs: i64,
  ) {
    super("impatient");
  }

  run(): i32 {
    volume.write("/f", bytes("text"));
    if (this.kind >= Kind.READ) this.file = volume.open("/f", OpenFlag.WRITE);
    fake.answers = Answers.LATER;
    const result = this.wait();
    say(`${result}`);
    // What was left behind on it goes on.
    if (this.file !== null) this.file!.close();
    return result;
  }

  private wait(): i32 {
    const deadline = this.deadlineNs;
    switch (this.kind) {
      case Kind.OPEN: {
        const file = volume.open("/f", OpenFlag.READ, deadline);
        if (file !== null) file.close();
        return volume.lastError;
      }
      case Kind.READ_ALL: {
        const content = volume.read("/f", 100, deadline);
        return content === null ? volume.lastError : 0;
      }
      case Kind.WRITE_ALL:
        return volume.write("/f", bytes("other"), deadline);
      case Kind.STAT:
        return volume.stat("/f", new FileStat(), deadline);
      case Kind.LIST:
        return volume.list("/", new FileList(), deadline);
      case Kind.REMOVE:
        return volume.remove("/f", deadline);
      case Kind.RENAME:
        return volume.rename("/f", "/g", deadline);
      case Kind.MAKE:
        return volume.makeDirectory("/d", deadline);
      case Kind.READ:
        return this.file!.read(new Uint8Array(4), deadline);
      case Kind.WRITE:
        return this.file!.write(bytes("longer"), deadline);
      case Kind.TRUNCATE:
        return this.file!.truncate(1, deadline);
      default:
        return this.file!.sync(deadline);
    }
  }
}

/** As many files as may be open: none of those that were left behind is among them. */
class Opens extends Fibre {
  run(): i32 {
    const handles: FileHandle[] = [];
    for (let i = 0; i < 5; i++) {
      const file = volume.open("/all", CREATE);
      if (file !== null) handles.push(file);
    }
    say(`${handles.length}`);
    for (let i = 0; i < handles.length; i++) handles[i].close();
    return 0;
  }
}

function expectNoneOpen(kind: i32): void {
  fake.answers = Answers.AT_ONCE;
  spawn(new Opens("opens"));
  settle();
  expect(`${kind}: ${said()} files`).toBe(`${kind}: 4 files`);
}

describe("who does not wait any longer", () => {
  test("leaves no file open, whatever the operation comes to", () => {
    later(Answers.AT_ONCE);
    for (let kind = 0; kind < KINDS; kind++) {
      // After some answers, so that each thing that is waited for is left behind once.
      for (let answers = 0; answers < 4; answers++) {
        fake.answers = Answers.AT_ONCE;
        spawn(new Impatient(kind, within(100)));
        settle();
        for (let i = 0; i < answers; i++) {
          fake.run(1);
          settle();
        }
        step(200);
        settle();
        const result = said();
        if (answers == 0) expect(`${kind}:${result}`).toBe(`${kind}:${TIMED_OUT}`);
        for (let i = 0; i < 10; i++) answer();
        expectNoneOpen(kind);
      }
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
      for (let i = 0; i < 10; i++) answer();
      expectNoneOpen(kind);
    }
  });

  test("and the store fails then", () => {
    later(Answers.AT_ONCE);
    for (let kind = 0; kind < KINDS; kind++) {
      fake.answers = Answers.AT_ONCE;
      spawn(new Impatient(kind, within(100)));
      settle();
      step(200);
      settle();
      said();
      fake.failAt = fake.operations;
      fake.failStatus = -66;
      for (let i = 0; i < 10; i++) answer();
      fake.failAt = -1;
      expectNoneOpen(kind);
    }
  });
});
