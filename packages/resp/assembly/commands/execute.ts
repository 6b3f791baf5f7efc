/** From a command that is known, with enough arguments, to what does it. Those of connections are in `server/`. */
import { Kind } from "../data/database";
import * as bits from "./bits";
import { Call } from "./call";
import * as copies from "./copies";
import { draw } from "./draws";
import * as hashes from "./hashes";
import * as keys from "./keys";
import * as listEdits from "./list-edits";
import * as lists from "./lists";
import { popFirst } from "./pops";
import * as algebra from "./set-algebra";
import { Operation } from "./set-algebra";
import * as sets from "./sets";
import { combineSorted, zintercard } from "./sorted-set-algebra";
import * as ranges from "./sorted-set-ranges";
import { By } from "./sorted-set-ranges";
import * as sortedSets from "./sorted-sets";
import * as strings from "./strings";
import { Command } from "./table";

/** False: it is none of the commands for data. */
export function execute(command: Command, call: Call): bool {
  if (command >= Command.GET && command <= Command.BITOP) ofStrings(command, call);
  else if (command >= Command.DEL && command <= Command.MEMORY) ofKeys(command, call);
  else if (command >= Command.LPUSH && command <= Command.LMPOP) ofLists(command, call);
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
    case Command.GETBIT:
      return bits.getbit(call);
    case Command.SETBIT:
      return bits.setbit(call);
    case Command.BITCOUNT:
      return bits.bitcount(call);
    case Command.BITPOS:
      return bits.bitpos(call);
    case Command.BITOP:
      return bits.bitop(call);
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
    case Command.COPY:
      return copies.copy(call);
    case Command.OBJECT:
      return copies.object(call);
    case Command.MEMORY:
      return copies.memoryUsage(call);
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
    case Command.LREM:
      return listEdits.lrem(call);
    case Command.LINSERT:
      return listEdits.linsert(call);
    case Command.LPOS:
      return listEdits.lpos(call);
    case Command.LMOVE:
      return listEdits.lmove(call);
    case Command.RPOPLPUSH:
      return listEdits.rpoplpush(call);
    case Command.LMPOP:
      return popFirst(call, Kind.LIST);
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
    case Command.HINCRBYFLOAT:
      return hashes.hincrbyfloat(call);
    case Command.HRANDFIELD:
      return draw(call, Kind.HASH, "withvalues");
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
      return draw(call, Kind.SET, "");
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
    case Command.SMOVE:
      return algebra.smove(call);
    case Command.SINTER:
      return algebra.combine(call, Operation.INTERSECTION, 1, 0);
    case Command.SINTERSTORE:
      return algebra.combine(call, Operation.INTERSECTION, 2, 1);
    case Command.SINTERCARD:
      return algebra.sintercard(call);
    case Command.SUNION:
      return algebra.combine(call, Operation.UNION, 1, 0);
    case Command.SUNIONSTORE:
      return algebra.combine(call, Operation.UNION, 2, 1);
    case Command.SDIFF:
      return algebra.combine(call, Operation.DIFFERENCE, 1, 0);
    case Command.SDIFFSTORE:
      return algebra.combine(call, Operation.DIFFERENCE, 2, 1);
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
      return ranges.zrange(call, By.ANY, false, 1, 0);
    case Command.ZREVRANGE:
      return ranges.zrange(call, By.RANK, true, 1, 0);
    case Command.ZRANGEBYSCORE:
      return ranges.zrange(call, By.SCORE, false, 1, 0);
    case Command.ZREVRANGEBYSCORE:
      return ranges.zrange(call, By.SCORE, true, 1, 0);
    case Command.ZRANGEBYLEX:
      return ranges.zrange(call, By.BYTES, false, 1, 0);
    case Command.ZREVRANGEBYLEX:
      return ranges.zrange(call, By.BYTES, true, 1, 0);
    case Command.ZRANGESTORE:
      return ranges.zrange(call, By.ANY, false, 2, 1);
    case Command.ZCOUNT:
      return ranges.zcount(call, By.SCORE);
    case Command.ZLEXCOUNT:
      return ranges.zcount(call, By.BYTES);
    case Command.ZREMRANGEBYRANK:
      return ranges.zremrange(call, By.RANK);
    case Command.ZREMRANGEBYSCORE:
      return ranges.zremrange(call, By.SCORE);
    case Command.ZREMRANGEBYLEX:
      return ranges.zremrange(call, By.BYTES);
    case Command.ZPOPMIN:
      return sortedSets.zpop(call, false);
    case Command.ZPOPMAX:
      return sortedSets.zpop(call, true);
    case Command.ZSCAN:
      return sortedSets.zscan(call);
    case Command.ZMPOP:
      return popFirst(call, Kind.SORTED_SET);
    case Command.ZRANDMEMBER:
      return draw(call, Kind.SORTED_SET, "withscores");
    default:
      return ofSortedAlgebra(command, call);
  }
}

function ofSortedAlgebra(command: Command, call: Call): void {
  switch (<i32>command) {
    case Command.ZUNION:
      return combineSorted(call, "zunion", Operation.UNION, 1);
    case Command.ZUNIONSTORE:
      return combineSorted(call, "zunionstore", Operation.UNION, 2);
    case Command.ZINTER:
      return combineSorted(call, "zinter", Operation.INTERSECTION, 1);
    case Command.ZINTERSTORE:
      return combineSorted(call, "zinterstore", Operation.INTERSECTION, 2);
    case Command.ZINTERCARD:
      return zintercard(call);
    case Command.ZDIFF:
      return combineSorted(call, "zdiff", Operation.DIFFERENCE, 1);
    case Command.ZDIFFSTORE:
      return combineSorted(call, "zdiffstore", Operation.DIFFERENCE, 2);
  }
}
