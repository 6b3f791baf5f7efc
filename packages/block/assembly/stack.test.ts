/** One on top of the other, as configurations put them. */
import { Block } from "@phantasm/interfaces";
import { test } from "@phantasm/testing";
import { Cache } from "./cache/cache";
import { Checksummed } from "./checksummed/checksummed";
import { Maker, behaves, survivesCrashes, survivesErrors } from "./exercise";
import { Mirror } from "./mirror/mirror";
import { Overlay } from "./overlay/overlay";
import { RamDisk } from "./ram-disk";
import { Slice } from "./slice";
import { TestDisk } from "./testing";

/** Pages are read and written that contain what is not asked for. */
class CachedChecksums extends Maker {
  below: u64 = 400;
  mayBeCorrupt: bool = true;
  make(disks: TestDisk[]): Block {
    return new Cache(new Checksummed(disks[0], 65_536, 8), 65_536, 50, 8);
  }
}

class Everything extends Maker {
  legs: i32 = 2;
  below: u64 = 400;
  mayBeCorrupt: bool = true;
  make(disks: TestDisk[]): Block {
    const first = new Checksummed(new Slice(disks[0], 20, 380), 65_536, 6);
    const mirror = new Mirror(first, new Checksummed(disks[1], 65_536, 4), 6);
    return new Cache(mirror, 65_536, 30, 8);
  }
}

class CheckedChanges extends Maker {
  below: u64 = 500;
  mayBeCorrupt: bool = true;
  make(disks: TestDisk[]): Block {
    const base = new RamDisk(200 * 512, 512, 16);
    return new Overlay(base, new Checksummed(disks[0], 65_536, 6), 6);
  }
}

test("a cache of a checksummed disk", () => {
  behaves(new CachedChecksums(), 20, 400);
  survivesErrors(new CachedChecksums(), 30);
  survivesCrashes(new CachedChecksums(), 6, 120, 10);
});

test("a cache of a mirror of checksummed disks", () => {
  behaves(new Everything(), 10, 300);
  survivesErrors(new Everything(), 20);
  survivesCrashes(new Everything(), 5, 100, 8);
});

test("an overlay on a checksummed disk", () => {
  behaves(new CheckedChanges(), 10, 300);
  survivesCrashes(new CheckedChanges(), 5, 100, 8);
});
