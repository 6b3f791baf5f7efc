/** What an application does with node-redis, in RESP3 and, for what differs, in RESP2. */
import { setTimeout as sleep } from "node:timers/promises";
import { RESP_TYPES, createClient } from "@redis/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootStore, type Booted } from "./booted.js";

/** @param image that was built before any test begins */
export function nodeRedisSuite(image: () => string): void {
  describe("node-redis", () => {
    let store: Booted;
    const clients: { destroy(): void }[] = [];

    async function connect<Version extends 2 | 3>(RESP: Version) {
      const client = createClient({ RESP, socket: { host: "127.0.0.1", port: store.port } });
      client.on("error", () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    }

    beforeAll(async () => {
      store = await bootStore(image(), "mem:128M", 0, "--durability=no");
    }, 600_000);
    afterAll(async () => {
      for (const client of clients) client.destroy();
      await store.running.stop();
    });

    for (const version of [2, 3] as const) {
      test(`HELLO, values of all types, pipelines and transactions (RESP${version})`, async () => {
        const client = await connect(version);
        await client.flushAll();
        const replies = await Promise.all(
          [...Array(300).keys()].map(async (i) => client.incrBy("counter", i)),
        );
        expect(replies.at(-1)).toBe((299 * 300) / 2);
        await client.hSet("hash", { a: "1", b: "2" });
        expect({ ...(await client.hGetAll("hash")) }).toEqual({ a: "1", b: "2" });
        await client.sAdd("set", ["x", "y"]);
        await client.sAdd("other", ["y", "z"]);
        expect(await client.sInter(["set", "other"])).toEqual(["y"]);
        await client.zAdd("scores", [
          { score: 1.5, value: "a" },
          { score: -Infinity, value: "b" },
        ]);
        expect(await client.zRangeWithScores("scores", 0, -1)).toEqual([
          { value: "b", score: -Infinity },
          { value: "a", score: 1.5 },
        ]);
        expect(await client.zScore("scores", "nobody")).toBeNull();
        expect(await client.zPopMinCount("scores", 2)).toHaveLength(2);
        const results = await client.multi().set("a", "1").incr("a").get("nobody").exec();
        expect(results).toEqual(["OK", 2, null]);
        await client.watch("a");
        await (await connect(version)).set("a", "9");
        await expect(client.multi().set("a", "0").exec()).rejects.toThrow("watched keys");
        expect(await client.configGet("maxmemory-policy")).toEqual({
          "maxmemory-policy": "noeviction",
        });
        expect(await client.clientId()).toBeGreaterThan(0);
        expect(await client.clientInfo()).toMatchObject({ resp: version });
        expect(await client.commandCount()).toBeGreaterThan(150);
        expect((await client.commandInfo(["get"]))[0]).toMatchObject({ name: "get", arity: 2 });
      });

      test(`messages and waiting (RESP${version})`, async () => {
        const [client, other, listener] = await Promise.all([1, 2, 3].map(() => connect(version)));
        if (!client || !other || !listener) throw new Error("no clients");
        const heard = new Promise<string>((resolve) => {
          void listener.subscribe("news", (message) => resolve(message));
        });
        while ((await client.publish("news", "hello")) === 0) await sleep(10);
        expect(await heard).toBe("hello");
        await listener.unsubscribe("news");
        const waiting = other.blPop(["jobs", "more"], 10);
        while (!(await client.info("clients")).includes("blocked_clients:1")) await sleep(10);
        await client.rPush("more", "job");
        expect(await waiting).toEqual({ key: "more", element: "job" });
        expect(await other.blPop("jobs", 0.05)).toBeNull();
        expect(await other.bzPopMin("nothing", 0.05)).toBeNull();
        expect(await client.lmPop("jobs", "LEFT")).toBeNull();
      });

      test(`iterators and bytes (RESP${version})`, async () => {
        const client = await connect(version);
        await client.flushAll();
        await client.mSet([...Array(500).keys()].map((i) => [`k${i}`, "v"] as [string, string]));
        const keys = new Set<string>();
        for await (const some of client.scanIterator({ MATCH: "k*", COUNT: 30 }))
          for (const key of some) keys.add(key);
        expect(keys.size).toBe(500);
        const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
        const value = Buffer.alloc(2 * 1024 * 1024, Buffer.from([...Array(256).keys()]));
        await client.set("bytes", value);
        expect((await bytes.get("bytes"))?.equals(value)).toBe(true);
        expect(await client.getRange("bytes", 65, 67)).toBe("ABC");
        await client.set("short", "1", { expiration: { type: "PX", value: 40 } });
        await sleep(80);
        expect(await client.get("short")).toBeNull();
        await expect(client.sendCommand(["NOSUCH", "a"])).rejects.toThrow(
          "ERR unknown command 'NOSUCH', with args beginning with: 'a' ",
        );
      });
    }
  });
}
