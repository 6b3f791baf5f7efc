import { console } from "@phantasm/console";
import { integer, unikernel } from "phantasm";

export default unikernel("fibres", {
  devices: { console: console() },
  arguments: {
    fibres: integer({ default: 10_000, minimum: 1, help: "Fibres that sleep at once" }),
    primes: integer({ default: 20, minimum: 1, maximum: 1000, help: "Primes to find" }),
  },
});
