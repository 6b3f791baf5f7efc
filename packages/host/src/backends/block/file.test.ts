import { describe, expect, it } from "vitest";
import { Disk } from "../testing/disk.js";
import type { DiskFile } from "./disk-file.js";
import { FileDisk } from "./file.js";

/** A file in memory that fails, falls short and syncs as the test says. */
class ScriptedFile implements DiskFile {
  readonly bytes = new Uint8Array(64 * 512);
  readonly syncs: ((error: Error | null) => void)[] = [];
  /** Bytes one call moves at most. */
  callBytesMax = Infinity;
  endOfFile = this.bytes.length;
  readonly failures: string[] = [];
  calls = 0;
  closed = false;

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    this.#call();
    const bytes = Math.max(0, Math.min(length, this.callBytesMax, this.endOfFile - position));
    into.set(this.bytes.subarray(position, position + bytes), offset);
    return bytes;
  }

  write(from: Uint8Array, offset: number, length: number, position: number): number {
    this.#call();
    const bytes = Math.min(length, this.callBytesMax);
    this.bytes.set(from.subarray(offset, offset + bytes), position);
    return bytes;
  }

  readLater(): void {
    throw new Error("this disk reads at once");
  }

  writeLater(): void {
    throw new Error("this disk writes at once");
  }

  sync(done: (error: Error | null) => void): void {
    this.syncs.push(done);
  }

  close(): void {
    this.closed = true;
  }

  #call(): void {
    this.calls++;
    const code = this.failures.shift();
    if (code !== undefined) throw failure(code);
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function bench() {
  const file = new ScriptedFile();
  const disk = new Disk(new FileDisk(file, { sectors: 64, sectorBytes: 512, readonly: false }));
  const flush = (tag: number): boolean => disk.backend.submit({ operation: "flush", tag });
  const taken = (): string[] => {
    const result: string[] = [];
    for (let next = disk.take(); next !== null; next = disk.take()) {
      result.push(`${next.request.tag} ${next.status}`);
    }
    return result;
  };
  return { file, disk, flush, taken };
}

describe("reads and writes", () => {
  it("go on where a short call stopped", async () => {
    const { file, disk } = bench();
    file.callBytesMax = 100;
    const data = disk.pattern(2, 7);
    expect(await disk.write(3, data)).toBe("ok");
    expect(file.calls).toBe(11);
    expect(await disk.read(3, 2)).toEqual(data);
    expect(file.calls).toBe(22);
  });

  it("are repeated when a signal interrupts them", async () => {
    const { file, disk } = bench();
    file.failures.push("EINTR", "EINTR");
    expect(await disk.write(0, disk.pattern(1, 1))).toBe("ok");
    file.failures.push("EINTR");
    expect(await disk.read(0, 1)).toEqual(disk.pattern(1, 1));
  });

  it.each([
    ["ENOSPC", "nospace"],
    ["EDQUOT", "nospace"],
    ["EFBIG", "nospace"],
    ["EIO", "io"],
    ["EBADF", "io"],
  ])("answer %s as %s, and the disk goes on", async (code, status) => {
    const { file, disk } = bench();
    file.failures.push(code);
    expect(await disk.write(0, disk.pattern(1, 1))).toBe(status);
    file.failures.push(code);
    await expect(disk.read(0, 1)).rejects.toThrow("read: io");
    expect(await disk.write(0, disk.pattern(1, 2))).toBe("ok");
    expect(await disk.read(0, 1)).toEqual(disk.pattern(1, 2));
  });

  it("answer io where the file was cut short, and say so", () => {
    const { file, disk } = bench();
    file.endOfFile = 600;
    const request = { operation: "read", sector: 0, sectors: 2, tag: 5, pointer: 1 } as const;
    expect(disk.backend.submit(request)).toBe(true);
    expect(disk.take()).toEqual({ request, status: "io" });
  });
});

describe("flush", () => {
  it("completes only when the sync that began after it has ended", () => {
    const { file, flush, taken } = bench();
    flush(1);
    expect(taken()).toEqual([]);
    flush(2);
    flush(3);
    // 2 and 3 came while the first sync ran: it does not cover them, one second sync does.
    expect(file.syncs).toHaveLength(1);
    file.syncs[0]!(null);
    expect(taken()).toEqual(["1 ok"]);
    expect(file.syncs).toHaveLength(2);
    file.syncs[1]!(null);
    expect(taken()).toEqual(["2 ok", "3 ok"]);
    expect(file.syncs).toHaveLength(2);
  });

  it("does not hold up reads and writes", async () => {
    const { disk, flush, taken } = bench();
    flush(1);
    expect(await disk.write(0, disk.pattern(1, 1))).toBe("ok");
    expect(await disk.read(0, 1)).toEqual(disk.pattern(1, 1));
    expect(taken()).toEqual([]);
  });

  it.each([
    ["EIO", "io"],
    ["ENOSPC", "nospace"],
  ])("that fails with %s answers %s, and io for everything after", async (code, status) => {
    const { file, disk, flush, taken } = bench();
    flush(1);
    flush(2);
    file.syncs[0]!(failure(code));
    expect(taken()).toEqual([`1 ${status}`, "2 io"]);
    const before = file.calls;
    expect(await disk.write(0, disk.pattern(1, 1))).toBe("io");
    await expect(disk.read(0, 1)).rejects.toThrow("read: io");
    expect(await disk.discard(0, 1)).toBe("io");
    expect(await disk.flush()).toBe("io");
    expect(file.calls).toBe(before);
    expect(file.syncs).toHaveLength(1);
  });

  it("is waited for by close", async () => {
    const { file, disk, flush, taken } = bench();
    flush(1);
    flush(2);
    const closing = disk.backend.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(file.closed).toBe(false);
    file.syncs[0]!(null);
    expect(file.closed).toBe(false);
    file.syncs[1]!(null);
    await closing;
    expect(file.closed).toBe(true);
    expect(taken()).toEqual(["1 ok", "2 ok"]);
  });
});
