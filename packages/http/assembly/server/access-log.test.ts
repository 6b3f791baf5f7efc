import { HostClock } from "@phantasm/clock";
import { HostConsole } from "@phantasm/console";
import { SECOND } from "@phantasm/interfaces";
import { expect, test, world } from "@phantasm/testing";
import { TestTcp, step } from "../testing";
import { AccessLog } from "./access-log";
import { Exchange } from "./exchange";
import { ContentHandler, HttpHandler } from "./handlers";
import { HttpServer } from "./server";

class Hello implements HttpHandler, ContentHandler {
  onRequest(exchange: Exchange): void {
    if (exchange.hasContent) exchange.receive(this);
    else exchange.sendText(200, "", "hello");
  }
  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void {
    exchange.sendText(200, "", "thanks");
  }
}

const tcp = new TestTcp();

test("answers are logged, and those that find no room are counted", () => {
  world.setWallClock(784_111_777 * SECOND);
  const server = new HttpServer(new HostClock(16), new Hello());
  const log = new AccessLog(new HostConsole(4096, 4096));
  server.access = log;
  server.listen(tcp, 80);
  const client = tcp.arrives();
  client.says('GET /"\\ HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
  step();
  step();
  expect(world.takeConsoleOutput()).toBe(
    '10.0.0.2 - - [06/Nov/1994:08:49:37 +0000] "GET /\\x22\\x5c HTTP/1.1" 200 5\n' +
      '10.0.0.2 - - [06/Nov/1994:08:49:37 +0000] "HEAD / HTTP/1.1" 200 -\n',
  );
  world.limitConsoleOutput(100);
  for (let round = 0; round < 1000; round++) {
    client.says("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.forgets();
  }
  step();
  step();
  expect(log.dropped).toBeGreaterThan(500);
  world.limitConsoleOutput(-1);
  step();
  step();
  client.says("GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
  step();
  step();
  const text = world.takeConsoleOutput();
  expect(text.includes(`# ${log.dropped} lines dropped\n`)).toBe(true);
  expect(text.endsWith('"GET /last HTTP/1.1" 200 5\n')).toBe(true);
});

test("what is refused is logged as far as it has come", () => {
  world.setWallClock(784_111_777 * SECOND);
  const server = new HttpServer(new HostClock(16), new Hello());
  server.access = new AccessLog(new HostConsole(4096, 4096));
  server.listen(tcp, 80);
  const requests: string[] = [
    "GET / HTTP/1.1\r\n\r\n",
    "HEAD / HTTP/1.1\r\nX : y\r\n\r\n",
    "\r\nGET /a HTTP/9.9\r\nHost: a\r\n\r\n",
    "\x16\x03\x01",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx",
    "GET /" + "x".repeat(9_000),
  ];
  const lines: string[] = [
    'GET / HTTP/1.1" 400 188',
    'HEAD / HTTP/1.1" 400 -',
    'GET /a HTTP/9.9" 505 218',
    '-" 400 188',
    'POST / HTTP/1.1" 400 188',
    "GET /" + "x".repeat(2_043) + '" 414 190',
  ];
  for (let whole = 0; whole < 2; whole++) {
    for (let i = 0; i < requests.length; i++) {
      const client = tcp.arrives();
      // In pieces, a head lies in the memory of the server.
      const first = whole == 1 ? requests[i].length : 2;
      client.says(requests[i].substring(0, first));
      if (first < requests[i].length) client.says(requests[i].substring(first));
      step();
      step();
      expect(world.takeConsoleOutput()).toBe(
        `10.0.0.2 - - [06/Nov/1994:08:49:37 +0000] "${lines[i]}\n`,
      );
    }
  }
  const slow = tcp.arrives();
  slow.says("GET /slow");
  step(server.limits.headNs);
  step();
  step();
  expect(world.takeConsoleOutput().includes('] "GET /slow" 408 ')).toBe(true);
});
