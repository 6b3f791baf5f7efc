import { console } from "@phantasm/console";
import { random } from "@phantasm/random";
import { device, unikernel, type Device } from "phantasm";

/** The generator of this folder: the same numbers at every boot. */
function repeatable(seed: number): Device<"Random"> {
  return device({
    module: "./repeatable.ts",
    class: "RepeatableRandom",
    provides: "Random",
    parameters: [{ name: "seed", value: seed, minimum: 0, maximum: 0x7fff_ffff }],
  });
}

const implementations = { random: random(), repeatable: repeatable(7) };

export default unikernel("swap", {
  devices: {
    console: console(),
    dice: implementations.repeatable, // or .random: the only line that changes
  },
});
