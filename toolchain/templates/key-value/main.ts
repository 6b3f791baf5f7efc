import { NOT_FOUND, errorText } from "@phantasm/interfaces";
import { Store } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

/** Counts boots: a key and its value outlive the image. */
export function main(os: Devices): void {
  const store = new Store(os.store);
  const before = store.getText("boots");
  // Any other error than that there is none: what is kept must not be written over.
  if (before === null && store.lastError != NOT_FOUND) return fail(os, store.lastError);
  const boots = before === null ? 1 : I32.parseInt(before) + 1;
  const outcome = store.putText("boots", `${boots}`);
  if (outcome != 0) return fail(os, outcome);
  os.console.writeLine(`Boot ${boots} of this disk.`);
}

function fail(os: Devices, error: i32): void {
  os.console.writeLine(`The store cannot be used: ${errorText(error)}.`);
  os.exit(1);
}
