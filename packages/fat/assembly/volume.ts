/** The parts of a volume that was found, and what operations of all kinds need: chains, commits. */
import { CORRUPT, Clock, PENDING } from "@phantasm/interfaces";
import { Geometry } from "./boot-sector";
import { SectorCache } from "./cache";
import { Disk, Transfer } from "./disk";
import { setChangedTime, setFirstCluster, ENTRY_BYTES, ENTRY_SIZE } from "./entry";
import { Log } from "./log";
import { Marks } from "./marks";
import { Node, Nodes } from "./node";
import { Operation } from "./operation";
import { Search } from "./search";
import { Space, Table, WAIT } from "./table";
import { dosTime } from "./time";

/** Zeros that one request writes. */
const ZERO_BYTES: i32 = 32_768;

const zeros = new Uint8Array(ZERO_BYTES);

/** Requests of one operation under way. */
export const DEPTH: i32 = 8;


@final
export class Volume {
  readonly cache: SectorCache;
  readonly table: Table;
  readonly space: Space;
  readonly marks: Marks;
  readonly log: Log;
  /** Changes can be made. */
  writable: bool = false;
  /** First sector of the last `run`. */
  runStart: u32 = 0;
  private nodeStep: i32 = 0;

  constructor(
    readonly disk: Disk,
    readonly geometry: Geometry,
    readonly nodes: Nodes,
    private readonly clock: Clock,
    slots: i32,
  ) {
    const cache = new SectorCache(disk, geometry, slots);
    const table = new Table(cache, geometry);
    const space = new Space(cache, table, geometry);
    const marks = new Marks(disk, cache, geometry, space);
    this.cache = cache;
    this.table = table;
    this.space = space;
    this.marks = marks;
    this.log = new Log(disk, cache, geometry, marks);
  }

  /** Of the present. */
  get time(): u32 {
    return dosTime(this.clock.wall());
  }

  /** What follows in the chain of a file, also where that is not on the disk yet. */
  after(node: Node, cluster: u32): u32 {
    if (node.head != 0 && cluster == node.tail) return node.head;
    return this.table.get(cluster);
  }

  /** The cluster of a file with this number; WAIT: `cache.status`. */
  seek(operation: Operation, node: Node, index: u32): u32 {
    const geometry = this.geometry;
    if (operation.cluster == 0 || operation.index > index) {
      operation.cluster = node.start;
      operation.index = 0;
      if (!geometry.isCluster(operation.cluster)) return this.corrupt(operation);
    }
    while (operation.index < index) {
      const next = this.after(node, operation.cluster);
      if (next == WAIT) return WAIT;
      if (!geometry.isCluster(next)) return this.corrupt(operation);
      operation.cluster = next;
      operation.index++;
    }
    return operation.cluster;
  }

  private corrupt(operation: Operation): u32 {
    operation.cluster = 0;
    this.cache.status = CORRUPT;
    return WAIT;
  }

  /**
   * Sectors in a row, from a byte of a file that is at the beginning of one: at most `sectors`. The first is
   * `runStart`. 0: `cache.status`.
   */
  run(operation: Operation, node: Node, position: u64, sectors: i32): i32 {
    const geometry = this.geometry;
    const clusterBytes = <u64>geometry.clusterBytes;
    const cluster = this.seek(operation, node, <u32>(position / clusterBytes));
    if (cluster == WAIT) return 0;
    const inCluster = <i32>(position % clusterBytes) / geometry.sectorBytes;
    this.runStart = geometry.sectorOf(cluster) + inCluster;
    const wanted = min(sectors, this.disk.transferMax);
    let found = geometry.clusterSectors - inCluster;
    let last = cluster;
    while (found < wanted) {
      const next = this.after(node, last);
      // Also when it is not known yet: what is there can be moved meanwhile.
      if (next != last + 1) break;
      last = next;
      found += geometry.clusterSectors;
      operation.cluster = last;
      operation.index++;
    }
    found = min(found, wanted);
    // The cluster of the last byte of the run.
    const over =
      operation.index - <u32>((position + <u64>(found * geometry.sectorBytes) - 1) / clusterBytes);
    operation.index -= over;
    operation.cluster -= over;
    return found;
  }
  /** Writes zeros past the cache. Returns how many sectors; 0: `cache.status`. */
  writeZeros(sector: u32, sectors: i32, transfer: Transfer): i32 {
    const most = min(this.disk.transferMax, ZERO_BYTES / this.geometry.sectorBytes);
    const count = min(sectors, most);
    this.cache.status = this.cache.forget(sector, count);
    if (this.cache.status < 0) return 0;
    if (this.disk.write(sector, count, zeros, 0, transfer)) return count;
    this.cache.status = transfer.error != 0 ? transfer.error : PENDING;
    return 0;
  }

  /** Fills a cluster with zeros: call until it returns 0. `done` of the operation counts bytes, from 0. */
  clearCluster(operation: Operation, cluster: u32): i32 {
    const geometry = this.geometry;
    while (operation.done < geometry.clusterBytes) {
      const sector = operation.done / geometry.sectorBytes;
      const count = this.writeZeros(
        geometry.sectorOf(cluster) + sector,
        geometry.clusterSectors - sector,
        operation.transfer,
      );
      if (count == 0) return this.cache.status;
      operation.done += count * geometry.sectorBytes;
    }
    const outcome = operation.transfer.outcome();
    if (outcome == 0) operation.done = 0;
    return outcome;
  }

  /** Notes that a cluster is followed by another one. Returns 0 when that was done. */
  noteLink(cluster: u32, next: u32): i32 {
    const at = this.log.change(this.table.sectorOf(cluster), this.table.offsetOf(cluster), 4);
    if (at == 0) return this.cache.status;
    store<u32>(at, (load<u32>(at) & 0xf000_0000) | next);
    return 0;
  }

  /** Notes first cluster, size and time of a file in its entry. */
  noteEntry(node: Node, first: u32, size: u32): i32 {
    const at = this.log.change(node.sector, node.offset, ENTRY_BYTES);
    if (at == 0) return this.cache.status;
    setFirstCluster(at, first);
    setChangedTime(at, node.time);
    store<u32>(at, size, ENTRY_SIZE);
    return 0;
  }

  /** Makes a file durable as it is: call until it returns 0. Its data goes first. */
  commitNode(node: Node, transfer: Transfer): i32 {
    if (!node.changed) return 0;
    const status = this.proceedNode(node, transfer);
    if (status != PENDING) {
      this.nodeStep = 0;
      this.log.clear();
    }
    return status;
  }

  private proceedNode(node: Node, transfer: Transfer): i32 {
    if (this.nodeStep == 0) {
      if (node.head != 0 && node.first != 0) {
        const status = this.noteLink(node.tail, node.head);
        if (status < 0) return status;
      }
      this.nodeStep = 1;
    }
    if (this.nodeStep == 1) {
      const status = this.noteEntry(node, node.start, node.size);
      if (status < 0) return status;
      this.nodeStep = 2;
    }
    const status = this.log.commit(transfer);
    if (status < 0) return status;
    node.first = node.start;
    node.head = 0;
    node.tail = 0;
    node.changed = false;
    return 0;
  }

  newSearch(): Search {
    return new Search(this.cache, this.table, this.geometry);
  }

  /** True when a size is one that the volume can hold. */
  isPossible(size: u32): bool {
    return <u64>size <= <u64>this.geometry.clusters * <u64>this.geometry.clusterBytes;
  }

  /** First cluster of the root; 0 on FAT12 and FAT16. */
  get root(): u32 {
    return this.geometry.rootCluster;
  }
}
