import {
  AccessLog,
  Exchange,
  HttpHandler,
  HttpServer,
  Method,
  Router,
  Site,
  SiteOptions,
} from "@phantasm/http";
import { Devices } from "./.phantasm/devices";

/** Answers with what the path says. */
class Greeting implements HttpHandler {
  onRequest(exchange: Exchange): void {
    const name = exchange.parameter("name");
    exchange.sendText(200, "text/plain; charset=utf-8", `Hello, ${name}!\n`);
  }
}

export function main(os: Devices): void {
  const options = new SiteOptions();
  options.notFound = "/404.html";
  const router = new Router()
    .on(Method.GET, "/hello/:name", new Greeting())
    .otherwise(new Site(os.site, options));
  const server = new HttpServer(os.clock, router);
  if (os.arguments.log) server.access = new AccessLog(os.console);
  assert(server.listen(os.stack.tcp, 80), "the port is taken");
}
