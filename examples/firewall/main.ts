import { RouterHandler } from "@phantasm/router";
import { IPv4 } from "@phantasm/runtime";
import { Devices } from "./.phantasm/devices";

/** Says which address all hosts inside share. */
class Announcer implements RouterHandler {
  constructor(private readonly os: Devices) {}

  onOutsideAddress(address: u32): void {
    const text = address == 0 ? "There is no address outside." : `Outside: ${new IPv4(address)}`;
    this.os.console.writeLine(text);
  }
}

export function main(os: Devices): void {
  os.router.start(new Announcer(os));
}
