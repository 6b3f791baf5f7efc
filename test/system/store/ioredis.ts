/** What an application does with ioredis. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootStore, type Booted } from "./booted.js";

/** @param image that was built before any test begins */
export function ioredisSuite(image: () => string): void {
  describe("ioredis", () => {
    const MIB = 1024 * 1024;

    let folder = "";
    let store: Booted;
    const clients: Redis[] = [];

    /** Errors come with the commands that fail. */
    function connect(options: Record<string, unknown> = {}): Redis {
      const client = new Redis({ host: "127.0.0.1", port: store.port, ...options });
      client.on("error", () => undefined);
      clients.push(client);
      return client;
    }

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "phantasm-ioredis-"));
      store = await bootStore(
        image(),
        `${join(folder, "data.img")}:256M`,
        0,
        "--durability=always",
      );
    }, 600_000);
    afterAll(async () => {
      for (const client of clients) client.disconnect();
      await store.running.stop();
      rmSync(folder, { recursive: true });
    });

    test("it connects when the server is ready, and a pipeline is answered in its order", async () => {
      const redis = connect();
      await expect(redis.ping()).resolves.toBe("PONG");
      const pipeline = redis.pipeline();
      for (let i = 0; i < 500; i++) pipeline.incr("counter");
      pipeline.lpush("counter", "x").get("counter");
      const results = (await pipeline.exec()) ?? [];
      expect(results.slice(0, 500).map(([, value]) => value)).toEqual(
        [...Array(501).keys()].slice(1),
      );
      expect(results[500]?.[0]?.message).toMatch(/^WRONGTYPE/);
      expect(results[501]?.[1]).toBe("500");
    });

    test("transactions happen as a whole; a watched key that changes undoes them", async () => {
      const [redis, other] = [connect(), connect()];
      await redis.set("balance", "10");
      const done = await redis.multi().decrby("balance", 3).hset("log", { a: "1", b: "2" }).exec();
      expect(done).toEqual([
        [null, 7],
        [null, 2],
      ]);
      await redis.watch("balance");
      await other.incr("balance");
      expect(await redis.multi().set("balance", "0").exec()).toBeNull();
      expect(await redis.get("balance")).toBe("8");
      const failing = redis.multi().set("a", "1").call("NOSUCH");
      await expect(failing.exec()).rejects.toThrow("EXECABORT");
    });

    test("messages reach subscribers of channels and patterns", async () => {
      const [listener, speaker] = [connect(), connect()];
      const heard: string[][] = [];
      const both = new Promise<void>((resolve) => {
        const hear = (...words: string[]): void => {
          heard.push(words);
          if (heard.length === 2) resolve();
        };
        listener.on("message", hear);
        listener.on("pmessage", hear);
      });
      await listener.subscribe("news");
      await listener.psubscribe("n*");
      expect(await speaker.publish("news", "hello")).toBe(2);
      await both;
      expect(heard).toEqual([
        ["news", "hello"],
        ["n*", "news", "hello"],
      ]);
      expect(await speaker.pubsub("CHANNELS")).toEqual(["news"]);
      await listener.unsubscribe("news");
      await listener.punsubscribe("n*");
      expect(await listener.ping()).toBe("PONG");
    });

    test("workers wait for jobs, and have them in the order in which they began to wait", async () => {
      const [first, second, producer] = [connect(), connect(), connect()];
      const one = first.blpop("urgent", "jobs", 10);
      while ((await producer.info("clients")).includes("blocked_clients:0"))
        await new Promise((resolve) => setTimeout(resolve, 10));
      const two = second.blpop("jobs", 10);
      while (!(await producer.info("clients")).includes("blocked_clients:2"))
        await new Promise((resolve) => setTimeout(resolve, 10));
      await producer.rpush("jobs", "a", "b", "c");
      expect([await one, await two]).toEqual([
        ["jobs", "a"],
        ["jobs", "b"],
      ]);
      expect(await first.blpop("nothing", 0.05)).toBeNull();
      expect(await first.blmove("jobs", "done", "LEFT", "RIGHT", 1)).toBe("c");
      await producer.zadd("queue", 2, "late", 1, "soon");
      expect(await first.bzpopmin("queue", 1)).toEqual(["queue", "soon", "1"]);
    });

    test("iterators of SCAN give every key and element", async () => {
      const redis = connect({ keyPrefix: "many:" });
      const pipeline = redis.pipeline();
      for (let i = 0; i < 1000; i++) pipeline.set(`${i}`, "x");
      for (let i = 0; i < 300; i++) pipeline.hset("hash", `f${i}`, i).zadd("sorted", i, `m${i}`);
      await pipeline.exec();
      const keys = new Set<string>();
      for await (const some of redis.scanStream({ match: "many:*", count: 50, type: "string" }))
        for (const key of some as string[]) keys.add(key);
      expect(keys.size).toBe(1000);
      let fields = 0;
      for await (const some of redis.hscanStream("hash")) fields += (some as string[]).length / 2;
      expect(fields).toBe(300);
      let members = 0;
      for await (const some of redis.zscanStream("sorted"))
        members += (some as string[]).length / 2;
      expect(members).toBe(300);
      expect(await redis.zrange("sorted", "(297", "+inf", "BYSCORE")).toEqual(["m298", "m299"]);
    });

    test("keys expire", async () => {
      const redis = connect();
      await redis.set("short", "x", "PX", 60);
      await redis.set("long", "x", "EX", 100);
      expect(await redis.ttl("long")).toBe(100);
      expect(await redis.expire("long", 10, "GT")).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await redis.exists("short", "long")).toBe(1);
    });

    test("values are bytes, whatever they are, up to 8 MiB", async () => {
      const redis = connect();
      const all = Buffer.from([...Array(256).keys()]);
      await redis.set(all, all);
      expect(await redis.getBuffer(all)).toEqual(all);
      for (const mebibytes of [1, 8]) {
        const value = Buffer.alloc(mebibytes * MIB, all);
        await redis.set("big", value);
        expect((await redis.getBuffer("big"))?.equals(value)).toBe(true);
        expect(await redis.strlen("big")).toBe(value.length);
      }
      await redis.hset("object", "big", Buffer.alloc(MIB, "x"));
      expect((await redis.hgetBuffer("object", "big"))?.length).toBe(MIB);
    });

    test("after a restart of the server it connects again, and all is there", async () => {
      const redis = connect({ retryStrategy: () => 100, maxRetriesPerRequest: null });
      await redis.mset("kept", "1", "also", "2");
      await redis.rpush("list", "a", "b", "d");
      await redis.linsert("list", "BEFORE", "d", "c");
      await store.running.stop();
      const disk = `${join(folder, "data.img")}:256M`;
      const asked = redis.mget("kept", "also");
      store = await bootStore(image(), disk, store.port, "--durability=always");
      expect(await asked).toEqual(["1", "2"]);
      expect(await redis.lrange("list", 0, -1)).toEqual(["a", "b", "c", "d"]);
      expect((await redis.getBuffer("big"))?.length).toBe(8 * MIB);
      expect(await redis.hstrlen("object", "big")).toBe(MIB);
    });

    test("a wrong password is refused, the right one is not", async () => {
      const file = join(folder, "password");
      writeFileSync(file, "sesame");
      const { running, port } = await bootStore(image(), "mem:64M", 0, "--password", `@${file}`);
      const wrong = connect({ port, password: "wrong", retryStrategy: () => null });
      await expect(wrong.get("a")).rejects.toThrow(/NOAUTH|WRONGPASS/);
      const right = connect({ port, password: "sesame" });
      expect(await right.set("a", "1")).toBe("OK");
      right.disconnect();
      wrong.disconnect();
      await running.stop();
    });
  });
}
