/**
 * Where the parts of a volume lie: read once from its first sector, and checked there, so that no address
 * made of a `Geometry` is outside of the volume.
 *
 *     boot sector, FSInfo, …, the log | FAT | FAT 2 | clusters 2, 3, …
 *
 * Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03, and where it and
 * Linux differ, Linux: a volume is FAT32 when it has no 16-bit size of the FAT, however small it is.
 */

/** Bytes that `parseBootSector` looks at. */
export const BOOT_BYTES: i32 = 512;

/** Where FAT32 keeps a copy of the boot sector: the specification allows no other place (BPB_BkBootSec). */
export const BOOT_COPY_SECTOR: u32 = 6;

/** Sizes that a sector of a volume may have. */
export const SECTOR_BYTES_MIN: u32 = 512;
export const SECTOR_BYTES_MAX: u32 = 4096;

/** Offset of a byte in the boot sector of FAT32, in which bit 0 says: not unmounted. As Linux and fsck.vfat use it. */
export const BOOT_STATE_OFFSET: i32 = 0x41;

/** Bytes at the end of the reserved sectors that the log takes. */
export const LOG_BYTES: i32 = 4096;

/** Reserved sectors in front of the log that others use: boot code of Windows lies in up to 13 of them. */
const RESERVED_BEFORE_LOG: u32 = 16;

/** Clusters of a volume are numbered from here. */
export const CLUSTER_FIRST: u32 = 2;

const CLUSTERS_MAX_FAT12: u32 = 4084;
const CLUSTERS_MAX_FAT16: u32 = 65_524;
const CLUSTERS_MAX_FAT32: u64 = 0x0fff_fff4;
const FATS_MAX: i32 = 4;


@final
export class Geometry {
  sectorBytes: i32 = 0;
  clusterSectors: i32 = 0;
  clusterBytes: i32 = 0;
  /** Of an entry in the FAT: 12, 16 or 32. */
  bits: i32 = 0;
  /** First sector of the FAT that counts. */
  fatStart: u32 = 0;
  /** Sectors of one copy. */
  fatSectors: u32 = 0;
  /** Copies that are written, that one included; the others follow it. */
  fatCopies: i32 = 0;
  /** FAT12 and FAT16: the root is here, and has so many entries. */
  rootStart: u32 = 0;
  rootEntries: u32 = 0;
  /** FAT32: the root is a chain. Else 0. */
  rootCluster: u32 = 0;
  /** First sector of cluster 2. */
  dataStart: u32 = 0;
  clusters: u32 = 0;
  sectors: u32 = 0;
  /** FSInfo; 0: none. */
  infoSector: u32 = 0;
  /** The log of this package; 0: there is no room for it. */
  logStart: u32 = 0;
  serial: u32 = 0;
  /** What the first entry of a FAT repeats in its lowest byte. */
  media: u32 = 0;
  /** It was read from the copy of the boot sector. */
  isCopy: bool = false;

  /** The first sector of a cluster that `isCluster`. */
  @inline
  sectorOf(cluster: u32): u32 {
    return this.dataStart + (cluster - CLUSTER_FIRST) * <u32>this.clusterSectors;
  }


  @inline
  isCluster(cluster: u32): bool {
    return cluster - CLUSTER_FIRST < this.clusters;
  }

  /** True for sectors that a log may change: the FAT that counts, and the clusters. */
  isChangeable(sector: u32): bool {
    if (sector - this.fatStart < this.fatSectors) return true;
    return (
      sector >= this.dataStart && sector - this.dataStart < this.clusters * <u32>this.clusterSectors
    );
  }
}

function isPowerOfTwo(value: u32): bool {
  return value != 0 && (value & (value - 1)) == 0;
}

/**
 * Reads the boot sector at `at`, of a device with so many bytes and sectors of that size. Null when it is
 * none, or says what cannot be.
 */
