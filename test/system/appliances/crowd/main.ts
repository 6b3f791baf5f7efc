import { HttpServer, Site } from "@phantasm/http";
import { Devices } from "./.phantasm/devices";

export function main(os: Devices): void {
  new HttpServer(os.clock, new Site(os.pages)).listen(os.stack.tcp, 80);
}
