/** Which commands there are: names, how many arguments, what they do. The names are ours, so nobody can crowd a bucket. */
import { Call } from "./call";

export enum Command {
  NONE,
  GET,
  SET,
  SETNX,
  SETEX,
  PSETEX,
  GETSET,
  GETDEL,
  GETEX,
  MGET,
  MSET,
  MSETNX,
  STRLEN,
  APPEND,
  GETRANGE,
  SUBSTR,
  SETRANGE,
  INCR,
  DECR,
  INCRBY,
  DECRBY,
  INCRBYFLOAT,
  GETBIT,
  SETBIT,
  BITCOUNT,
  BITPOS,
  BITOP,
  DEL,
  UNLINK,
  EXISTS,
  TYPE,
  EXPIRE,
  PEXPIRE,
  EXPIREAT,
  PEXPIREAT,
  TTL,
  PTTL,
  EXPIRETIME,
  PEXPIRETIME,
  PERSIST,
  RENAME,
  RENAMENX,
  KEYS,
  SCAN,
  DBSIZE,
  RANDOMKEY,
  FLUSHDB,
  FLUSHALL,
  TOUCH,
  COPY,
  OBJECT,
  MEMORY,
  LPUSH,
  RPUSH,
  LPUSHX,
  RPUSHX,
  LPOP,
  RPOP,
  LLEN,
  LINDEX,
  LSET,
  LRANGE,
  LTRIM,
  LREM,
  LINSERT,
  LPOS,
  LMOVE,
  RPOPLPUSH,
  LMPOP,
  HSET,
  HMSET,
  HSETNX,
  HGET,
  HMGET,
  HGETALL,
  HKEYS,
  HVALS,
  HDEL,
  HLEN,
  HEXISTS,
  HSTRLEN,
  HINCRBY,
  HINCRBYFLOAT,
  HRANDFIELD,
  HSCAN,
  SADD,
  SREM,
  SPOP,
  SRANDMEMBER,
  SMEMBERS,
  SISMEMBER,
  SMISMEMBER,
  SCARD,
  SMOVE,
  SINTER,
  SINTERSTORE,
  SINTERCARD,
  SUNION,
  SUNIONSTORE,
  SDIFF,
  SDIFFSTORE,
  SSCAN,
  ZADD,
  ZINCRBY,
  ZREM,
  ZSCORE,
  ZMSCORE,
  ZCARD,
  ZRANK,
  ZREVRANK,
  ZRANGE,
  ZREVRANGE,
  ZRANGEBYSCORE,
  ZREVRANGEBYSCORE,
  ZRANGEBYLEX,
  ZREVRANGEBYLEX,
  ZRANGESTORE,
  ZCOUNT,
  ZLEXCOUNT,
  ZREMRANGEBYRANK,
  ZREMRANGEBYSCORE,
  ZREMRANGEBYLEX,
  ZRANDMEMBER,
  ZUNION,
  ZUNIONSTORE,
  ZINTER,
  ZINTERSTORE,
  ZINTERCARD,
  ZDIFF,
  ZDIFFSTORE,
  ZMPOP,
  ZPOPMIN,
  ZPOPMAX,
  ZSCAN,
  BLPOP,
  BRPOP,
  BLMOVE,
  BRPOPLPUSH,
  BLMPOP,
  BZPOPMIN,
  BZPOPMAX,
  BZMPOP,
  MULTI,
  EXEC,
  DISCARD,
  WATCH,
  UNWATCH,
  SUBSCRIBE,
  UNSUBSCRIBE,
  PSUBSCRIBE,
  PUNSUBSCRIBE,
  PUBLISH,
  PUBSUB,
  AUTH,
  HELLO,
  PING,
  ECHO,
  SELECT,
  QUIT,
  RESET,
  INFO,
  CLIENT,
  COMMAND,
  CONFIG,
  TIME,
  WAIT,
  ROLE,
  MONITOR,
}

export enum Flag {
  READ = 1,
  WRITE = 2,
  /** Refused when memory is full. */
  GROWS = 4,
  /** Before AUTH too. */
  STRANGER = 8,
  /** While subscribed, in RESP2 too. */
  SUBSCRIBED = 16,
  /** Executed, not queued, after MULTI. */
  NOT_QUEUED = 32,
  /** Not allowed in MULTI. */
  NOT_IN_MULTI = 64,
  /** Waits for a key, if need be. */
  BLOCKING = 128,
  /** Its first argument is a command of its own. */
  CONTAINER = 256,
}

/** A power of two, a few times as many as commands. */
const SLOTS: u32 = 512;
const COMMANDS: i32 = <i32>Command.MONITOR + 1;

