import { HostClock } from "@phantasm/clock";
import { HostConsole } from "@phantasm/console";
import { SECOND } from "@phantasm/interfaces";
import { expect, test, world } from "@phantasm/testing";
import { TestTcp, step } from "../testing";
import { AccessLog } from "./access-log";
import { Exchange } from "./exchange";
import { HttpHandler } from "./handlers";
import { HttpServer } from "./server";

class Hello implements HttpHandler {
  onRequest(exchange: Exchange): void {
    exchange.sendText(200, "", "hello");
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
      '10.0.0.2 - - [06/Nov/1994:08:49:37 +0000] "HEAD / HTTP/1.1" 200 0\n',
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
