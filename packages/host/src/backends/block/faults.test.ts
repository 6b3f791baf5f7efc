import { describe, expect, it } from "vitest";
import { VirtualTime } from "../../testing/virtual-time.js";
import { Disk } from "../testing/disk.js";
import { blockFaults, type FaultOptions } from "./faults.js";
import { parseFaultsOption } from "./faults-options.js";
import { MemoryDisk } from "./memory.js";

function faulty(options: FaultOptions, bytes = 65_536) {
  const backend = blockFaults(new MemoryDisk(bytes), { seed: 7, ...options });
  return { backend, disk: new Disk(backend) };
}

describe("faults", () => {
  it("are the same for the same seed", async () => {
    const run = async (seed: number): Promise<string> => {
      const { disk } = faulty({ seed, writeError: 0.5 });
      let text = "";
      for (let at = 0; at < 40; at++)
        text += (await disk.write(at, disk.pattern(1, at))) === "ok" ? "." : "x";
      return text;
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });

  it("errors leave the disk as it was", async () => {
    const { disk, backend } = faulty({ writeError: 1, flushError: 1 });
    expect(await disk.write(0, disk.pattern(1, 1))).toBe("io");
    expect(await disk.flush()).toBe("io");
    expect(await disk.read(0, 1)).toEqual(new Uint8Array(512));
    expect(backend.counters).toMatchObject({ errors: 2 });
    await expect(faulty({ readError: 1 }).disk.read(0, 1)).rejects.toThrow("read: io");
  });

  it("short writes store whole sectors from the first, and say io", async () => {
    const memory = new MemoryDisk(65_536);
    const disk = new Disk(blockFaults(memory, { seed: 3, short: 1 }));
    expect(await disk.write(0, new Uint8Array(16 * 512).fill(1))).toBe("io");
    const plain = new Disk(memory);
    const stored = [...(await plain.read(0, 16))].filter((byte) => byte === 1).length;
    expect(stored % 512).toBe(0);
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(16 * 512);
  });

  it("torn writes end within a sector", async () => {
    const memory = new MemoryDisk(65_536);
    const disk = new Disk(blockFaults(memory, { seed: 3, torn: 1 }));
    expect(await disk.write(0, new Uint8Array(16 * 512).fill(1))).toBe("io");
    const image = await new Disk(memory).read(0, 16);
    const end = image.findIndex((byte) => byte !== 1);
    expect(end % 512).not.toBe(0);
    const next = Math.ceil(end / 512) * 512;
    expect(image.subarray(next).every((byte) => byte === 0)).toBe(true);
  });

  it("flips change one bit and say ok", async () => {
    const bits = (bytes: Uint8Array): number =>
      bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
    const reads = faulty({ readFlip: 1 });
    expect(bits(await reads.disk.read(0, 4))).toBe(1);
    const writes = faulty({ writeFlip: 1 });
    const data = new Uint8Array(4 * 512);
    expect(await writes.disk.write(0, data)).toBe("ok");
    expect(bits(data)).toBe(0);
    expect(bits(await writes.disk.read(0, 4))).toBe(1);
  });

  it("slow requests take their time, and nothing overtakes them", () => {
    const time = new VirtualTime();
    const { disk } = faulty({ delayNs: 1000, clock: time.clock, scheduler: time });
    const data = disk.pattern(1, 1);
    disk.backend.submit({ operation: "write", sector: 0, data, tag: 1 });
    data.fill(0);
    disk.backend.submit({ operation: "flush", tag: 2 });
    expect(disk.take()).toBeNull();
    time.advance(999n);
    expect(disk.take()).toBeNull();
    time.advance(1n);
    expect([disk.take()?.request.tag, disk.take()?.request.tag]).toEqual([1, 2]);
    expect(disk.wakes).toBeGreaterThan(0);
  });

  it("tells a seed that was made up", () => {
    const disk = blockFaults(new MemoryDisk(512), { readError: 0.5 });
    expect(disk.notices).toEqual([`faults with seed=${disk.seed}, which repeats them`]);
    expect(faulty({}).backend.notices).toEqual([]);
  });
});

describe("a cache that loses what is not flushed", () => {
  it("gives back what was written, and keeps only what was flushed", async () => {
    const memory = new MemoryDisk(65_536);
    let kept: Uint8Array | null = null;
    const close = memory.close.bind(memory);
    memory.close = async () => {
      kept = await new Disk(memory).read(0, 2);
      await close();
    };
    const disk = new Disk(blockFaults(memory, { seed: 1, lose: 1 }));
    const [first, second] = [disk.pattern(1, 1), disk.pattern(1, 2)];
    await disk.write(0, first);
    expect(await disk.read(0, 1)).toEqual(first);
    expect(await disk.flush()).toBe("ok");
    await disk.write(1, second);
    expect(await disk.read(1, 1)).toEqual(second);
    await disk.backend.close();
    expect(kept!.slice(0, 512)).toEqual(first);
    expect(kept!.slice(512)).toEqual(new Uint8Array(512));
  });
});

describe("parseFaultsOption", () => {
  it("reads shares, a delay and a seed", () => {
    expect(parseFaultsOption("disk=read-error=1%,torn=0.1%,delay=20ms,lose=50%,seed=7")).toEqual({
      name: "disk",
      description: { readError: 0.01, torn: 0.001, delayNs: 20e6, lose: 0.5, seed: 7 },
    });
    expect(parseFaultsOption("short=100%")).toEqual({ name: null, description: { short: 1 } });
  });

  it.each([
    ["read-error=0.01", '"0.01" is not a value of read-error='],
    ["read-eror=1%", 'there is no setting "read-eror"; did you mean read-error=?'],
    ["delay=2h", '"2h" is not a value of delay='],
    ["torn", '"torn" has no value'],
  ])("refuses %j", (text, problem) => {
    expect(() => parseFaultsOption(text)).toThrow(
      `--block-faults ${text}: ${problem}\nthe form is`,
    );
  });
});
