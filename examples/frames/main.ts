import { Devices } from "./.phantasm/devices";
import { Ping } from "./ping";
import { Pong } from "./pong";

export function main(os: Devices): void {
  if (os.arguments.role == "ping") new Ping(os, os.arguments.count).start();
  else new Pong(os, os.arguments.count).start();
}
