import { expect, test } from "@phantasm/testing";
import { Durability } from "../durable/keeper";
import { TestServer, step } from "../testing";
import { StoreLimits } from "./limits";

const SECOND: i64 = 1_000_000_000;

test("who waited longest for a key is served first, each with one element", () => {
  const server = new TestServer();
  const first = server.client();
  const second = server.client();
  const third = server.client();
  const other = server.client();
  expect(first.ask("BLPOP a b 0\r\n")).toBe("");
  expect(second.ask("BRPOP a 0\r\n")).toBe("");
  expect(third.ask("BLPOP a 0\r\n")).toBe("");
  expect(other.ask("RPUSH a 1 2 3 4\r\nLLEN a\r\n")).toBe(":4\r\n:1\r\n");
  step();
  expect(first.heard()).toBe("*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  expect(second.heard()).toBe("*2\r\n$1\r\na\r\n$1\r\n4\r\n");
  expect(third.heard()).toBe("*2\r\n$1\r\na\r\n$1\r\n2\r\n");
  // Who waits again waits behind those who are there.
  first.ask("BLPOP b 0\r\n");
  expect(other.ask("LPUSH b x\r\n")).toBe(":1\r\n");
});

test("between MULTI and EXEC nobody waits, and what is there at its end is given", () => {
  const server = new TestServer();
  const waiter = server.client();
  const other = server.client();
  waiter.ask("BLPOP a 0\r\n");
  expect(other.ask("MULTI\r\nRPUSH a 1\r\nDEL a\r\nRPUSH a 2\r\nBLPOP nothing 0\r\nEXEC\r\n")).toBe(
    "+OK\r\n" + "+QUEUED\r\n".repeat(4) + "*4\r\n:1\r\n:1\r\n:1\r\n*-1\r\n",
  );
  step();
  expect(waiter.heard()).toBe("*2\r\n$1\r\na\r\n$1\r\n2\r\n");
  expect(other.ask("EXISTS a\r\n")).toBe(":0\r\n");
});

test("a key of another type serves nobody; the next one of the right type does", () => {
  const server = new TestServer();
  const waiter = server.client();
  const other = server.client();
  waiter.ask("BZPOPMIN a 0\r\n");
  other.ask("SET a 1\r\nDEL a\r\nRPUSH a 1\r\n");
  expect(waiter.heard()).toBe("");
  other.ask("DEL a\r\nZADD b 1 m\r\nRENAME b a\r\n");
  step();
  expect(waiter.heard()).toBe("*3\r\n$1\r\na\r\n$1\r\nm\r\n$1\r\n1\r\n");
});

test("moves that wait for each other's lists go on until nothing is left to move", () => {
  const server = new TestServer();
  const one = server.client();
  const two = server.client();
  const three = server.client();
  const other = server.client();
  one.ask("BLMOVE a b LEFT RIGHT 0\r\n");
  two.ask("BRPOPLPUSH b c 0\r\n");
  three.ask("BLMPOP 0 2 x c LEFT COUNT 5\r\n");
  expect(other.ask("RPUSH a v\r\nDBSIZE\r\n")).toBe(":1\r\n:0\r\n");
  step();
  expect(one.heard() + two.heard()).toBe("$1\r\nv\r\n$1\r\nv\r\n");
  expect(three.heard()).toBe("*2\r\n$1\r\nc\r\n*1\r\n$1\r\nv\r\n");
  one.ask("BLMOVE a text LEFT RIGHT 0\r\n");
  expect(other.ask("SET text x\r\nRPUSH a v\r\nLLEN a\r\n")).toBe("+OK\r\n:1\r\n:1\r\n");
  step();
  expect(one.heard().startsWith("-WRONGTYPE")).toBe(true);
});

test("time-outs, CLIENT UNBLOCK, and requests that came meanwhile", () => {
  const server = new TestServer();
  const waiter = server.client();
  const other = server.client();
  expect(waiter.ask("BLPOP a 0.5\r\nPING\r\n")).toBe("");
  server.clock.advance(SECOND / 2 - 1);
  step();
  expect(waiter.heard()).toBe("");
  server.clock.advance(1);
  step();
  expect(waiter.heard()).toBe("*-1\r\n+PONG\r\n");
  expect(waiter.ask("CLIENT ID\r\nBLPOP a 1\r\n")).toBe(":1\r\n");
  expect(other.ask("CLIENT UNBLOCK 1 ERROR\r\nCLIENT UNBLOCK 1\r\n")).toBe(":1\r\n:0\r\n");
  step();
  expect(waiter.heard()).toBe("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  server.clock.advance(2 * SECOND);
  step();
  expect(waiter.heard()).toBe("");
});

test("who closes waits no more: what comes is for the next", () => {
  const server = new TestServer();
  const gone = server.client();
  const half = server.client();
  const stays = server.client();
  const other = server.client();
  gone.ask("BLPOP a 0\r\n");
  half.ask("BLPOP a 0\r\n");
  half.says("PING\r\n");
  stays.ask("BLPOP a 0\r\n");
  gone.abort();
  half.ends();
  expect(half.isOver).toBe(true);
  expect(server.server.blocking.clients).toBe(1);
  other.ask("RPUSH a 1 2\r\n");
  step();
  expect(stays.heard()).toBe("*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  expect(other.ask("LLEN a\r\n")).toBe(":1\r\n");
  expect(server.server.blocking.keys).toBe(0);
  expect(server.server.copies.used).toBe(0);
  expect<bool>(server.server.db.listener === null).toBe(true);
});

test("keys that are waited for have a limit, and requests that wait", () => {
  const limits = new StoreLimits();
  limits.awaited = 3;
  limits.waitingBytes = 1000;
  const server = new TestServer(null, Durability.NO, limits);
  const one = server.client();
  const two = server.client();
  expect(one.ask("BLPOP a b 0\r\n")).toBe("");
  expect(two.ask("BLPOP a b 0\r\n")).toBe("-ERR too many keys are waited for\r\n");
  expect(two.ask("BLPOP " + "x".repeat(900) + " 0\r\n")).toBe(
    "-ERR too many keys are waited for\r\n",
  );
  expect(
    two.ask("MULTI\r\nSET a " + "x".repeat(900) + "\r\nEXEC\r\n").startsWith("+OK\r\n-ERR"),
  ).toBe(true);
  expect(two.ask("BLPOP a 0\r\n")).toBe("");
  one.abort();
  two.abort();
  expect(server.server.copies.used).toBe(0);
});

test("a pause holds what it is for, and the rest follows in its order", () => {
  const server = new TestServer();
  const client = server.client();
  const other = server.client();
  expect(other.ask("CLIENT PAUSE 1000 WRITE\r\n")).toBe("+OK\r\n");
  expect(client.ask("GET a\r\nSET a 1\r\nGET a\r\n")).toBe("$-1\r\n");
  server.clock.advance(SECOND);
  step();
  expect(client.heard()).toBe("+OK\r\n$1\r\n1\r\n");
  expect(other.ask("CLIENT PAUSE 1000 WRITE\r\n")).toBe("+OK\r\n");
  expect(client.ask("MULTI\r\nGET a\r\nEXEC\r\n")).toBe("+OK\r\n+QUEUED\r\n");
  expect(other.ask("CLIENT UNPAUSE\r\n")).toBe("+OK\r\n");
  step();
  expect(client.heard()).toBe("*1\r\n$1\r\n1\r\n");
  expect(other.ask("CLIENT PAUSE 1000\r\n")).toBe("+OK\r\n");
  expect(client.ask("GET a\r\n")).toBe("");
  client.abort();
  server.clock.advance(SECOND);
  expect(other.ask("PING\r\n")).toBe("+PONG\r\n");
});