const NEW: i32 = Flag.WRITE | Flag.GROWS;
const WAITS: i32 = Flag.WRITE | Flag.BLOCKING;
const ADMIN: i32 = 0;

export class Commands {
  readonly names: StaticArray<string> = new StaticArray<string>(COMMANDS);
  /** The name included; negative: at least. */
  readonly arity: StaticArray<i32> = new StaticArray<i32>(COMMANDS);
  readonly flags: StaticArray<i32> = new StaticArray<i32>(COMMANDS);
  /** First key, last key (negative: from the end), step; three for each. */
  readonly keys: StaticArray<i32> = new StaticArray<i32>(3 * COMMANDS);
  private readonly low: StaticArray<u64> = new StaticArray<u64>(<i32>SLOTS);
  private readonly high: StaticArray<u64> = new StaticArray<u64>(<i32>SLOTS);
  private readonly slots: StaticArray<u8> = new StaticArray<u8>(<i32>SLOTS);

  constructor() {
    this.names[Command.NONE] = "";
    this.strings();
    this.keySpace();
    this.lists();
    this.hashes();
    this.sets();
    this.sortedSets();
    this.others();
  }

  private strings(): void {
    this.add(Command.GET, "get", 2, Flag.READ, 1);
    this.add(Command.SET, "set", -3, NEW, 1);
    this.add(Command.SETNX, "setnx", 3, NEW, 1);
    this.add(Command.SETEX, "setex", 4, NEW, 1);
    this.add(Command.PSETEX, "psetex", 4, NEW, 1);
    this.add(Command.GETSET, "getset", 3, NEW, 1);
    this.add(Command.GETDEL, "getdel", 2, Flag.WRITE, 1);
    this.add(Command.GETEX, "getex", -2, Flag.WRITE, 1);
    this.add(Command.MGET, "mget", -2, Flag.READ, 1, -1);
    this.add(Command.MSET, "mset", -3, NEW, 1, -1, 2);
    this.add(Command.MSETNX, "msetnx", -3, NEW, 1, -1, 2);
    this.add(Command.STRLEN, "strlen", 2, Flag.READ, 1);
    this.add(Command.APPEND, "append", 3, NEW, 1);
    this.add(Command.GETRANGE, "getrange", 4, Flag.READ, 1);
    this.add(Command.SUBSTR, "substr", 4, Flag.READ, 1);
    this.add(Command.SETRANGE, "setrange", 4, NEW, 1);
    this.add(Command.INCR, "incr", 2, NEW, 1);
    this.add(Command.DECR, "decr", 2, NEW, 1);
    this.add(Command.INCRBY, "incrby", 3, NEW, 1);
    this.add(Command.DECRBY, "decrby", 3, NEW, 1);
    this.add(Command.INCRBYFLOAT, "incrbyfloat", 3, NEW, 1);
    this.add(Command.GETBIT, "getbit", 3, Flag.READ, 1);
    this.add(Command.SETBIT, "setbit", 4, NEW, 1);
    this.add(Command.BITCOUNT, "bitcount", -2, Flag.READ, 1);
    this.add(Command.BITPOS, "bitpos", -3, Flag.READ, 1);
    this.add(Command.BITOP, "bitop", -4, NEW, 2, -1);
  }

  private keySpace(): void {
    this.add(Command.DEL, "del", -2, Flag.WRITE, 1, -1);
    this.add(Command.UNLINK, "unlink", -2, Flag.WRITE, 1, -1);
    this.add(Command.EXISTS, "exists", -2, Flag.READ, 1, -1);
    this.add(Command.TOUCH, "touch", -2, Flag.READ, 1, -1);
    this.add(Command.COPY, "copy", -3, NEW, 1, 2);
    this.add(Command.OBJECT, "object", -2, Flag.READ | Flag.CONTAINER, 2, 2);
    this.add(Command.MEMORY, "memory", -2, Flag.READ | Flag.CONTAINER, 0);
    this.add(Command.TYPE, "type", 2, Flag.READ, 1);
    this.add(Command.EXPIRE, "expire", -3, Flag.WRITE, 1);
    this.add(Command.PEXPIRE, "pexpire", -3, Flag.WRITE, 1);
    this.add(Command.EXPIREAT, "expireat", -3, Flag.WRITE, 1);
    this.add(Command.PEXPIREAT, "pexpireat", -3, Flag.WRITE, 1);
    this.add(Command.TTL, "ttl", 2, Flag.READ, 1);
    this.add(Command.PTTL, "pttl", 2, Flag.READ, 1);
    this.add(Command.EXPIRETIME, "expiretime", 2, Flag.READ, 1);
    this.add(Command.PEXPIRETIME, "pexpiretime", 2, Flag.READ, 1);
    this.add(Command.PERSIST, "persist", 2, Flag.WRITE, 1);
    this.add(Command.RENAME, "rename", 3, Flag.WRITE, 1, 2);
    this.add(Command.RENAMENX, "renamenx", 3, Flag.WRITE, 1, 2);
    this.add(Command.KEYS, "keys", 2, Flag.READ, 0);
    this.add(Command.SCAN, "scan", -2, Flag.READ, 0);
    this.add(Command.DBSIZE, "dbsize", 1, Flag.READ, 0);
    this.add(Command.RANDOMKEY, "randomkey", 1, Flag.READ, 0);
    this.add(Command.FLUSHDB, "flushdb", -1, Flag.WRITE, 0);
    this.add(Command.FLUSHALL, "flushall", -1, Flag.WRITE, 0);
  }

