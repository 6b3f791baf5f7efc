import { expect, test } from "@phantasm/testing";
import { Durability } from "../durable/keeper";
import { putInteger } from "../protocol/numbers";
import { TestConnection, TestServer, bytesOf, step } from "../testing";
import { StoreLimits } from "./limits";

const REFUSED: string = "-ERR the reply is larger than the server sends\r\n";

function ofReplies(bytes: i32): TestServer {
  const limits = new StoreLimits();
  limits.replyBytes = bytes;
  return new TestServer(null, Durability.NO, limits);
}

/** A request of many words that are the same, or numbers of five digits from 10 000 on. */
function request(command: string, count: i32, word: string): Uint8Array {
  const head = bytesOf(`*${count + 1}\r\n$${command.length}\r\n${command}\r\n`);
  const isNumbered = word.length == 0;
  const one = bytesOf(isNumbered ? "$5\r\n10000\r\n" : `$${word.length}\r\n${word}\r\n`);
  const bytes = new Uint8Array(head.length + count * one.length);
  bytes.set(head);
  for (let i = 0; i < count; i++) {
    const at = head.length + i * one.length;
    bytes.set(one, at);
    if (isNumbered) putInteger(bytes.dataStart + <usize>(at + 4), <i64>(10_000 + i));
  }
  return bytes;
}

test("what a reply has no place for is not taken away", () => {
  const server = ofReplies(300_000);
  const client = server.client();
  const large = "x".repeat(60_000);
  const much = `a${large} b${large} c${large} d${large} e${large} f${large}`;
  const lists = `RPUSH l ${much.replaceAll(" ", "\r\nRPUSH l ")}\r\n`;
  const sets = `SADD s ${much.replaceAll(" ", "\r\nSADD s ")}\r\n`;
  const sorted = `ZADD z 1 ${much.replaceAll(" ", "\r\nZADD z 1 ")}\r\n`;
  client.ask(lists);
  client.ask(sets);
  client.ask(sorted);
  expect(client.ask("LPOP l 6\r\n")).toBe(REFUSED);
  expect(client.ask("RPOP l 10\r\nLLEN l\r\n")).toBe(REFUSED + ":6\r\n");
  expect(client.ask("LMPOP 1 l LEFT COUNT 6\r\n")).toBe(REFUSED);
  expect(client.ask("ZPOPMIN z 6\r\nZPOPMAX z 6\r\nZCARD z\r\n")).toBe(
    REFUSED + REFUSED + ":6\r\n",
  );
  expect(client.ask("ZMPOP 1 z MIN COUNT 6\r\nZCARD z\r\n")).toBe(REFUSED + ":6\r\n");
  expect(client.ask("LRANGE l 0 -1\r\nSMEMBERS s\r\n")).toBe(REFUSED + REFUSED);
  // As many as the reply holds, since they are picked one after the other.
  expect(client.ask("SPOP s 6\r\n").startsWith("*4\r\n$60001\r\n")).toBe(true);
  expect(client.ask("SCARD s\r\n")).toBe(":2\r\n");
  expect(client.ask("LPOP l 2\r\n").length).toBe(4096);
  expect(client.ask("LLEN l\r\n")).toBe(":4\r\n");
  expect(server.server.counters.refusedReplies).toBe(2);
  expect(client.isOver).toBe(false);
});

test("many small ones are taken together if their reply is not too large, whatever their heads could take", () => {
  const client = ofReplies(100_000).client();
  let scores = "";
  for (let i = 0; i < 3000; i++) scores += ` ${i % 7} m${i}`;
  client.ask("RPUSH l" + " x".repeat(8000) + `\r\nZADD z${scores}\r\n`);
  client.ask("RPUSH m" + " x".repeat(8000) + "\r\n");
  expect(client.ask("LPOP l 8000\r\n").startsWith("*8000\r\n$1\r\nx\r\n")).toBe(true);
  expect(client.ask("LMPOP 1 m RIGHT COUNT 8000\r\n").startsWith("*2\r\n$1\r\nm\r\n*8000")).toBe(
    true,
  );
  expect(client.ask("ZPOPMIN z 3000\r\n").startsWith("*6000\r\n$2\r\nm0\r\n$1\r\n0")).toBe(true);
  expect(client.ask("EXISTS l m z\r\n")).toBe(":0\r\n");
});

test("whether there is memory is asked in every turn, also if it begins with an empty line", () => {
  const server = new TestServer();
  const client = server.client();
  server.server.isShort = true;
  expect(client.ask("\r\nSET k 1\r\n")).toBe("+OK\r\n");
});

test("a transaction loses nothing either, and says what it did", () => {
  const client = ofReplies(300_000).client();
  const queued = "+QUEUED\r\n";
  for (let i = 0; i < 6; i++) {
    client.ask(`SET k${i} ` + "x".repeat(60_000) + "\r\n");
    client.ask("RPUSH l " + "y".repeat(60_000) + "\r\n");
  }
  client.ask("SET large " + "x".repeat(60_000) + "\r\n");
  client.ask("MULTI\r\n");
  for (let i = 0; i < 6; i++) client.ask(`GETDEL k${i}\r\n`);
  expect(client.ask("BLPOP l 0\r\nGET large\r\nINCR n\r\n")).toBe(queued + queued + queued);
  client.heardBytes = 0;
  const replies = client.ask("EXEC\r\n");
  expect(replies.startsWith("*9\r\n$60000\r\n")).toBe(true);
  // Four of six, three refusals in the places of others, and what came behind them.
  expect(client.heardBytes).toBe(4 + 4 * 60_010 + 4 * REFUSED.length + 4);
  expect(client.ask("EXISTS k0 k1 k2 k3 k4 k5\r\nLLEN l\r\nGET n\r\n")).toBe(
    ":2\r\n:6\r\n$1\r\n1\r\n",
  );
  expect(client.ask("GETSET large 1\r\n").length).toBe(4096);
  expect(client.ask("SET large 2 GET\r\n")).toBe("$1\r\n1\r\n");
});

