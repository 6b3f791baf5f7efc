/** Paths that are found again by their addresses: one in each place, where the newest replaces the last. */
import { KeyedHash } from "@phantasm/ip/hash";
import { Ipv4Path } from "./path";


@final
export class Paths {
  private readonly places: StaticArray<Ipv4Path | null>;

  /** @param capacity a power of two */
  constructor(
    capacity: i32,
    private readonly hash: KeyedHash,
  ) {
    this.places = new StaticArray<Ipv4Path | null>(capacity);
  }

  /** The path between two addresses, if it is here; it may have to be refreshed. */
  find(source: u32, destination: u32): Ipv4Path | null {
    const path = unchecked(this.places[this.placeOf(source, destination)]);
    if (path === null || path.source != source || path.destination != destination) return null;
    return path;
  }

  put(path: Ipv4Path): void {
    this.places[this.placeOf(path.source, path.destination)] = path;
  }

  private placeOf(source: u32, destination: u32): i32 {
    return this.hash.of(source, destination) & (this.places.length - 1);
  }
}
