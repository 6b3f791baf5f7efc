/** What a command makes is there as a whole after a crash at any moment, however large it is. */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { TestStore } from "@phantasm/kv/testing";
import { expect, test } from "@phantasm/testing";
import { TestServer, step } from "../testing";
import { Durability } from "./keeper";

const SECTORS: i32 = 131_072;
/** Moments of each change that power is lost at. */
const POINTS: i32 = 2;

function boot(disk: TestDisk): TestServer {
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  settle(store, 2);
  expect(server.ready).toBe(0);
  return server;
}

function settle(store: TestStore, turns: i32): void {
  for (let turn = 0; turn < turns; turn++) {
    store.run();
    step();
  }
}

/** Says how the changed keys are: the same text means the same contents. */
function asked(server: TestServer): string {
  return server
    .client()
    .ask(
      "STRLEN s\r\nGETRANGE s 0 0\r\nGETRANGE s -1 -1\r\nHSTRLEN h f\r\nHLEN h\r\nSCARD u\r\nZCARD z\r\n" +
        "LLEN l\r\nLINDEX l 1\r\nLINDEX l -1\r\nLPOS l x\r\nSCARD w\r\nSTRLEN big\r\nEXISTS s h u z l w\r\nLLEN m\r\nSTRLEN t\r\nSTRLEN l\r\n",
    );
}

/** A line is not as long as these are. */
function encoded(line: string): string {
  const words = line.split(" ");
  let text = `*${words.length}\r\n`;
  for (let i = 0; i < words.length; i++) text += `$${words[i].length}\r\n${words[i]}\r\n`;
  return text;
}

/** Each of them is one change. */
const CHANGES: StaticArray<string> = [
  "SET s " + "b".repeat(2_000_000) + "c\r\n",
  "SET s short\r\n",
  "HSET h f " + "x".repeat(1_900_000) + "\r\n",
  "HSET h f y\r\n",
  "SUNIONSTORE u u v\r\n",
  "ZUNIONSTORE z 2 u v\r\n",
  "COPY l m\r\nDEL l\r\nRENAME m l\r\n",
  "LINSERT l BEFORE e1 x\r\n",
  "LREM l 0 e2\r\n",
  "LSET l 1 " + "q".repeat(1_900_000) + "\r\n",
  "LSET l 1 r\r\n",
  "SINTERSTORE w u v\r\n",
  "SDIFFSTORE w u none\r\n",
  "APPEND s " + "z".repeat(1_700_000) + "\r\n",
  "RENAME s t\r\nRENAME t s\r\n",
  "RPUSH m " + "m".repeat(1_800_000) + "\r\nLMOVE m l LEFT RIGHT\r\nLMOVE l l RIGHT LEFT\r\n",
  "RENAME s t\r\nSET s old\r\nRENAME t s\r\n",
  "SET l " + "d".repeat(1_800_000) + "\r\n",
];

function prepare(server: TestServer, store: TestStore): void {
  const client = server.client();
  let text = "SET s a\r\nHSET h f a g b\r\n";
  for (let i = 0; i < 700; i++)
    text += `SADD u u${i}\r\nSADD v v${i} u${i % 9}\r\nRPUSH l e${i}\r\n`;
  client.says(text);
  settle(store, 40);
}

test("a large change is there as a whole, or not at all (seed 11)", () => {
  const random = new TestRandom(11);
  const disk = new TestDisk(SECTORS);
  const before = new Uint8Array(SECTORS * 512);
  const left = new TestDisk(SECTORS);
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  settle(store, 2);
  prepare(server, store);
  for (let change = 0; change < CHANGES.length; change++) {
    const lines = CHANGES[change].split("\r\n");
    for (let line = 0; line + 1 < lines.length; line++) {
      const old = asked(server);
      before.set(disk.content);
      disk.records = true;
      const client = server.client();
      client.says(encoded(lines[line]));
      settle(store, 30);
      const reply = client.heard();
      expect(reply.startsWith("+") || reply.startsWith(":") || reply.startsWith("$")).toBe(true);
      const after = asked(server);
      const events = disk.journalLength;
      for (let point = 0; point < POINTS; point++) {
        left.forgetRequests();
        left.content.set(before);
        disk.crash(<i32>random.below(<u32>events + 1), random, left.content);
        const again = boot(left);
        const found = asked(again);
        // Servers of one case share what memory there is.
        again.client().ask("FLUSHALL\r\n");
        if (found == old || found == after) continue;
        expect(lines[line].substring(0, 40) + "\n" + found).toBe(old + "\nor\n" + after);
      }
      disk.forgetJournal();
    }
  }
});

