/** Zones of the DNS, from master files to disks: see README.md. */
export { compileZones } from "./compile.js";
export { CompiledError, CompiledZones, type CompiledZone } from "./compiled.js";
export {
  DISK_BYTES_DEFAULT,
  DISK_BYTES_MIN,
  ZoneDiskError,
  isZoneDisk,
  readContent,
  readHeaders,
  roomOf,
  writeZones,
  type DiskHeader,
} from "./disk.js";
export { dataText, dumpZone } from "./dump.js";
export { COMPILED_BYTES_MAX } from "./layout.js";
export { NameError, nameText, parseName } from "./name.js";
export { Problems } from "./problems.js";
export { RECORDS_MAX, originOfFile, readZones, type ZoneReader } from "./read-zones.js";
export { targetOf, type Zone } from "./zone.js";
