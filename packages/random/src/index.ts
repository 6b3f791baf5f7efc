import { device, type Device } from "phantasm";

/**
 * Random numbers from ChaCha20 with fast key erasure, seeded with the host's entropy.
 *
 * @example devices: { random: random() }
 */
export function random(): Device<"Random"> {
  return device({ module: "@phantasm/random", class: "ChaChaRandom", provides: "Random" });
}