test("a batch is never larger than a store takes, whatever is changed together", () => {
  const disk = new TestDisk(SECTORS);
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  settle(store, 2);
  const client = server.client();
  const half = "x".repeat(500 << 10);
  client.says(encoded(`MSET a ${half} b ${"y".repeat(260 << 10)} c ${half}xxxx`));
  settle(store, 30);
  expect(client.heard()).toBe("+OK\r\n");
  client.says(encoded(`RPUSH l ${half} ${"y".repeat(260 << 10)} ${half}`));
  settle(store, 30);
  expect(client.heard()).toBe(":3\r\n");
  expect(server.failure).toBe(0);
  const again = boot(disk).client();
  expect(again.ask("STRLEN a\r\nSTRLEN b\r\nSTRLEN c\r\nLLEN l\r\n")).toBe(
    ":512000\r\n:266240\r\n:512004\r\n:3\r\n",
  );
});

test("requests that come together are committed together, wherever one is cut", () => {
  const store = new TestStore(new TestDisk(SECTORS));
  const server = new TestServer(store.store, Durability.ALWAYS);
  settle(store, 2);
  const client = server.client();
  client.says(encoded("SET k " + "v".repeat(100)) + encoded("GET k"));
  settle(store, 4);
  const replyBytes = client.heardBytes;
  client.says((encoded("SET k " + "v".repeat(100)) + encoded("GET k")).repeat(2000));
  settle(store, 100);
  expect(client.heardBytes).toBe(2001 * replyBytes);
  expect(server.server.commits < 20).toBe(true);
});

/** Each of them changes more than a batch takes, and what shows is in all of its batches. */
const UNITS: StaticArray<string> = [
  "several keys",
  "a transaction",
  "elements",
  "removals",
  "large ones",
];

function unit(which: i32): string {
  let text = "";
  if (which == 0) {
    text = "MSET";
    for (let i = 0; i < 300; i++) text += ` k${i} ` + "m".repeat(4000);
    return encoded(text);
  }
  if (which == 1) {
    text = "MULTI\r\n";
    for (let i = 0; i < 700; i++) text += `INCR k${i}\r\nRPUSH l${i % 3} ${i}\r\n`;
    return text + "EXEC\r\n";
  }
  if (which == 2) {
    text = "RPUSH k0";
    for (let i = 0; i < 1500; i++) text += ` e${i}`;
    return encoded(text);
  }
  if (which == 3) return "LTRIM k0 1100 1200\r\n";
  return encoded("MSET k0 " + "a".repeat(900_000) + " k1 " + "b".repeat(900_000));
}

/** What the units change, in short. */
function state(server: TestServer): string {
  return server
    .client()
    .ask(
      "DBSIZE\r\nSTRLEN k0\r\nSTRLEN k1\r\nSTRLEN k299\r\nGET k150\r\nGET k699\r\nLLEN k0\r\nLINDEX k0 0\r\n" +
        "LLEN l0\r\nLLEN l2\r\nSTRLEN k298\r\n",
    );
}

test("what takes several batches is there as a whole, or not at all (seed 12)", () => {
  const random = new TestRandom(12);
  const disk = new TestDisk(SECTORS);
  const before = new Uint8Array(SECTORS * 512);
  const left = new TestDisk(SECTORS);
  const store = new TestStore(disk);
  const server = new TestServer(store.store, Durability.ALWAYS);
  settle(store, 2);
  const client = server.client();
  for (let which = 0; which < UNITS.length; which++) {
    client.says("FLUSHALL\r\n" + (which == 3 ? unit(2) : "SET other 1\r\n"));
    settle(store, 60);
    client.heard();
    const old = state(server);
    before.set(disk.content);
    disk.records = true;
    const announced = server.server.announced;
    client.says(unit(which));
    settle(store, 60);
    expect(client.heard().length).toBeGreaterThan(3);
    expect(server.server.announced).toBe(announced + 1);
    const after = state(server);
    const events = disk.journalLength;
    for (let point = 0; point < 2 * POINTS; point++) {
      left.forgetRequests();
      left.content.set(before);
      disk.crash(<i32>random.below(<u32>events + 1), random, left.content);
      const again = boot(left);
      const found = state(again);
      again.client().ask("FLUSHALL\r\n");
      if (found == old || found == after) continue;
      expect(UNITS[which] + "\n" + found).toBe(old + "\nor\n" + after);
    }
    disk.forgetJournal();
  }
  expect(server.server.torn).toBe(0);
});
