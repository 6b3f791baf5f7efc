/** Zones of the DNS, from master files to disks: see README.md. */
export { compileZones } from "./compile.js";
export { COMPILED_BYTES_MAX } from "./layout.js";
export { NameError, nameText, parseName } from "./name.js";
export { Problems } from "./problems.js";
export { RECORDS_MAX, originOfFile, readZones, type ZoneReader } from "./read-zones.js";
export { targetOf, type Zone } from "./zone.js";