test("a result that is given up is none, whatever would have been taken out of it", () => {
  const limits = new StoreLimits();
  limits.resultBytes = 20_000;
  const client = new TestServer(null, Durability.NO, limits).client();
  const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
  let members = "";
  for (let i = 0; i < 500; i++) members += ` member${i}`;
  client.ask(`SADD all${members}\r\nSADD some${members.substring(0, 4000)}\r\nZADD z 1 a\r\n`);
  expect(client.ask("SDIFF all some\r\n")).toBe(oom);
  expect(client.ask("SDIFFSTORE to all some\r\nEXISTS to\r\n")).toBe(oom + ":0\r\n");
  expect(client.ask("COPY all to\r\nSUNIONSTORE to all\r\nEXISTS to\r\n")).toBe(
    oom + oom + ":0\r\n",
  );
});

test("thousands of clients are listed, and killed once", () => {
  const server = new TestServer();
  const client = server.client();
  const others: TestConnection[] = [];
  for (let i = 0; i < 3000; i++) others.push(server.client());
  client.heardBytes = 0;
  const list = client.ask("CLIENT LIST\r\n");
  expect(list.includes("id=1 addr=10.0.0.2:40000 laddr=10.0.0.1:6379 fd=1 name= age=0")).toBe(true);
  expect(client.heardBytes).toBeGreaterThan(3000 * 150);
  client.ask("MULTI\r\n");
  client.says("CLIENT KILL TYPE normal\r\n".repeat(1000));
  step();
  client.heard();
  expect(client.ask("EXEC\r\n")).toBe("*1000\r\n:3000\r\n" + ":0\r\n".repeat(999));
  expect(others[0].isOver && others[2999].isOver).toBe(true);
  expect(server.server.clients.length).toBe(1);
});

test("a monitor hears bytes as they are written, of large requests too", () => {
  const server = new TestServer();
  const monitor = server.client();
  const client = server.client();
  monitor.ask("MONITOR\r\n");
  const binary =
    String.fromCharCode(0) + String.fromCharCode(255) + '\t\n\r"\\' + String.fromCharCode(7);
  client.ask(`*2\r\n$4\r\nECHO\r\n$8\r\n${binary}\r\n`);
  expect(monitor.heard()).toBe(
    '+1700000000.000000 [0 10.0.0.2:40000] "ECHO" "\\x00\\xff\\t\\n\\r\\"\\\\\\a"\r\n',
  );
  monitor.heardBytes = 0;
  const large = request("DEL", 128, String.fromCharCode(1).repeat(1024));
  const used = __heap_used();
  client.saysBytes(large);
  // Besides what the ends of the connections make of it in the case.
  expect(__heap_used() - used).toBeLessThan(2 << 20);
  step();
  expect(monitor.heardBytes).toBe(45 + 127 * (4 * 1024 + 3));
});

test("subscriptions by the ten thousand are made, found again and ended", () => {
  const server = new TestServer();
  const client = server.client();
  client.saysBytes(request("SUBSCRIBE", 10_000, ""));
  step();
  expect(server.server.channels.count).toBe(10_000);
  client.saysBytes(request("SUBSCRIBE", 100_000, "19999"));
  step();
  expect(server.server.channels.count).toBe(10_000);
  client.heard();
  expect(client.ask("UNSUBSCRIBE 19999 10000 nothing\r\n")).toBe(
    "*3\r\n$11\r\nunsubscribe\r\n$5\r\n19999\r\n:9999\r\n" +
      "*3\r\n$11\r\nunsubscribe\r\n$5\r\n10000\r\n:9998\r\n" +
      "*3\r\n$11\r\nunsubscribe\r\n$7\r\nnothing\r\n:9998\r\n",
  );
  client.ask("UNSUBSCRIBE\r\n");
  expect(server.server.channels.count + server.server.channels.channelCount).toBe(0);
});

test("the table of a request's arguments counts with what waits of it", () => {
  const server = new TestServer();
  const client = server.client();
  const words = 100_000;
  client.says("*1000000\r\n" + "$0\r\n\r\n".repeat(words));
  expect(server.server.waitingBytes).toBeGreaterThan(words * (6 + 8));
  client.close();
  expect(server.server.waitingBytes).toBe(0);
});

test("a setting is named once", () => {
  const client = new TestServer().client();
  expect(client.ask("CONFIG SET maxmemory 1000000 MaxMemory 2000000\r\n")).toBe(
    "-ERR CONFIG SET failed (possibly related to argument 'MaxMemory') - duplicate parameter\r\n",
  );
  expect(client.ask("CONFIG GET tcp-keepalive\r\n")).toBe(
    "*2\r\n$13\r\ntcp-keepalive\r\n$3\r\n300\r\n",
  );
});
