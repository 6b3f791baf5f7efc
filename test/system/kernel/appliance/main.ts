import { Event } from "@phantasm/fibre";
import { AddressHandler } from "@phantasm/stack";
import { Console, IpAddress, isIpv4 } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
import { connectAsTold, resolveAsTold } from "./client";
import { serve } from "./server";

/** The first bits of fe80::/10. */
const LINK_LOCAL: u64 = 0xfe80 >> 6;

/** Tells the console of every change. */
class Reporter implements AddressHandler {
  readonly four: Event = new Event("an address of IPv4");
  readonly six: Event = new Event("an address of IPv6");

  constructor(private readonly console: Console) {}

  onAddress(address: IpAddress): void {
    if (isIpv4(address.high, address.low)) this.four.set();
    else if (address.high >> 54 != LINK_LOCAL) this.six.set();
    this.console.writeLine(`address ${address.toString()}`);
  }

  onAddressGone(address: IpAddress): void {
    this.console.writeLine(`gone ${address.toString()}`);
  }
}

export function main(os: Devices): void {
  const reporter = new Reporter(os.console);
  os.stack.watchAddresses(reporter);
  if (os.arguments.connect.length == 0 && os.arguments.resolve.length == 0) {
    serve(os.stack, os.console);
    return;
  }
  reporter.four.wait();
  reporter.six.wait();
  // Who connects to names has TCP, by which long answers come too.
  if (os.arguments.resolve.length > 0 && os.stack.dial.races == 0) resolveAsTold(os);
  if (os.arguments.connect.length > 0) connectAsTold(os);
  os.exit(0);
}
