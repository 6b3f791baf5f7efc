/** From a command that is known, with enough arguments, to what does it. Those of connections are in `server/`. */
import { Call } from "./call";
import * as hashes from "./hashes";
import * as keys from "./keys";
import * as lists from "./lists";
import * as sets from "./sets";
import * as sortedSets from "./sorted-sets";
import * as strings from "./strings";
import { Command } from "./table";

/** False: it is none of the commands for data. */
export function execute(command: Command, call: Call): bool {
  if (command >= Command.GET && command <= Command.INCRBYFLOAT) ofStrings(command, call);
  else if (command >= Command.DEL && command <= Command.TOUCH) ofKeys(command, call);
  else if (command >= Command.LPUSH && command <= Command.LTRIM) ofLists(command, call);
  else if (command >= Command.HSET && command <= Command.HSCAN) ofHashes(command, call);
  else if (command >= Command.SADD && command <= Command.SSCAN) ofSets(command, call);
  else if (command >= Command.ZADD && command <= Command.ZSCAN) ofSortedSets(command, call);
  else return false;
  return true;
}

function ofStrings(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.GET:
      return strings.get(call);
    case Command.SET:
      return strings.set(call);
    case Command.SETNX:
      return strings.setnx(call);
    case Command.SETEX:
      return strings.setex(call, true);
    case Command.PSETEX:
      return strings.setex(call, false);
    case Command.GETSET:
      return strings.getset(call);
    case Command.GETDEL:
      return strings.getdel(call);
    case Command.GETEX:
      return strings.getex(call);
    case Command.MGET:
      return strings.mget(call);
    case Command.MSET:
      return strings.mset(call, false);
    case Command.MSETNX:
      return strings.mset(call, true);
    case Command.STRLEN:
      return strings.strlen(call);
    case Command.APPEND:
      return strings.append(call);
    case Command.GETRANGE:
      return strings.getrange(call);
    case Command.SUBSTR:
      return strings.getrange(call);
    case Command.SETRANGE:
      return strings.setrange(call);
    case Command.INCR:
      return strings.increment(call, 1);
    case Command.DECR:
      return strings.increment(call, -1);
    case Command.INCRBY:
      return strings.incrby(call);
    case Command.DECRBY:
      return strings.decrby(call);
    case Command.INCRBYFLOAT:
      return strings.incrbyfloat(call);
  }
}

function ofKeys(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.DEL:
      return keys.del(call);
    case Command.UNLINK:
      return keys.del(call);
    case Command.EXISTS:
      return keys.exists(call);
    case Command.TOUCH:
      return keys.exists(call);
    case Command.TYPE:
      return keys.type(call);
    case Command.EXPIRE:
      return keys.expire(call, "expire", true, true);
    case Command.PEXPIRE:
      return keys.expire(call, "pexpire", false, true);
    case Command.EXPIREAT:
      return keys.expire(call, "expireat", true, false);
    case Command.PEXPIREAT:
      return keys.expire(call, "pexpireat", false, false);
    case Command.TTL:
      return keys.ttl(call, true);
    case Command.PTTL:
      return keys.ttl(call, false);
    case Command.EXPIRETIME:
      return keys.expiretime(call, true);
    case Command.PEXPIRETIME:
      return keys.expiretime(call, false);
    case Command.PERSIST:
      return keys.persist(call);
    case Command.RENAME:
      return keys.rename(call, false);
    case Command.RENAMENX:
      return keys.rename(call, true);
    case Command.KEYS:
      return keys.keys(call);
    case Command.SCAN:
      return keys.scan(call);
    case Command.DBSIZE:
      return keys.dbsize(call);
    case Command.RANDOMKEY:
      return keys.randomkey(call);
    case Command.FLUSHDB:
      return keys.flush(call);
    case Command.FLUSHALL:
      return keys.flush(call);
  }
}

function ofLists(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.LPUSH:
      return lists.push(call, true, false);
    case Command.RPUSH:
      return lists.push(call, false, false);
    case Command.LPUSHX:
      return lists.push(call, true, true);
    case Command.RPUSHX:
      return lists.push(call, false, true);
    case Command.LPOP:
      return lists.pop(call, true);
    case Command.RPOP:
      return lists.pop(call, false);
    case Command.LLEN:
      return lists.llen(call);
    case Command.LINDEX:
      return lists.lindex(call);
    case Command.LSET:
      return lists.lset(call);
    case Command.LRANGE:
      return lists.lrange(call);
    case Command.LTRIM:
      return lists.ltrim(call);
  }
}

function ofHashes(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.HSET:
      return hashes.hset(call, "hset");
    case Command.HMSET:
      return hashes.hset(call, "hmset");
    case Command.HSETNX:
      return hashes.hsetnx(call);
    case Command.HGET:
      return hashes.hget(call);
    case Command.HMGET:
      return hashes.hmget(call);
    case Command.HGETALL:
      return hashes.hgetall(call, true, true);
    case Command.HKEYS:
      return hashes.hgetall(call, true, false);
    case Command.HVALS:
      return hashes.hgetall(call, false, true);
    case Command.HDEL:
      return hashes.hdel(call);
    case Command.HLEN:
      return hashes.hlen(call);
    case Command.HEXISTS:
      return hashes.hexists(call);
    case Command.HSTRLEN:
      return hashes.hstrlen(call);
    case Command.HINCRBY:
      return hashes.hincrby(call);
    case Command.HSCAN:
      return hashes.hscan(call);
  }
}

function ofSets(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.SADD:
      return sets.sadd(call);
    case Command.SREM:
      return sets.srem(call);
    case Command.SPOP:
      return sets.spop(call);
    case Command.SRANDMEMBER:
      return sets.srandmember(call);
    case Command.SMEMBERS:
      return sets.smembers(call);
    case Command.SISMEMBER:
      return sets.sismember(call);
    case Command.SMISMEMBER:
      return sets.smismember(call);
    case Command.SCARD:
      return sets.scard(call);
    case Command.SSCAN:
      return sets.sscan(call);
  }
}

function ofSortedSets(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.ZADD:
      return sortedSets.zadd(call);
    case Command.ZINCRBY:
      return sortedSets.zincrby(call);
    case Command.ZREM:
      return sortedSets.zrem(call);
    case Command.ZSCORE:
      return sortedSets.zscore(call);
    case Command.ZMSCORE:
      return sortedSets.zmscore(call);
    case Command.ZCARD:
      return sortedSets.zcard(call);
    case Command.ZRANK:
      return sortedSets.zrank(call, false);
    case Command.ZREVRANK:
      return sortedSets.zrank(call, true);
    case Command.ZRANGE:
      return sortedSets.zrange(call, false);
    case Command.ZREVRANGE:
      return sortedSets.zrange(call, true);
    case Command.ZPOPMIN:
      return sortedSets.zpop(call, false);
    case Command.ZPOPMAX:
      return sortedSets.zpop(call, true);
    case Command.ZSCAN:
      return sortedSets.zscan(call);
  }
}
