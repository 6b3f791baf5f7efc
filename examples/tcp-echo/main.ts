import { Devices } from "./.phantasm/devices";
import { serve } from "./fibres";
import { EchoServer } from "./handlers";

/** RFC 862. */
const ECHO_PORT: u16 = 7;

export function main(os: Devices): void {
  if (os.arguments.style == "handlers") new EchoServer(os.stack.tcp, ECHO_PORT);
  else serve(os.stack.tcp, ECHO_PORT);
}
