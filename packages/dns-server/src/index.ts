export { zones, type ZoneFile, type ZonesOptions } from "./zones.js";
