import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { zones } from "@phantasm/dns-server";
import { integer, unikernel } from "phantasm";

// test/bench/dns-tap.mjs writes the zone.
export default unikernel("dns-core-bench", {
  devices: {
    clock: clock(),
    console: console(),
    zones: zones([{ file: "./bench.zone", origin: "example.org" }]),
  },
  arguments: { names: integer({ required: true, help: "host0, host1, … in the zone" }) },
});
