import { Batch, NOT_FOUND, Value, errorText } from "@phantasm/interfaces";
import { Store } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

const KEY: Uint8Array = Uint8Array.wrap(String.UTF8.encode("boots"));

export function main(os: Devices): void {
  const store = new Store(os.store);
  const found = new Value();
  const length = store.get(KEY, found);
  if (length < 0 && length != NOT_FOUND) {
    os.console.writeLine(`The store cannot be read: ${errorText(length)}.`);
    return os.exit(1);
  }
  const boots = length < 0 ? 1 : I64.parseInt(found.text()) + 1;
  // Nobody else has counted meanwhile: version 0 says that there is no such key yet.
  const batch = new Batch().require(KEY, found.version);
  const outcome = store.commit(batch.put(KEY, Uint8Array.wrap(String.UTF8.encode(`${boots}`))));
  if (outcome != 0) {
    os.console.writeLine(`The count cannot be kept: ${errorText(outcome)}.`);
    return os.exit(1);
  }
  os.console.writeLine(`Boot ${boots} of this disk.`);
}
