import { HostClock } from "@phantasm/clock";
import { describe, expect, test } from "@phantasm/testing";
import { TestTcp, withoutDate } from "../testing";
import { Method } from "../wire/method";
import { Exchange } from "./exchange";
import { HttpHandler } from "./handlers";
import { Router } from "./router";
import { HttpServer } from "./server";

class Names implements HttpHandler {
  constructor(private readonly name: string) {}
  onRequest(exchange: Exchange): void {
    const query = exchange.query("q");
    exchange.sendText(
      200,
      "",
      `${this.name} ${exchange.parameter("id")} ${exchange.parameter("rest")} ${query === null ? "-" : query}`,
    );
  }
}

const router = new Router()
  .on(Method.GET, "/", new Names("root"))
  .on(Method.GET, "/notes", new Names("list"))
  .on(Method.POST, "/notes", new Names("make"))
  .on(Method.GET, "/notes/new", new Names("new"))
  .on(Method.GET, "/notes/:id", new Names("get"))
  .on(Method.PUT, "/notes/:id", new Names("put"))
  .on(Method.GET, "/notes/:id/parts/:rest", new Names("part"))
  .on(Method.GET, "/files/*rest", new Names("files"));
const tcp = new TestTcp();
const server = new HttpServer(new HostClock(16), router);

function ask(method: string, target: string): string {
  if (tcp.acceptor === null) server.listen(tcp, 80);
  const client = tcp.arrives();
  client.says(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const text = withoutDate(client.heard());
  if (text.startsWith("HTTP/1.1 200")) return text.substring(text.indexOf("\r\n\r\n") + 4);
  const allow = text.indexOf("Allow: ");
  const status = text.substring(9, 12);
  return allow < 0 ? status : `${status} ${text.substring(allow + 7, text.indexOf("\r\n", allow))}`;
}

describe("a router", () => {
  test("finds routes, the first that fits", () => {
    expect(ask("GET", "/")).toBe("root   -");
    expect(ask("GET", "/notes")).toBe("list   -");
    expect(ask("POST", "/notes")).toBe("make   -");
    expect(ask("GET", "/notes/new")).toBe("new   -");
    expect(ask("GET", "/notes/7")).toBe("get 7  -");
    expect(ask("PUT", "/notes/7")).toBe("put 7  -");
    expect(ask("GET", "/notes/7/parts/9")).toBe("part 7 9 -");
    expect(ask("GET", "/files/a/b")).toBe("files  a/b -");
    expect(ask("GET", "/files/")).toBe("files   -");
    expect(ask("GET", "/files")).toBe("files   -");
    expect(ask("GET", "/%6eotes/%37%2f8?q=a+b%26&q=2")).toBe("get 7/8  a b&");
  });

  test("finds none", () => {
    expect(ask("GET", "/x")).toBe("404");
    expect(ask("GET", "/notes/")).toBe("404");
    expect(ask("GET", "/notes/7/")).toBe("404");
    expect(ask("GET", "/filesystem")).toBe("404");
    expect(ask("GET", "//")).toBe("404");
  });

  test("knows what is allowed", () => {
    expect(ask("DELETE", "/notes/7")).toBe("405 OPTIONS, GET, HEAD, PUT");
    expect(ask("OPTIONS", "/notes")).toBe("204 OPTIONS, GET, HEAD, POST");
    expect(ask("OPTIONS", "*")).toBe("204 OPTIONS, GET, HEAD, POST, PUT");
    expect(ask("HEAD", "/notes/7")).toBe("");
  });
});
