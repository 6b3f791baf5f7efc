import { Errno, SECOND } from "@phantasm/interfaces";
import { TestDisk } from "@phantasm/block/testing";
import { TestStore } from "@phantasm/kv/testing";
import { expect, test } from "@phantasm/testing";
import { Durability } from "../durable/keeper";
import { usedBytes } from "../memory/heap";
import { TestServer, step } from "../testing";
import { StoreLimits } from "./limits";

test("pipelined requests are answered in their order, however they are split", () => {
  const client = new TestServer().client();
  const text = "SET a 1\r\nINCR a\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
  expect(client.ask(text)).toBe("+OK\r\n:2\r\n$1\r\n2\r\n");
  for (let i = 0; i < text.length; i++) client.says(text.charAt(i));
  expect(client.heard()).toBe("+OK\r\n:2\r\n$1\r\n2\r\n");
});

test("keys expire, by access and by themselves", () => {
  const server = new TestServer();
  const client = server.client();
  expect(client.ask("SET a 1 PX 500\r\nSET b 1 PX 500\r\nDBSIZE\r\n")).toBe("+OK\r\n+OK\r\n:2\r\n");
  server.clock.advance(499_000_000);
  expect(client.ask("GET a\r\nPTTL a\r\n")).toBe("$1\r\n1\r\n:1\r\n");
  server.clock.nowNs += 2_000_000;
  expect(client.ask("GET a\r\nDBSIZE\r\n")).toBe("$-1\r\n:1\r\n");
  server.clock.advance(1);
  expect(client.ask("DBSIZE\r\n")).toBe(":0\r\n");
});

test("a watched key that changes undoes a transaction", () => {
  const server = new TestServer();
  const one = server.client();
  const other = server.client();
  one.ask("SET a 1\r\nWATCH a\r\nMULTI\r\nSET a 2\r\n");
  expect(other.ask("SET a 3\r\n")).toBe("+OK\r\n");
  expect(one.ask("EXEC\r\nGET a\r\n")).toBe("*-1\r\n$1\r\n3\r\n");
  expect(one.ask("WATCH a\r\nMULTI\r\nSET a 4\r\nEXEC\r\n")).toBe(
    "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n",
  );
});

test("who does not read is not read from, and goes on when he does", () => {
  const server = new TestServer();
  const client = server.client();
  client.ask("SET a " + "x".repeat(1000) + "\r\n");
  client.room = 100;
  client.heardBytes = 0;
  client.says("GET a\r\n".repeat(1000));
  // What was composed at once waits, and no more than that.
  expect(server.server.unsentBytes).toBeLessThan(200_000);
  expect(client.heardBytes).toBe(100);
  for (let i = 0; i < 200; i++) {
    client.reads(10_000);
    step();
  }
  expect(client.heardBytes).toBe(1000 * 1009);
  expect(server.server.unsentBytes).toBe(0);
  expect(server.server.waitingBytes).toBe(0);
});

test("at the limit of replies and of requests, who has been stalled longest makes room", () => {
  const limits = new StoreLimits();
  limits.unsentBytes = 100_000;
  const server = new TestServer(null, Durability.NO, limits);
  const good = server.client();
  good.ask("SET a " + "x".repeat(30_000) + "\r\n");
  const slow = server.client();
  const deaf = server.client();
  const young = server.client();
  slow.room = 1;
  deaf.room = 1;
  young.room = 1;
  slow.says("GET a\r\n");
  deaf.says("GET a\r\n");
  server.clock.nowNs += SECOND - 1;
  // It takes some now and then: it goes on.
  slow.reads(100);
  young.says("GET a\r\n");
  server.clock.nowNs += 1;
  good.room = 1;
  good.says("GET a\r\n");
  expect(deaf.isOver).toBe(true);
  expect(slow.isOver || young.isOver || good.isOver).toBe(false);
  good.reads(1 << 20);
  step();
  expect(good.heardBytes).toBe(5 + 30_008 + 2);
  expect(server.server.counters.closedForMemory).toBe(1);
  limits.waitingBytes = 1_000;
  const half = server.client();
  half.says("*2\r\n$3\r\nGET\r\n$500\r\n" + "x".repeat(400));
  server.clock.nowNs += SECOND;
  const other = server.client();
  other.says("*2\r\n$3\r\nGET\r\n$700\r\n" + "x".repeat(600));
  expect(half.isOver).toBe(true);
  expect(other.isOver).toBe(false);
});

