import { AccessLog, HttpServer, Site } from "@phantasm/http";
import { Devices } from "./.phantasm/devices";

export function main(os: Devices): void {
  const server = new HttpServer(os.clock, new Site(os.pages));
  if (os.arguments.log) server.access = new AccessLog(os.console);
  assert(server.listen(os.stack.tcp, <u16>os.arguments.port), "the port is taken");
}
