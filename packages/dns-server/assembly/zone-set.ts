/** What is served: zones that the image or a disk has, and zones by themselves, each replaced while it is answered. */
import { Zones, hashOf } from "./zone-data";

/** Half of the places are free. */
const PLACES_MIN: u32 = 8;

/** A zone that is served by itself. */
@final
export class ServedZone {
  /** Null: there is nothing to answer from, which is SERVFAIL. */
  zones: Zones | null = null;
  /** Of the name, from the root down. */
  hash: u32 = 0;
  labels: i32 = 0;

  /**
   * @param name in lower case and wire form, at least seven bytes more can be read; it stays there
   */
  constructor(
    readonly name: usize,
    readonly nameBytes: i32,
  ) {}
}

/**
 * Versions of zones. `replaceBase` and `replace` are atomic: they are called between queries, and the next query is
 * answered from what they give. What is replaced goes when nobody holds it any more (`Zones.hold`).
 */
@final
export class ZoneSet {
  private readonly others: ServedZone[] = new Array<ServedZone>();
  /** Index in `others` + 1, by hash; a power of two of places. */
  private places: usize = 0;
  private mask: u32 = PLACES_MIN - 1;
  private labelsMax: i32 = 0;

  /** There are zones by themselves. */
  hasOthers: bool = false;
  /** False: the base is still to come, so that a name in no other zone is not known to be in none. */
  hasBase: bool = true;

  /** @param base any number of zones, also none: those that lie together */
  constructor(public base: Zones) {
    base.hold();
    this.places = emptyPlaces(PLACES_MIN);
  }

  /** Answers from `zones` instead of the base. */
  replaceBase(zones: Zones): void {
    zones.hold();
    const old = this.base;
    this.base = zones;
    this.hasBase = true;
    old.release();
  }

  /** Answers for the zone from `zones`, of which there is one, with the same apex; null: from nothing. */
  replace(zone: ServedZone, zones: Zones | null): void {
    if (zones !== null) zones.hold();
    const old = zone.zones;
    zone.zones = zones;
    if (old !== null) old.release();
  }

  /** From now on this zone is answered, from nothing at first; also if the base has it. False: it is known already. */
  add(zone: ServedZone): bool {
    const labels = memory.data(128);
    let count = 0;
    for (let at = 0; load<u8>(zone.name + <usize>at) != 0; count++) {
      store<u8>(labels + <usize>count, <u8>at);
      at += <i32>load<u8>(zone.name + <usize>at) + 1;
    }
    const known = this.find(zone.name, labels, count, count);
    if (known !== null) return false;
    let hash: u32 = 0;
    for (let left = count; left > 0;) {
      const label = zone.name + <usize>load<u8>(labels + <usize>--left);
      hash = hashOf(hash, label + 1, <i32>load<u8>(label));
    }
    zone.hash = hash;
    zone.labels = count;
    this.others.push(zone);
    this.hasOthers = true;
    this.labelsMax = max(this.labelsMax, count);
    const places = this.mask + 1;
    if (<u32>this.others.length * 2 <= places) this.put(this.others.length - 1);
    else {
      heap.free(this.places);
      this.places = emptyPlaces(2 * places);
      this.mask = 2 * places - 1;
      for (let i = 0; i < this.others.length; i++) this.put(i);
    }
    return true;
  }

  private put(index: i32): void {
    const mask = this.mask;
    let place = this.others[index].hash & mask;
    while (this.entry(place) != 0) place = (place + 1) & mask;
    store<i32>(this.places + ((<usize>place) << 2), index + 1);
  }

  // @ts-ignore: decorator
  @inline
  private entry(place: u32): i32 {
    return load<i32>(this.places + ((<usize>place) << 2));
  }

  /**
   * The zone by itself that is nearest above a name, and no nearer to the root than `depth` labels; null: there is
   * none. See `Walk.toName` for the name.
   */
  find(name: usize, labels: usize, count: i32, depth: i32): ServedZone | null {
    let hash: u32 = 0;
    let found = depth <= 0 ? this.at(hash, name, labels, count, 0) : null;
    const deepest = min(count, this.labelsMax);
    for (let below = 1; below <= deepest; below++) {
      const label = name + <usize>load<u8>(labels + <usize>(count - below));
      hash = hashOf(hash, label + 1, <i32>load<u8>(label));
      if (below < depth) continue;
      const zone = this.at(hash, name, labels, count, below);
      if (zone !== null) found = zone;
    }
    return found;
  }

  /** The zone whose name is the last labels of a name. */
  private at(
    hash: u32,
    name: usize,
    labels: usize,
    count: i32,
    labelCount: i32,
  ): ServedZone | null {
    const mask = this.mask;
    let place = hash & mask;
    for (let entry = this.entry(place); entry != 0; entry = this.entry(place)) {
      const zone = this.others[entry - 1];
      place = (place + 1) & mask;
      if (zone.hash != hash || zone.labels != labelCount) continue;
      const suffix =
        labelCount == 0 ? zone.name : name + <usize>load<u8>(labels + <usize>(count - labelCount));
      if (memory.compare(zone.name, suffix, <usize>zone.nameBytes) == 0) return zone;
    }
    return null;
  }
}

function emptyPlaces(count: u32): usize {
  const bytes = (<usize>count) << 2;
  const places = heap.alloc(bytes);
  memory.fill(places, 0, bytes);
  return places;
}