test("a subscriber that does not read is closed; the others hear", () => {
  const server = new TestServer();
  const slow = server.client();
  const good = server.client();
  const speaker = server.client();
  slow.ask("SUBSCRIBE news\r\n");
  good.ask("SUBSCRIBE news\r\n");
  slow.room = 0;
  for (let i = 0; i < 40; i++) speaker.ask("PUBLISH news " + "x".repeat(50_000) + "\r\n");
  expect(slow.isOver).toBe(true);
  expect(good.isOver).toBe(false);
  expect(speaker.ask("PUBLISH news x\r\n")).toBe(":1\r\n");
  expect(server.server.unsentBytes).toBe(0);
});

test("one client too many is told so", () => {
  const limits = new StoreLimits();
  limits.clients = 1;
  const server = new TestServer(null, Durability.NO, limits);
  const first = server.client();
  const second = server.client();
  expect(second.heard()).toBe("-ERR max number of clients reached\r\n");
  expect(second.isOver).toBe(true);
  expect(first.silenceNs).toBe(600 * SECOND);
  first.close();
  expect(server.client().ask("PING\r\n")).toBe("+PONG\r\n");
});

test("a request that is announced takes no memory before it comes, and too large a one ends its client", () => {
  const limits = new StoreLimits();
  limits.requestBytes = 10_000;
  limits.bulkBytes = 5000;
  const server = new TestServer(null, Durability.NO, limits);
  const client = server.client();
  client.says("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5000\r\n");
  expect(server.server.waitingBytes).toBeLessThan(1000);
  client.says("x".repeat(5000) + "\r\n");
  expect(client.heard()).toBe("+OK\r\n");
  for (let i = 0; i < 200 && !client.isOver; i++)
    client.says(i == 0 ? "*200\r\n" : "$1000\r\n" + "y".repeat(1000) + "\r\n");
  expect(client.isOver).toBe(true);
  expect(server.server.waitingBytes).toBe(0);
});

test("who ends with the beginning of a request is closed, in whatever parts it comes", () => {
  const server = new TestServer();
  const begun = "*2\r\n$3\r\nGET\r\n$90000\r\n" + "x".repeat(1000);
  for (let split = 0; split < 4; split++) {
    const client = server.client();
    if (split == 1) client.says(begun);
    if (split == 2) client.says("PING\r\n");
    if (split == 3) client.says("PI");
    client.saysLast(split == 1 ? "x".repeat(20_000) : split == 3 ? "NG\r\nPI" : begun);
    step();
    expect(client.isOver).toBe(true);
    expect(client.heard()).toBe(split < 2 ? "" : "+PONG\r\n");
  }
  expect(server.server.waitingBytes).toBe(0);
});

test("all memory comes back", () => {
  const server = new TestServer();
  const client = server.client();
  const before = usedBytes;
  for (let i = 0; i < 200; i++) {
    client.ask(
      `SET s${i} 1\r\nAPPEND s${i} xyz\r\nRPUSH l${i % 3} a b c\r\nHSET h${i % 3} f${i} v\r\n`,
    );
    client.ask(
      `SADD u${i % 3} ${i}\r\nZADD z${i % 3} ${i} m${i % 40}\r\nRENAME s${i} l${i % 2}\r\n`,
    );
  }
  client.ask("FLUSHALL\r\n");
  expect(usedBytes).toBe(before);
});

test("under always, no reply leaves before its change is on the disk, and many share one flush", () => {
  const disk = new TestDisk(32_768);
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  store.run();
  expect(server.ready).toBe(0);
  const one = server.client();
  const other = server.client();
  const flushes = disk.flushes;
  one.says("SET a 1\r\nINCR a\r\n");
  other.says("GET a\r\nINCR a\r\n");
  step();
  expect(one.heard() + other.heard()).toBe("");
  store.run();
  step();
  expect(one.heard()).toBe("+OK\r\n:2\r\n");
  expect(other.heard()).toBe("$1\r\n2\r\n:3\r\n");
  expect(disk.flushes - flushes).toBeLessThanOrEqual(2);
});

test("when the disk fails, nothing that waits is acknowledged, and reads go on", () => {
  const disk = new TestDisk(32_768);
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  store.run();
  const client = server.client();
  const reader = server.client();
  disk.status = Errno.IO;
  client.says("SET a 1\r\n");
  step();
  store.run();
  step();
  expect(client.isOver).toBe(true);
  expect(client.heard()).toBe("");
  expect(server.failure).toBe(Errno.IO);
  expect(reader.ask("DBSIZE\r\n")).toBe(":1\r\n");
  expect(reader.ask("SET b 1\r\n").startsWith("-MISCONF")).toBe(true);
});