export function parseBootSector(
  at: usize,
  deviceBytes: u64,
  deviceSectorBytes: i32,
): Geometry | null {
  if (load<u16>(at, 510) != 0xaa55) return null;
  const sectorBytes = <u32>load<u16>(at, 11);
  const clusterSectors = <u32>load<u8>(at, 13);
  const reserved = <u32>load<u16>(at, 14);
  const fats = <i32>load<u8>(at, 16);
  const rootEntries = <u32>load<u16>(at, 17);
  const media = <u32>load<u8>(at, 21);
  if (sectorBytes < SECTOR_BYTES_MIN || sectorBytes > SECTOR_BYTES_MAX) return null;
  if (!isPowerOfTwo(sectorBytes)) return null;
  if (<i32>sectorBytes < deviceSectorBytes) return null;
  if (!isPowerOfTwo(clusterSectors) || clusterSectors > 128) return null;
  if (reserved == 0 || fats < 1 || fats > FATS_MAX) return null;
  if (media != 0xf0 && media < 0xf8) return null;
  let sectors = <u32>load<u16>(at, 19);
  if (sectors == 0) sectors = load<u32>(at, 32);
  let fatSectors = <u32>load<u16>(at, 22);
  const is32 = fatSectors == 0;
  if (is32) fatSectors = load<u32>(at, 36);
  if (fatSectors == 0 || (is32 ? rootEntries != 0 : rootEntries == 0)) return null;

  const rootSectors = (rootEntries * 32 + sectorBytes - 1) / sectorBytes;
  const dataStart = <u64>reserved + <u64>fats * fatSectors + rootSectors;
  if (dataStart >= <u64>sectors || <u64>sectors * sectorBytes > deviceBytes) return null;
  let clusters: u64 = (<u64>sectors - dataStart) / clusterSectors;
  const bits = is32 ? 32 : clusters <= CLUSTERS_MAX_FAT12 ? 12 : 16;
  if (!is32 && clusters > CLUSTERS_MAX_FAT16) return null;
  // Linux takes as many clusters as the FAT has entries for; so do we.
  const entries = (<u64>fatSectors * sectorBytes * 8) / bits;
  if (entries <= CLUSTER_FIRST) return null;
  clusters = min(min(clusters, entries - CLUSTER_FIRST), CLUSTERS_MAX_FAT32);
  if (clusters == 0) return null;

  const geometry = new Geometry();
  geometry.sectorBytes = sectorBytes;
  geometry.clusterSectors = clusterSectors;
  geometry.clusterBytes = clusterSectors * sectorBytes;
  geometry.bits = bits;
  geometry.fatSectors = fatSectors;
  geometry.fatStart = reserved;
  geometry.fatCopies = fats;
  geometry.rootEntries = rootEntries;
  geometry.rootStart = reserved + fats * fatSectors;
  geometry.dataStart = <u32>dataStart;
  geometry.clusters = <u32>clusters;
  geometry.sectors = sectors;
  geometry.media = media;
  if (is32 && !parseFat32(at, geometry, reserved, fats)) return null;
  return geometry;
}

/**
 * Reads the copy of the boot sector at `at`, found in a volume with sectors of that size; as `parseBootSector`.
 * Null also when it does not say that it lies there.
 */
export function parseBootCopy(
  at: usize,
  sectorBytes: u32,
  deviceBytes: u64,
  deviceSectorBytes: i32,
): Geometry | null {
  const geometry = parseBootSector(at, deviceBytes, deviceSectorBytes);
  if (geometry === null || geometry.bits != 32 || geometry.sectorBytes != <i32>sectorBytes)
    return null;
  if (load<u16>(at, 50) != <u16>BOOT_COPY_SECTOR) return null;
  geometry.isCopy = true;
  return geometry;
}

/** The fields that only FAT32 has. */
function parseFat32(at: usize, geometry: Geometry, reserved: u32, fats: i32): bool {
  const flags = <u32>load<u16>(at, 40);
  geometry.rootCluster = load<u32>(at, 44);
  if (load<u16>(at, 42) != 0 || !geometry.isCluster(geometry.rootCluster)) return false;
  if (flags & 0x80) {
    // The copies are not kept alike: one counts, and only that is written.
    const active = <i32>(flags & 15);
    if (active >= fats) return false;
    geometry.fatStart += <u32>active * geometry.fatSectors;
    geometry.fatCopies = 1;
  }
  geometry.serial = load<u32>(at, 67);
  const info = <u32>load<u16>(at, 48);
  if (info != 0 && info < reserved) geometry.infoSector = info;
  const logSectors = <u32>(LOG_BYTES / geometry.sectorBytes);
  const backup = <u32>load<u16>(at, 50);
  if (reserved >= RESERVED_BEFORE_LOG + logSectors) {
    const start = reserved - logSectors;
    if (info < start && (backup == 0xffff || backup + 3 <= start)) geometry.logStart = start;
  }
  return true;
}