  private lists(): void {
    this.add(Command.LPUSH, "lpush", -3, NEW, 1);
    this.add(Command.RPUSH, "rpush", -3, NEW, 1);
    this.add(Command.LPUSHX, "lpushx", -3, NEW, 1);
    this.add(Command.RPUSHX, "rpushx", -3, NEW, 1);
    this.add(Command.LPOP, "lpop", -2, Flag.WRITE, 1);
    this.add(Command.RPOP, "rpop", -2, Flag.WRITE, 1);
    this.add(Command.LLEN, "llen", 2, Flag.READ, 1);
    this.add(Command.LINDEX, "lindex", 3, Flag.READ, 1);
    this.add(Command.LSET, "lset", 4, NEW, 1);
    this.add(Command.LRANGE, "lrange", 4, Flag.READ, 1);
    this.add(Command.LTRIM, "ltrim", 4, Flag.WRITE, 1);
    this.add(Command.LREM, "lrem", 4, Flag.WRITE, 1);
    this.add(Command.LINSERT, "linsert", 5, NEW, 1);
    this.add(Command.LPOS, "lpos", -3, Flag.READ, 1);
    this.add(Command.LMOVE, "lmove", 5, NEW, 1, 2);
    this.add(Command.RPOPLPUSH, "rpoplpush", 3, NEW, 1, 2);
    this.add(Command.LMPOP, "lmpop", -4, Flag.WRITE, 0);
  }

  private hashes(): void {
    this.add(Command.HSET, "hset", -4, NEW, 1);
    this.add(Command.HMSET, "hmset", -4, NEW, 1);
    this.add(Command.HSETNX, "hsetnx", 4, NEW, 1);
    this.add(Command.HGET, "hget", 3, Flag.READ, 1);
    this.add(Command.HMGET, "hmget", -3, Flag.READ, 1);
    this.add(Command.HGETALL, "hgetall", 2, Flag.READ, 1);
    this.add(Command.HKEYS, "hkeys", 2, Flag.READ, 1);
    this.add(Command.HVALS, "hvals", 2, Flag.READ, 1);
    this.add(Command.HDEL, "hdel", -3, Flag.WRITE, 1);
    this.add(Command.HLEN, "hlen", 2, Flag.READ, 1);
    this.add(Command.HEXISTS, "hexists", 3, Flag.READ, 1);
    this.add(Command.HSTRLEN, "hstrlen", 3, Flag.READ, 1);
    this.add(Command.HINCRBY, "hincrby", 4, NEW, 1);
    this.add(Command.HINCRBYFLOAT, "hincrbyfloat", 4, NEW, 1);
    this.add(Command.HRANDFIELD, "hrandfield", -2, Flag.READ, 1);
    this.add(Command.HSCAN, "hscan", -3, Flag.READ, 1);
  }

  private sets(): void {
    this.add(Command.SADD, "sadd", -3, NEW, 1);
    this.add(Command.SREM, "srem", -3, Flag.WRITE, 1);
    this.add(Command.SPOP, "spop", -2, Flag.WRITE, 1);
    this.add(Command.SRANDMEMBER, "srandmember", -2, Flag.READ, 1);
    this.add(Command.SMEMBERS, "smembers", 2, Flag.READ, 1);
    this.add(Command.SISMEMBER, "sismember", 3, Flag.READ, 1);
    this.add(Command.SMISMEMBER, "smismember", -3, Flag.READ, 1);
    this.add(Command.SCARD, "scard", 2, Flag.READ, 1);
    this.add(Command.SMOVE, "smove", 4, Flag.WRITE, 1, 2);
    this.add(Command.SINTER, "sinter", -2, Flag.READ, 1, -1);
    this.add(Command.SINTERSTORE, "sinterstore", -3, NEW, 1, -1);
    this.add(Command.SINTERCARD, "sintercard", -3, Flag.READ, 0);
    this.add(Command.SUNION, "sunion", -2, Flag.READ, 1, -1);
    this.add(Command.SUNIONSTORE, "sunionstore", -3, NEW, 1, -1);
    this.add(Command.SDIFF, "sdiff", -2, Flag.READ, 1, -1);
    this.add(Command.SDIFFSTORE, "sdiffstore", -3, NEW, 1, -1);
    this.add(Command.SSCAN, "sscan", -3, Flag.READ, 1);
  }