/** All that a server has, in an order of its own. */
function contents(server: TestServer): string {
  const client = server.client();
  let text = "";
  for (let i = 0; i < 6; i++)
    text += client.ask(
      `GET s${i}\r\nPEXPIRETIME s${i}\r\nLRANGE l${i} 0 -1\r\nZRANGE z${i} 0 -1 WITHSCORES\r\nHLEN h${i}\r\nSCARD u${i}\r\n` +
        `HMGET h${i} a b c d\r\nSMISMEMBER u${i} 1 2 3 4\r\n`,
    );
  return text + client.ask("DBSIZE\r\n");
}

test("what was kept is there at the next boot, whatever was done", () => {
  const disk = new TestDisk(65_536);
  const seeds: string[] = ["a", "b", "c", "d"];
  let before = "";
  for (let boot = 0; boot < 4; boot++) {
    const store = new TestStore(disk);
    const server = new TestServer(store.store, Durability.ALWAYS);
    store.run();
    step();
    expect(server.ready).toBe(0);
    if (boot > 0) expect(contents(server)).toBe(before);
    const client = server.client();
    for (let i = 0; i < 150; i++) {
      const n = (i * 7 + boot * 3) % 6;
      const f = seeds[(i + boot) % 4];
      let line = `APPEND s${n} ${"x".repeat((i * i) % 700)}\r\n`;
      if (i % 5 == 0) line += `PEXPIREAT s${n} ${9_000_000_000_000 + i}\r\n`;
      line += `${i % 2 == 0 ? "LPUSH" : "RPUSH"} l${n} e${i}\r\n`;
      if (i % 3 == 0) line += `LPOP l${(n + 1) % 6}\r\nLSET l${n} 0 z\r\n`;
      line += `HSET h${n} ${f} v${i}\r\nSADD u${n} ${i % 5}\r\nZADD z${n} ${i % 4} ${f}\r\n`;
      if (i % 7 == 0) line += `SPOP u${(n + 1) % 6}\r\nZPOPMIN z${(n + 2) % 6}\r\nHDEL h${n} a\r\n`;
      if (i % 11 == 0) line += `RENAME l${n} l${(n + 1) % 6}\r\nDEL z${n}\r\n`;
      if (i % 4 == 0) line += `LINSERT l${n} BEFORE e${i} n${i}\r\nLINSERT l${n} AFTER z m${i}\r\n`;
      if (i % 13 == 0) line += `LREM l${n} 2 z\r\nLMOVE l${n} l${(n + 2) % 6} LEFT RIGHT\r\n`;
      if (i % 9 == 0) line += `COPY l${n} l${(n + 3) % 6} REPLACE\r\nSETBIT s${n} ${i} 1\r\n`;
      if (i % 10 == 0)
        line += `SUNIONSTORE u${n} u${(n + 1) % 6} u${n}\r\nHINCRBYFLOAT h${n} d 1.5\r\n`;
      if (i % 12 == 0) line += `ZUNIONSTORE z${n} 2 z${(n + 1) % 6} u${n} WEIGHTS 2 3\r\n`;
      if (i % 14 == 0) line += `ZREMRANGEBYRANK z${n} 0 1\r\nSMOVE u${n} u${(n + 1) % 6} 1\r\n`;
      if (i == 40 && boot == 2) line += "FLUSHALL\r\n";
      if (i == 90)
        line += `SET s${n} ${"y".repeat(200_000)}\r\nDEL l0\r\nRPUSH l0${" q".repeat(700)}\r\n`;
      if (i == 120) line += "DEL l0\r\nSET s5 short\r\n";
      client.says(line);
      for (let turn = 0; turn < 4; turn++) {
        step();
        store.run();
      }
    }
    client.heard();
    before = contents(server);
    for (let turn = 0; turn < 50; turn++) {
      step();
      store.run();
    }
    expect(server.failure).toBe(0);
  }
});

test("from the moment of a shutdown on nothing is answered that would not be kept", () => {
  const store = new TestStore(new TestDisk(16_384));
  const server = new TestServer(store.store, Durability.EVERY_SECOND);
  store.run();
  step();
  const client = server.client();
  expect(client.ask("SET a 1\r\n")).toBe("+OK\r\n");
  server.server.onShutdown();
  // What was answered is flushed: the disk has not done it yet.
  expect(client.ask("SET a 2\r\n")).toBe("");
});
