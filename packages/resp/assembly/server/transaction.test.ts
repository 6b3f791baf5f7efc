import { expect, test } from "@phantasm/testing";
import { TestServer } from "../testing";

test("a watched key that was not there, came and went has changed", () => {
  const server = new TestServer();
  const one = server.client();
  const two = server.client();
  const again = "MULTI\r\nPING\r\nEXEC\r\n";
  one.ask("WATCH a b\r\n");
  two.ask("WATCH a\r\n");
  expect(server.client().ask("RPUSH a 1\r\nLPOP a\r\n")).toBe(":1\r\n$1\r\n1\r\n");
  expect(one.ask(again)).toBe("+OK\r\n+QUEUED\r\n*-1\r\n");
  // Who began to watch before sees it too, also if another has ended meanwhile; who begins now does not.
  one.ask("WATCH a a\r\n");
  expect(two.ask(again)).toBe("+OK\r\n+QUEUED\r\n*-1\r\n");
  expect(one.ask(again)).toBe("+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
  two.ask("WATCH a\r\nSET b 1\r\nRENAME b a\r\nDEL a\r\n");
  expect(two.ask(again)).toBe("+OK\r\n+QUEUED\r\n*-1\r\n");
  one.ask("WATCH c\r\n");
  one.abort();
  expect(server.server.db.absent.count).toBe(0);
  expect(server.server.copies.used).toBe(0);
});
