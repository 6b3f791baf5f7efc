import { errorText } from "@phantasm/interfaces";
import { Lookup, LookupHandler } from "@phantasm/dns";
import { Family } from "@phantasm/dns/lookup";
import { Stack, StackWaiter } from "@phantasm/stack";
import { Devices } from "./.phantasm/devices";
import { Series } from "./series";

/** Waits for an address, then for that of the host, then begins. */
class Beginning implements StackWaiter, LookupHandler {
  constructor(private readonly os: Devices) {}

  onStackUp(stack: Stack): void {
    if (stack.names.resolve(this.os.arguments.host, Family.ANY, this) === null)
      this.fail(stack.names.lastError);
  }

  onResolved(lookup: Lookup): void {
    if (lookup.error != 0) this.fail(lookup.error);
    else new Series(this.os, lookup.addresses[0]).begin();
  }

  private fail(error: i32): void {
    this.os.console.writeLine(`ping: ${this.os.arguments.host}: ${errorText(error)}`);
    this.os.exit(1);
  }
}

export function main(os: Devices): void {
  os.stack.whenUp(new Beginning(os));
}
