import { AccessLog, HttpServer, Site, SiteOptions } from "@phantasm/http";
import { FileStat, FilesHandler, PENDING, errorText } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** Ends the domain when the site is on a disk that is none, instead of answering every request with an error. */
class Mounted implements FilesHandler {
  onFiles(tag: i32, result: i32): void {
    assert(result == 0, `the site cannot be read: ${errorText(result)}`);
  }
}

export function main(os: Devices): void {
  const mounted = new Mounted();
  const found = os.pages.stat("/", new FileStat(), mounted, 0);
  if (found != PENDING) mounted.onFiles(0, found);
  const options = new SiteOptions();
  options.notFound = "/404.html";
  const server = new HttpServer(os.clock, new Site(os.pages, options));
  if (os.arguments.log) server.access = new AccessLog(os.console);
  assert(server.listen(os.stack.tcp, <u16>os.arguments.port), "the port is taken");
}
