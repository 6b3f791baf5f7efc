/** Over the real store, on a disk. */
import { TestDisk } from "@phantasm/block/testing";
import { Fibre, spawn, within } from "@phantasm/fibre";
import { hold, keep, said, say, settle, step } from "@phantasm/fibre/testing";
import { KeyValueFiles } from "@phantasm/fs/key-value/files";
import { Batch, CONFLICT, TIMED_OUT, Value } from "@phantasm/interfaces";
import { KeyValueStore } from "@phantasm/kv";
import { TestClock } from "@phantasm/kv/testing";
import { describe, expect, test } from "@phantasm/testing";
import { Store, Volume } from "./index";

const disk = hold(new TestDisk(8192));
const clock = hold(new TestClock());
const raw = hold(new KeyValueStore(disk, clock, 1 << 20, 64, 2, 2, 2, 2, 1024, 0));
const store = hold(new Store(raw));
const volume = hold(new Volume(new KeyValueFiles(raw, clock, "files/", 16_384, 4, 16, 4)));

function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

function finish(): void {
  for (let quiet = 0; quiet < 3;) {
    const done = disk.run(16) + clock.run();
    settle();
    quiet = done == 0 ? quiet + 1 : 0;
  }
}

class Keys extends Fibre {
  run(): i32 {
    say(`opened:${store.opened()}`);
    say(`put:${store.putText("a", "one")}${store.putText("b", "two")}`);
    const value = new Value();
    say(`get:${store.get(bytes("a"), value)}`);
    const frozen = store.snapshot()!;
    const batch = new Batch().require(bytes("a"), value.version).put(bytes("a"), bytes("more"));
    say(`commit:${store.commit(batch)}:${store.commit(batch) == CONFLICT}`);
    say(`${frozen.getText("a")!}:${store.getText("a")!}`);
    frozen.release();
    const sink = store.create(bytes("large"))!;
    const part = new Uint8Array(50_000);
    for (let i = 0; i < 10; i++) sink.write(part.fill(i), 0, part.length);
    say(`sink:${sink.commit()}`);
    const stream = store.open(bytes("large"), value)!;
    let read = 0;
    for (let count = stream.read(part); count > 0; count = stream.read(part)) {
      assert(part[0] == read / 50_000);
      read += count;
    }
    stream.close();
    say(`stream:${read}`);
    const scan = store.scan(null, bytes("a"), bytes("c"));
    while (scan.next() == 1) say(`${scan.keyText}=${scan.value.text()}`);
    return 0;
  }
}

class Paths extends Fibre {
  run(): i32 {
    const content = new Uint8Array(100_000).fill(7);
    say(`make:${volume.makeDirectory("/d")}`);
    say(`write:${volume.write("/d/f", content)}`);
    const found = volume.read("/d/f")!;
    say(`read:${found.length}:${memory.compare(found.dataStart, content.dataStart, 100_000)}`);
    say(`rename:${volume.rename("/d/f", "/g")} remove:${volume.remove("/d")}`);
    return 0;
  }
}

class Late extends Fibre {
  run(): i32 {
    say(`late:${store.put(bytes("x"), bytes("y"), 0, within(100)) == TIMED_OUT}`);
    return 0;
  }
}

describe("on a disk", () => {
  test("keys", () => {
    keep();
    spawn(new Keys("keys"));
    finish();
    expect(said()).toBe(
      "opened:0 put:00 get:3 commit:0:true one:more sink:0 stream:500000 a=more b=two",
    );
  });

  test("files", () => {
    keep();
    spawn(new Paths("paths"));
    finish();
    expect(said()).toBe("make:0 write:0 read:100000:0 rename:0 remove:0");
  });

  test("that is too slow", () => {
    keep();
    finish();
    spawn(new Late("late"));
    settle();
    step(200);
    settle();
    expect(said()).toBe("late:true");
    finish();
    expect(disk.inFlight).toBe(0);
  });
});
