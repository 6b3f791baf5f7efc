import { describe, expect, it } from "vitest";
import { VirtualTime } from "../../testing/virtual-time.js";
import { Disk } from "../testing/disk.js";
import type { DiskFile } from "./disk-file.js";
import { QueuedFileDisk } from "./queued-file.js";

type Done = (error: Error | null, bytes: number) => void;

/** A file whose threads do nothing until the test says so. */
class Threads implements DiskFile {
  readonly bytes = new Uint8Array(64 * 512);
  readonly waiting: { readonly what: string; readonly act: (error?: Error) => void }[] = [];
  syncs: ((error: Error | null) => void)[] = [];
  atOnce = 0;
  closed = false;
  callBytesMax = Infinity;

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    this.atOnce++;
    into.set(this.bytes.subarray(position, position + length), offset);
    return length;
  }

  write(from: Uint8Array, offset: number, length: number, position: number): number {
    this.atOnce++;
    this.bytes.set(from.subarray(offset, offset + length), position);
    return length;
  }

  readLater(into: Uint8Array, offset: number, length: number, position: number, done: Done): void {
    const count = Math.min(length, this.callBytesMax);
    this.#wait(`read ${position / 512}`, done, count, () =>
      into.set(this.bytes.subarray(position, position + count), offset),
    );
  }

  writeLater(from: Uint8Array, offset: number, length: number, position: number, done: Done): void {
    const count = Math.min(length, this.callBytesMax);
    this.#wait(`write ${position / 512}`, done, count, () =>
      this.bytes.set(from.subarray(offset, offset + count), position),
    );
  }

  sync(done: (error: Error | null) => void): void {
    this.syncs.push(done);
  }

  close(): void {
    this.closed = true;
  }

  /** Lets the request that has waited longest be carried out. */
  next(error?: Error): void {
    this.waiting.shift()!.act(error);
  }

  #wait(what: string, done: Done, count: number, act: () => void): void {
    this.waiting.push({
      what,
      act: (error) => {
        if (error === undefined) act();
        done(error ?? null, error === undefined ? count : 0);
      },
    });
  }
}

function bench() {
  const file = new Threads();
  const backend = new QueuedFileDisk(file, { sectors: 64, sectorBytes: 512, readonly: false });
  const disk = new Disk(backend);
  const write = (sector: number): boolean =>
    backend.submit({ operation: "write", sector, data: disk.pattern(1, sector), tag: sector });
  const read = (sector: number): boolean =>
    backend.submit({ operation: "read", sector, sectors: 1, tag: sector, pointer: sector * 512 });
  const waiting = () => file.waiting.map(({ what }) => what);
  return { file, disk, backend, write, read, waiting };
}

describe("a disk on other threads", () => {
  it("carries out a request that is alone when it is asked for", async () => {
    const { file, disk } = bench();
    expect(await disk.write(1, disk.pattern(1, 9))).toBe("ok");
    expect(await disk.read(1, 1)).toEqual(disk.pattern(1, 9));
    expect(file.atOnce).toBe(2);
    expect(file.waiting).toEqual([]);
  });

  it("sends lone requests to a thread for a while after one was slow", async () => {
    const file = new Threads();
    const { clock } = new VirtualTime();
    const options = { sectors: 64, sectorBytes: 512, readonly: false } as const;
    const disk = new Disk(new QueuedFileDisk(file, options, clock));
    const slow = file.read.bind(file);
    file.read = (...range) => {
      clock.advance(1_000_000n);
      return slow(...range);
    };
    await disk.read(0, 1);
    expect(file.atOnce).toBe(1);
    for (let round = 0; round < 64; round++) {
      const read = disk.read(1, 1);
      file.next();
      await read;
    }
    expect(file.atOnce).toBe(1);
    await disk.read(0, 1);
    expect(file.atOnce).toBe(2);
  });

  it("runs four of many, in their order, and completes them as they come", () => {
    const { file, disk, read, waiting } = bench();
    for (let sector = 0; sector < 6; sector++) read(sector);
    expect(waiting()).toEqual(["read 0", "read 1", "read 2", "read 3"]);
    file.waiting.splice(1, 1)[0]!.act();
    expect(waiting()).toEqual(["read 0", "read 2", "read 3", "read 4"]);
    expect(disk.take()).toMatchObject({ request: { tag: 1 }, status: "ok" });
    expect(disk.take()).toBeNull();
  });

  it("flushes when the writes before it are with the kernel, whatever comes after", () => {
    const { file, disk, backend, write } = bench();
    write(1);
    write(2);
    backend.submit({ operation: "flush", tag: 99 });
    write(3);
    file.next();
    expect(file.syncs).toHaveLength(0);
    file.next();
    expect(file.syncs).toHaveLength(1);
    file.syncs[0]!(null);
    const tags = [disk.take(), disk.take(), disk.take()].map((each) => each?.request.tag);
    expect(tags).toEqual([1, 2, 99]);
  });

  it("flushes for a write that was alone", () => {
    const { file, backend, write, waiting } = bench();
    write(1);
    backend.submit({ operation: "flush", tag: 99 });
    expect(waiting()).toEqual(["write 1"]);
    expect(file.syncs).toHaveLength(0);
    file.next();
    expect(file.syncs).toHaveLength(1);
  });

  it("goes on where a thread stopped short or was interrupted, and reports errors", () => {
    const { file, disk, read, write } = bench();
    read(0);
    write(7);
    file.callBytesMax = 500;
    file.next(Object.assign(new Error("EINTR"), { code: "EINTR" }));
    file.next(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }));
    expect(disk.take()).toMatchObject({ request: { tag: 7 }, status: "nospace" });
    file.next();
    expect(disk.take()).toBeNull();
    file.next();
    expect(disk.take()).toMatchObject({ request: { tag: 0 }, status: "ok" });
  });

  it("keeps what is written from the moment it is submitted", () => {
    const { file, disk, backend } = bench();
    const data = disk.pattern(1, 1);
    backend.submit({ operation: "write", sector: 0, data, tag: 1 });
    data.fill(0);
    expect(disk.take()).toMatchObject({ status: "ok" });
    expect(file.bytes.slice(0, 512)).toEqual(disk.pattern(1, 1));
  });

  it("waits with closing for all that was accepted", async () => {
    const { file, backend, write } = bench();
    write(1);
    const closing = backend.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(file.closed).toBe(false);
    file.next();
    await closing;
    expect(file.closed).toBe(true);
  });

  it("refuses more than it has buffers for only by an error of the caller", () => {
    const { write, backend } = bench();
    for (let sector = 0; sector < backend.depth; sector++) write(sector);
    expect(() => write(40)).toThrow("more requests are in flight than this disk takes");
  });
});
