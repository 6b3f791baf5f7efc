/** Congestion controls for a configuration. */
import { device, type Device } from "phantasm";

/** CUBIC (RFC 9438): what most of the Internet uses. */
export function cubic(): Device<"CongestionFactory"> {
  return device({
    module: "@phantasm/tcp",
    class: "CubicFactory",
    provides: "CongestionFactory",
    interfaces: "@phantasm/tcp",
  });
}

/** NewReno (RFC 5681): smaller, and slower on long fat paths. */
export function newReno(): Device<"CongestionFactory"> {
  return device({
    module: "@phantasm/tcp",
    class: "NewRenoFactory",
    provides: "CongestionFactory",
    interfaces: "@phantasm/tcp",
  });
}