  private sortedSets(): void {
    this.add(Command.ZADD, "zadd", -4, NEW, 1);
    this.add(Command.ZINCRBY, "zincrby", 4, NEW, 1);
    this.add(Command.ZREM, "zrem", -3, Flag.WRITE, 1);
    this.add(Command.ZSCORE, "zscore", 3, Flag.READ, 1);
    this.add(Command.ZMSCORE, "zmscore", -3, Flag.READ, 1);
    this.add(Command.ZCARD, "zcard", 2, Flag.READ, 1);
    this.add(Command.ZRANK, "zrank", 3, Flag.READ, 1);
    this.add(Command.ZREVRANK, "zrevrank", 3, Flag.READ, 1);
    this.add(Command.ZRANGE, "zrange", -4, Flag.READ, 1);
    this.add(Command.ZREVRANGE, "zrevrange", -4, Flag.READ, 1);
    this.add(Command.ZRANGEBYSCORE, "zrangebyscore", -4, Flag.READ, 1);
    this.add(Command.ZREVRANGEBYSCORE, "zrevrangebyscore", -4, Flag.READ, 1);
    this.add(Command.ZRANGEBYLEX, "zrangebylex", -4, Flag.READ, 1);
    this.add(Command.ZREVRANGEBYLEX, "zrevrangebylex", -4, Flag.READ, 1);
    this.add(Command.ZRANGESTORE, "zrangestore", -5, NEW, 1, 2);
    this.add(Command.ZCOUNT, "zcount", 4, Flag.READ, 1);
    this.add(Command.ZLEXCOUNT, "zlexcount", 4, Flag.READ, 1);
    this.add(Command.ZREMRANGEBYRANK, "zremrangebyrank", 4, Flag.WRITE, 1);
    this.add(Command.ZREMRANGEBYSCORE, "zremrangebyscore", 4, Flag.WRITE, 1);
    this.add(Command.ZREMRANGEBYLEX, "zremrangebylex", 4, Flag.WRITE, 1);
    this.add(Command.ZRANDMEMBER, "zrandmember", -2, Flag.READ, 1);
    this.add(Command.ZUNION, "zunion", -3, Flag.READ, 0);
    this.add(Command.ZUNIONSTORE, "zunionstore", -4, NEW, 1);
    this.add(Command.ZINTER, "zinter", -3, Flag.READ, 0);
    this.add(Command.ZINTERSTORE, "zinterstore", -4, NEW, 1);
    this.add(Command.ZINTERCARD, "zintercard", -3, Flag.READ, 0);
    this.add(Command.ZDIFF, "zdiff", -3, Flag.READ, 0);
    this.add(Command.ZDIFFSTORE, "zdiffstore", -4, NEW, 1);
    this.add(Command.ZMPOP, "zmpop", -4, Flag.WRITE, 0);
    this.add(Command.ZPOPMIN, "zpopmin", -2, Flag.WRITE, 1);
    this.add(Command.ZPOPMAX, "zpopmax", -2, Flag.WRITE, 1);
    this.add(Command.ZSCAN, "zscan", -3, Flag.READ, 1);
    this.add(Command.BLPOP, "blpop", -3, WAITS, 1, -2);
    this.add(Command.BRPOP, "brpop", -3, WAITS, 1, -2);
    this.add(Command.BLMOVE, "blmove", 6, WAITS | Flag.GROWS, 1, 2);
    this.add(Command.BRPOPLPUSH, "brpoplpush", 4, WAITS | Flag.GROWS, 1, 2);
    this.add(Command.BLMPOP, "blmpop", -5, WAITS, 0);
    this.add(Command.BZPOPMIN, "bzpopmin", -3, WAITS, 1, -2);
    this.add(Command.BZPOPMAX, "bzpopmax", -3, WAITS, 1, -2);
    this.add(Command.BZMPOP, "bzmpop", -5, WAITS, 0);
  }

