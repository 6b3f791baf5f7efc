// key-value-peers.mjs PEER MODULES FOLDER KEYS BATCH SINGLES BYTES: what test/bench/key-value does, by SQLite
// (better-sqlite3: WAL, synchronous=FULL) or LevelDB (classic-level), whose modules lie in MODULES. Prints a
// line of JSON for each phase.
import { createRequire } from "node:module";
import { join } from "node:path";

const [peer, modules, folder] = process.argv.slice(2);
const [keys, batch, singles, bytes] = process.argv.slice(5).map(Number);
const require = createRequire(join(modules, "package.json"));

/** The finaliser of MurmurHash3 (Appleby 2011). */
function scatter(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const hex = (value) => value.toString(16).padStart(8, "0");
const keyOf = (index) => Buffer.from(hex(scatter(index)) + hex(scatter(index ^ 0x9e3779b9)));

function sqlite() {
  const Database = require("better-sqlite3");
  const database = new Database(join(folder, "peer.sqlite"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("cache_size = -65536");
  database.exec("CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
  const put = database.prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)");
  const get = database.prepare("SELECT value FROM kv WHERE key = ?").pluck();
  const all = database.prepare("SELECT key, value FROM kv ORDER BY key").raw();
  const putAll = database.transaction((pairs) => {
    for (const [key, value] of pairs) put.run(key, value);
  });
  return {
    put: (pairs) => putAll(pairs),
    get: (key) => get.get(key),
    scan: () => {
      let count = 0;
      for (const row of all.iterate()) count += row.length > 0 ? 1 : 0;
      return count;
    },
    close: () => database.close(),
  };
}

async function leveldb() {
  const { ClassicLevel } = require("classic-level");
  const encoding = { keyEncoding: "buffer", valueEncoding: "buffer" };
  const database = new ClassicLevel(join(folder, "peer.leveldb"), {
    ...encoding,
    cacheSize: 64 << 20,
    writeBufferSize: 16 << 20,
    compression: false,
  });
  await database.open();
  return {
    put: (pairs) =>
      database.batch(
        pairs.map(([key, value]) => ({ type: "put", key, value })),
        { sync: true },
      ),
    get: (key) => (database.getSync ? database.getSync(key) : database.get(key)),
    scan: async () => {
      let count = 0;
      const iterator = database.iterator();
      for (;;) {
        const entries = await iterator.nextv(1000);
        if (entries.length === 0) break;
        count += entries.length;
      }
      await iterator.close();
      return count;
    },
    close: () => database.close(),
  };
}

function valueOf(index) {
  const value = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) value[i] = i * 131;
  value.writeUInt32LE(index);
  return value;
}

async function phase(name, count, work) {
  const began = process.hrtime.bigint();
  const done = (await work()) ?? count;
  const ns = Number(process.hrtime.bigint() - began);
  console.log(JSON.stringify({ phase: name, count: done, ns }));
}

const store = await (peer === "sqlite" ? sqlite() : leveldb());
// Keys and values are made before the clock runs: what is measured is the store.
const pairs = Array.from({ length: keys }, (_, index) => [keyOf(index), valueOf(index)]);
await phase("fill", keys, async () => {
  for (let at = 0; at < keys; at += batch) await store.put(pairs.slice(at, at + batch));
});
await phase("get", keys, async () => {
  for (let i = 0; i < keys; i++) {
    const index = scatter(i ^ 0x5bd1e995) % keys;
    const found = store.get(pairs[index][0]);
    const value = found instanceof Promise ? await found : found;
    if (value.readUInt32LE() !== index) throw new Error("a value is another one's");
  }
});
await phase("scan", keys, () => store.scan());
await phase("single", singles, async () => {
  for (let i = 0; i < singles; i++) await store.put([[keyOf(i * 7), pairs[0][1]]]);
});
await store.close();
