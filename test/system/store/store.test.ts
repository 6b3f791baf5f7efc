/** The store with the clients that people have, beside the server that it would replace. */
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootStore, storeImage, type Booted } from "./booted.js";
import { Chance, TIMES, UNORDERED, commands } from "./commands.js";
import { LISTS, SERVER, SETS, SORTED, STRINGS, WAITING } from "./families.js";
import { ioredisSuite } from "./ioredis.js";
import { nodeRedisSuite } from "./node-redis.js";
import { RespClient, encode, endOf } from "./resp.js";

const has = (name: string): boolean => spawnSync(name, ["--version"]).status === 0;
const execute = promisify(execFile);

// More: PHANTASM_SEEDS=100 PHANTASM_SEED=7 PHANTASM_KILLS=100.
const firstSeed = Number(process.env["PHANTASM_SEED"] ?? 1);
const seeds = Number(process.env["PHANTASM_SEEDS"] ?? 4);
const kills = Number(process.env["PHANTASM_KILLS"] ?? 4);
const COMMANDS = 3000;
const BIG = 1_700_000;
const FAMILIES = [...SORTED, ...SETS, ...LISTS, ...STRINGS, ...WAITING, ...SERVER];

let image = "";
let folder = "";
beforeAll(async () => {
  image = await storeImage();
  folder = mkdtempSync(join(tmpdir(), "phantasm-store-"));
}, 600_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function boot(disk: string, ...words: string[]): Promise<Booted> {
  return bootStore(image, disk, 0, ...words);
}

const PAIRED = /^with(values|scores)$/i;

/** A reply in an order that both servers share. */
function comparable(words: readonly string[], reply: string, isResp3: boolean): string {
  const command = (words[0] ?? "").toUpperCase();
  if (TIMES.has(command)) return reply.replace(/:\d{5,}/, ":time");
  if (!UNORDERED.has(command)) return reply;
  const parts: string[] = [];
  endOf(reply, 0, parts);
  // Only RESP2 has pairs that are not in arrays of their own.
  const step = command === "HGETALL" || (PAIRED.test(words[3] ?? "") && !isResp3) ? 2 : 1;
  const groups: string[] = [];
  for (let i = 0; i < parts.length; i += step) groups.push(parts.slice(i, i + step).join(""));
  return reply.slice(0, reply.indexOf("\r\n")) + groups.sort().join("");
}

/** Transactions may hold unordered replies: what is inside is then compared without order. */
function sorted(reply: string): string {
  return [...reply.replaceAll(/:\d{5,}/g, ":time")].sort().join("");
}

describe.runIf(has("redis-server"))("beside redis-server", () => {
  let redis: ChildProcess | undefined;
  let redisPort = 0;
  let store: Booted | undefined;
  beforeAll(async () => {
    store = await boot("mem:64M", "--durability=no");
    redisPort = 20_000 + (process.pid % 20_000);
    redis = spawn("redis-server", ["--port", `${redisPort}`, "--save", "", "--dir", folder]);
    for (let tries = 0; tries < 100; tries++) {
      const client = await RespClient.open(redisPort).catch(() => undefined);
      client?.close();
      if (client !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }, 120_000);
  afterAll(async () => {
    redis?.kill();
    await store?.running.stop();
  });

  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const resp3 = seed % 2 === 0;
    test(`the same commands have the same replies (seed ${seed}, RESP${resp3 ? 3 : 2})`, async () => {
      const all = commands(seed, COMMANDS, FAMILIES);
      const chance = new Chance(seed + 1000);
      const replies: string[][] = [];
      for (const port of [store?.port ?? 0, redisPort]) {
        const client = await RespClient.open(port);
        await client.ask("FLUSHALL");
        if (resp3) await client.ask("HELLO", "3");
        const own: string[] = [];
        for (let at = 0; at < all.length;) {
          const some = all.slice(at, at + 1 + chance.below(40));
          client.send(some.map(encode).join(""));
          own.push(...(await client.replies(some.length)));
          at += some.length;
        }
        client.close();
        replies.push(own);
      }
      const [ours = [], theirs = []] = replies;
      const differences: string[] = [];
      for (const [index, words] of all.entries()) {
        const [our = "none", their = "none"] = [ours[index], theirs[index]];
        const name = (words[0] ?? "").toUpperCase();
        const [one, other] =
          name === "EXEC"
            ? [sorted(our), sorted(their)]
            : [comparable(words, our, resp3), comparable(words, their, resp3)];
        if (one !== other) differences.push(JSON.stringify({ index, words, our, their }));
      }
      expect(differences.slice(0, 5), `seed ${seed}`).toEqual([]);
      expect(ours.length).toBe(COMMANDS);
    });
  }

  test("requests that cannot be understood are answered alike", async () => {
    const hostile = [
      "*1\r\n$x\r\n",
      "*x\r\n",
      "*2147483648\r\n",
      "*1\r\n:1\r\n",
      "*1\r\n$-1\r\n",
      'set "a\r\n',
      'echo "a\\x41\\n" \r\n',
      "ping\n",
      "\r\n\r\nping\r\n",
      "*0\r\n*-1\r\nping\r\n",
      "a".repeat(70_000),
      "*" + "1".repeat(70_000),
      "*1\r\n$" + "1".repeat(70_000),
      "*2\r\n$4\r\necho\r\n$9999999999\r\n",
    ];
    for (const text of hostile) {
      const heard: string[] = [];
      for (const port of [store?.port ?? 0, redisPort]) {
        const client = await RespClient.open(port);
        client.send(text);
        const silence = setTimeout(() => client.close(), 3000);
        heard.push((await client.replies(1))[0] ?? "closed");
        clearTimeout(silence);
        client.close();
      }
      expect(heard[0], JSON.stringify(text.slice(0, 60))).toBe(heard[1]);
    }
  });

  test("subscribers hear the same", async () => {
    const heard: string[][] = [];
    for (const port of [store?.port ?? 0, redisPort]) {
      const [listener, speaker] = [await RespClient.open(port), await RespClient.open(port)];
      listener.send(
        [["SUBSCRIBE", "a", "b"], ["PSUBSCRIBE", "a*"], ["PING"], ["GET", "x"]]
          .map(encode)
          .join(""),
      );
      const own = await listener.replies(5);
      own.push(await speaker.ask("PUBLISH", "a", "one"), await speaker.ask("PUBLISH", "none", "x"));
      own.push(...(await listener.replies(2)));
      own.push(
        await speaker.ask("PUBSUB", "NUMSUB", "a", "b", "c"),
        await speaker.ask("PUBSUB", "NUMPAT"),
      );
      listener.send(
        [["UNSUBSCRIBE", "b", "a"], ["PUNSUBSCRIBE", "a*"], ["UNSUBSCRIBE"], ["PING"]]
          .map(encode)
          .join(""),
      );
      own.push(...(await listener.replies(5)));
      heard.push(own);
      listener.close();
      speaker.close();
    }
    expect(heard[0]).toEqual(heard[1]);
  });
});

describe.runIf(has("redis-benchmark"))("the tools of Redis", () => {
  let store: Booted;
  beforeAll(async () => {
    store = await boot("mem:64M");
  }, 120_000);
  afterAll(() => store.running.stop());
  const cli = async (...words: string[]): Promise<string> =>
    (await execute("redis-cli", ["-p", `${store.port}`, ...words])).stdout;

  /** What is said by one that goes on until it is ended. */
  const until = (...words: string[]): Promise<string> =>
    execute("timeout", ["1", "stdbuf", "-oL", "redis-cli", "-p", `${store.port}`, ...words]).then(
      ({ stdout }) => stdout,
      (error: unknown) => (error as { stdout: string }).stdout,
    );

  test("redis-cli works unchanged, with what it does over many keys", async () => {
    expect(await cli("set", "greeting", "hello")).toBe("OK\n");
    expect(await cli("-3", "hset", "h", "a", "1", "b", "2")).toBe("2\n");
    expect(await cli("-3", "hgetall", "h")).toMatch(/^(?:a 1\nb 2|b 2\na 1)\n$/);
    await cli("rpush", "l", "1", "2", "3");
    await cli("zadd", "z", "1", "a");
    expect(await cli("--scan", "--pattern", "g*")).toBe("greeting\n");
    const keys = await cli("--bigkeys");
    expect(keys).toContain(`Biggest   list found '"l"' has 3 items`);
    expect(keys).toContain(`Biggest string found '"greeting"' has 5 bytes`);
    expect(await cli("--memkeys")).toMatch(/Biggest {3}list found '"l"' has \d+ bytes/);
    expect(await cli("info", "keyspace")).toMatch(
      /^# Keyspace\r\ndb0:keys=4,expires=0,avg_ttl=0\r\n/,
    );
    expect(await cli("object", "encoding", "l")).toBe("quicklist\n");
    expect(await cli("blpop", "nothing", "0.05")).toBe("\n");
    expect(await cli("client", "list")).toMatch(/^id=\d+ addr=\S+ laddr=\S+ .* cmd=client/);
    expect(await until("--latency", "-i", "0.2")).toMatch(/\d/);
  });

  test("redis-cli --stat and monitor see what others do", async () => {
    const watching = spawn("redis-cli", ["-p", `${store.port}`, "monitor"]);
    let seen = "";
    watching.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
    for (let tries = 0; tries < 100 && !seen.includes("OK"); tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await cli("set", "a", 'b "\n');
    for (let tries = 0; tries < 100 && !seen.includes("set"); tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    watching.kill();
    expect(seen).toMatch(/^OK\n/);
    expect(seen).toMatch(/\d+\.\d{6} \[0 [\d.]+:\d+\] "set" "a" "b \\"\\n"\n/);
    expect(await until("--stat", "-i", "0.1")).toMatch(/keys +mem +clients[^]*\d/);
  });

  test("redis-benchmark has all of its tests answered", async () => {
    const { stdout } = await execute("redis-benchmark", ["-p", `${store.port}`, "-q", "-n", "300"]);
    expect(stdout.match(/requests per second/g)?.length).toBe(20);
    expect(stdout).not.toContain("Error");
  });
});

ioredisSuite(() => image);
nodeRedisSuite(() => image);

test("a client that does not read costs no more than its limits, and others are served", async () => {
  const { running, port } = await boot("mem:64M", "--durability=no");
  const [silent, other] = [await RespClient.open(port), await RespClient.open(port)];
  await other.ask("SET", "big", "x".repeat(500_000));
  silent.pause();
  silent.send(encode(["GET", "big"]).repeat(2000));
  for (let i = 0; i < 5; i++) expect(await other.ask("PING")).toBe("+PONG\r\n");
  const info = await other.ask("INFO");
  expect(Number(/unsent_reply_bytes:(\d+)/.exec(info)?.[1])).toBeLessThan(2_000_000);
  silent.close();
  other.close();
  await running.stop();
});

test("memory has a limit, and says so", async () => {
  const { running, port } = await boot("mem:64M", "--durability=no", "--maxmemory=2M");
  const client = await RespClient.open(port);
  let reply = "";
  for (let i = 0; i < 100 && !reply.startsWith("-"); i++)
    reply = await client.ask("SET", `key${i}`, "x".repeat(50_000));
  expect(reply).toBe("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  expect(await client.ask("DEL", "key1")).toBe(":1\r\n");
  expect(await client.ask("SET", "key1", "1")).toBe("+OK\r\n");
  client.close();
  await running.stop();
});

test("a password is asked for", async () => {
  const { writeFileSync } = await import("node:fs");
  const file = join(folder, "password");
  writeFileSync(file, "sesame");
  const { running, port } = await boot("mem:64M", "--password", `@${file}`);
  const client = await RespClient.open(port);
  expect(await client.ask("GET", "a")).toBe("-NOAUTH Authentication required.\r\n");
  expect(await client.ask("AUTH", "wrong")).toMatch(/^-WRONGPASS/);
  expect(await client.ask("AUTH", "sesame")).toBe("+OK\r\n");
  expect(await client.ask("GET", "a")).toBe("$-1\r\n");
  client.close();
  await running.stop();
});

test(
  `killed ${kills} times under always, nothing acknowledged is lost (seed ${firstSeed})`,
  async () => {
    const disk = join(folder, "kill.img");
    const chance = new Chance(firstSeed);
    let counter = 0;
    let pushed = 0;
    let members = 0;
    let edited = 0;
    for (let kill = 0; kill <= kills; kill++) {
      const { running, port } = await boot(`${disk}:64M`, "--durability=always");
      const client = await RespClient.open(port);
      const where = `seed ${firstSeed}, kill ${kill}`;
      const number = async (...words: string[]): Promise<number> =>
        Number(/[$:](?:\d+\r\n)?(\d+)\r\n$/.exec(await client.ask(...words))?.[1] ?? 0);
      const [counted, length, count] = [
        await number("GET", "counter"),
        await number("LLEN", "list"),
        await number("ZCARD", "sorted"),
      ];
      expect(counted, where).toBeGreaterThanOrEqual(counter);
      expect(length, where).toBeGreaterThanOrEqual(pushed);
      expect(count, where).toBeGreaterThanOrEqual(members);
      expect(await number("LLEN", "edited"), where).toBeGreaterThanOrEqual(edited);
      // What it was made of may have grown since.
      expect(await number("ZCARD", "union"), where).toBeLessThanOrEqual(count);
      await client.ask("RPUSHX", "edited", "x");
      if (kill === 0) await client.ask("RPUSH", "edited", "pivot");
      // A transaction is there as a whole.
      expect(await number("HLEN", "pair"), where).toBe(counted === 0 ? 0 : 2);
      // A value of several batches is one of those that were written.
      const [bytes, first, last] = [
        await number("STRLEN", "big"),
        await client.ask("GETRANGE", "big", "0", "0"),
        await client.ask("GETRANGE", "big", "-1", "-1"),
      ];
      expect([0, BIG], where).toContain(bytes);
      expect(first, where).toBe(last);
      if (kill < kills) {
        const until = Date.now() + 200 + chance.below(300);
        while (Date.now() < until) {
          const id = counted + length + count + Date.now();
          client.send(
            [
              ["MULTI"],
              ["INCR", "counter"],
              ["HSET", "pair", "a", `${id}`],
              ["HSET", "pair", "b", `${id}`],
              ["EXEC"],
              [chance.of(["LPUSH", "RPUSH"]), "list", "x".repeat(chance.below(200))],
              ["ZADD", "sorted", "1", `m${counter}-${kill}`],
              ["SET", "big", chance.of(["a", "b", "c"]).repeat(BIG)],
              ["LINSERT", "edited", chance.of(["BEFORE", "AFTER"]), "pivot", `${counter}`],
              ["ZUNIONSTORE", "union", "2", "sorted", "union"],
            ]
              .map(encode)
              .join(""),
          );
          const replies = await client.replies(10);
          counter = Number(/:(\d+)/.exec(replies[4] ?? "")?.[1] ?? counter);
          pushed = Number(replies[5]?.slice(1) ?? pushed);
          members += Number(replies[6]?.slice(1) ?? 0);
        }
        edited = Math.max(edited, await number("LLEN", "edited"));
        // One more is on its way when it dies.
        client.send(encode(["INCR", "counter"]));
        running.signal("SIGKILL");
        await running.ended;
      } else await running.stop();
      client.close();
    }
    expect(counter).toBeGreaterThan(0);
  },
  60_000 + kills * 20_000,
);
