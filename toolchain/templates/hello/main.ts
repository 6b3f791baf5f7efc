import { Devices } from "./.phantasm/devices";

export function main(os: Devices): void {
  os.console.writeLine("Hello, " + os.arguments.name + "!");
}
