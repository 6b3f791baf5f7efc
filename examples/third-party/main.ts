import { Devices } from "./.phantasm/devices";

/** Three consoles, one terminal. */
export function main(os: Devices): void {
  os.web.writeLine("listening");
  os.disk.write("mounted\nchecked\n");
  os.terminal.writeLine("all parts are up");
}
