export { zones, type ZoneFile, type ZonesOptions } from "./zones.js";
export {
  DNS_SERVICES,
  dnsServer,
  type DnsServerOptions,
  type RateLimitOptions,
} from "./dns-server.js";
export { type SecondaryLimits, type SecondaryZone } from "./secondary.js";
export { zonesFrom, type ChangesOptions, type ZonesFromOptions } from "./zones-from.js";
