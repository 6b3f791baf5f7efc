import { Devices } from "./.phantasm/devices";

export function main(os: Devices): void {
  os.server.start();
}