  private others(): void {
    this.add(Command.MULTI, "multi", 1, Flag.NOT_QUEUED, 0);
    this.add(Command.EXEC, "exec", 1, Flag.NOT_QUEUED, 0);
    this.add(Command.DISCARD, "discard", 1, Flag.NOT_QUEUED, 0);
    this.add(Command.WATCH, "watch", -2, Flag.NOT_QUEUED, 1, -1);
    this.add(Command.UNWATCH, "unwatch", 1, ADMIN, 0);
    const heard = Flag.SUBSCRIBED | Flag.NOT_IN_MULTI;
    this.add(Command.SUBSCRIBE, "subscribe", -2, heard, 0);
    this.add(Command.UNSUBSCRIBE, "unsubscribe", -1, heard, 0);
    this.add(Command.PSUBSCRIBE, "psubscribe", -2, heard, 0);
    this.add(Command.PUNSUBSCRIBE, "punsubscribe", -1, heard, 0);
    this.add(Command.PUBLISH, "publish", 3, ADMIN, 0);
    this.add(Command.PUBSUB, "pubsub", -2, Flag.CONTAINER, 0);
    this.add(Command.AUTH, "auth", -2, Flag.STRANGER, 0);
    this.add(Command.HELLO, "hello", -1, Flag.STRANGER | Flag.NOT_IN_MULTI, 0);
    this.add(Command.PING, "ping", -1, Flag.SUBSCRIBED, 0);
    this.add(Command.ECHO, "echo", 2, ADMIN, 0);
    this.add(Command.SELECT, "select", 2, ADMIN, 0);
    const always = Flag.STRANGER | Flag.SUBSCRIBED | Flag.NOT_QUEUED;
    this.add(Command.QUIT, "quit", -1, always, 0);
    this.add(Command.RESET, "reset", 1, always, 0);
    this.add(Command.INFO, "info", -1, ADMIN, 0);
    this.add(Command.CLIENT, "client", -2, Flag.CONTAINER, 0);
    this.add(Command.COMMAND, "command", -1, Flag.CONTAINER, 0);
    this.add(Command.CONFIG, "config", -2, Flag.CONTAINER, 0);
    this.add(Command.TIME, "time", 1, ADMIN, 0);
    this.add(Command.WAIT, "wait", 3, ADMIN, 0);
    this.add(Command.ROLE, "role", 1, ADMIN, 0);
    this.add(Command.MONITOR, "monitor", 1, Flag.NOT_IN_MULTI, 0);
  }

  private add(
    command: Command,
    name: string,
    arity: i32,
    flags: i32,
    first: i32,
    last: i32 = 1,
    step: i32 = 1,
  ): void {
    this.names[command] = name;
    this.arity[command] = arity;
    this.flags[command] = flags;
    this.keys[3 * command] = first;
    this.keys[3 * command + 1] = first == 0 ? 0 : last;
    this.keys[3 * command + 2] = first == 0 ? 0 : step;
    let low: u64 = 0;
    let high: u64 = 0;
    for (let i = 0; i < name.length; i++) {
      const byte = <u64>name.charCodeAt(i);
      const shift = <u64>(8 * (i & 7));
      if (i < 8) low |= byte << shift;
      else high |= byte << shift;
    }
    let slot = slotOf(low, high);
    while (this.slots[slot] != 0) slot = (slot + 1) & (SLOTS - 1);
    this.low[slot] = low;
    this.high[slot] = high;
    this.slots[slot] = <u8>command;
  }

  /** The command that the first argument names, in whatever case; NONE: there is no such. */
  find(call: Call): Command {
    return this.named(call.at(0), call.bytes(0));
  }

  named(at: usize, bytes: i32): Command {
    if (bytes > 16) return Command.NONE;
    let low: u64 = 0;
    let high: u64 = 0;
    for (let i = 0; i < bytes; i++) {
      let byte = <u64>load<u8>(at + <usize>i);
      if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      const shift = <u64>(8 * (i & 7));
      if (i < 8) low |= byte << shift;
      else high |= byte << shift;
    }
    let slot = slotOf(low, high);
    while (this.slots[slot] != 0) {
      if (this.low[slot] == low && this.high[slot] == high) return <Command>this.slots[slot];
      slot = (slot + 1) & (SLOTS - 1);
    }
    return Command.NONE;
  }
}

function slotOf(low: u64, high: u64): u32 {
  return (<u32>(((low ^ (high << 7)) * 0x9e3779b97f4a7c15) >> 50)) & (SLOTS - 1);
}
