import { Block } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Maker, SectorReader, behaves } from "./exercise";
import { RamDisk } from "./ram-disk";
import { TestDisk } from "./testing";

class RamDisks extends Maker {
  make(disks: TestDisk[]): Block {
    return new RamDisk(300 * this.sectorBytes, this.sectorBytes, 4);
  }
}

test("behaves as a disk", () => {
  behaves(new RamDisks(), 20, 300);
  const large = new RamDisks();
  large.sectorBytes = 4096;
  behaves(large, 5, 300);
});

test("takes memory for what is written, and gives back what is discarded", () => {
  const disk = new RamDisk(1 << 20, 512, 4);
  const reader = new SectorReader(disk, []);
  expect(reader.read(2047)).toBe(0);
  expect(disk.memoryBytes).toBe(0);
  reader.buffer.fill(7);
  reader.write(127);
  reader.write(128);
  expect(disk.memoryBytes).toBe(131_072);
  expect(reader.discard(0, 128)).toBe(0);
  expect(disk.memoryBytes).toBe(65_536);
  expect(reader.read(127)).toBe(0);
  expect(reader.buffer[0]).toBe(0);
  expect(reader.discard(127, 2)).toBe(0);
  expect(reader.read(128)).toBe(0);
  expect(reader.buffer[0]).toBe(0);
  expect(disk.memoryBytes).toBe(65_536);
});
