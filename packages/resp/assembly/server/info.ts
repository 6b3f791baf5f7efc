/** What INFO says: the fields that clients and monitors look for. */
import { Call } from "../commands/call";
import { peakBytes, usedBytes } from "../memory/heap";
import { Reply } from "../protocol/reply";
import { StoreServer } from "./server";

/** Whether a section was asked for; without arguments all are. */
function isAsked(call: Call, section: string): bool {
  for (let i = 1; i < call.count; i++)
    if (
      call.is(i, section) ||
      call.is(i, "default") ||
      call.is(i, "all") ||
      call.is(i, "everything")
    )
      return true;
  return call.count == 1;
}

function human(bytes: i64): string {
  if (bytes < 1024) return `${bytes}B`;
  if (bytes < 1 << 20) return `${bytes / 1024}.${((bytes % 1024) * 10) / 1024}K`;
  return `${bytes >> 20}.${((bytes % (1 << 20)) * 10) >> 20}M`;
}

function line(reply: Reply, name: string, value: i64): void {
  reply.text(name);
  reply.number(value);
  reply.endLine();
}

function textLine(reply: Reply, name: string, value: string): void {
  reply.text(name);
  reply.text(value);
  reply.endLine();
}

/** Written piece by piece: nothing of it is garbage but a few numbers. */
export function info(server: StoreServer): void {
  const call = server.call;
  const reply = server.reply;
  const from = reply.used;
  if (isAsked(call, "server")) ofServer(server, reply);
  if (isAsked(call, "clients")) {
    reply.text("# Clients\r\n");
    line(reply, "connected_clients:", <i64>server.clients.length);
    line(reply, "maxclients:", <i64>server.clientsMax);
    line(reply, "blocked_clients:", <i64>server.blocking.clients);
    reply.endLine();
  }
  if (isAsked(call, "memory")) ofMemory(server, reply);
  if (isAsked(call, "persistence")) {
    reply.text("# Persistence\r\nloading:0\r\n");
    line(reply, "aof_enabled:", server.isDurable ? 1 : 0);
    reply.text("rdb_bgsave_in_progress:0\r\naof_rewrite_in_progress:0\r\n");
    textLine(reply, "durability:", server.durabilityText);
    line(reply, "commits:", <i64>server.commits);
    line(reply, "announced_changes:", <i64>server.announced);
    line(reply, "torn_changes:", <i64>server.torn);
    reply.endLine();
  }
  if (isAsked(call, "stats")) ofCounters(server, reply);
  if (isAsked(call, "replication"))
    reply.text("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n");
  if (isAsked(call, "cluster")) reply.text("# Cluster\r\ncluster_enabled:0\r\n\r\n");
  if (isAsked(call, "keyspace")) {
    const db = server.db;
    reply.text("# Keyspace\r\n");
    if (db.table.count > 0) {
      reply.text("db0:keys=");
      reply.number(<i64>db.table.count);
      reply.text(",expires=");
      reply.number(<i64>db.expiring);
      reply.text(",avg_ttl=0\r\n");
    }
  }
  reply.verbatimSince(from);
}

function ofServer(server: StoreServer, reply: Reply): void {
  const seconds = (server.db.nowMs - server.startedMs) / 1000;
  reply.text(
    "# Server\r\nredis_version:7.0.0\r\nserver_name:phantasm\r\nredis_mode:standalone\r\n",
  );
  textLine(reply, "os:Phantasm\r\narch_bits:32\r\nrun_id:", server.runId);
  reply.text("tcp_port:6379\r\n");
  line(reply, "uptime_in_seconds:", seconds);
  line(reply, "uptime_in_days:", seconds / 86_400);
  reply.endLine();
}

function ofMemory(server: StoreServer, reply: Reply): void {
  const most = server.db.memoryBytesMax;
  reply.text("# Memory\r\n");
  line(reply, "used_memory:", usedBytes);
  textLine(reply, "used_memory_human:", human(usedBytes));
  line(reply, "used_memory_peak:", peakBytes);
  textLine(reply, "used_memory_peak_human:", human(peakBytes));
  line(reply, "maxmemory:", most);
  textLine(reply, "maxmemory_human:", human(most));
  reply.text("maxmemory_policy:noeviction\r\n");
  line(reply, "waiting_request_bytes:", <i64>server.waitingBytes);
  line(reply, "unsent_reply_bytes:", <i64>server.unsentBytes);
  reply.endLine();
}

function ofCounters(server: StoreServer, reply: Reply): void {
  const counters = server.counters;
  reply.text("# Stats\r\n");
  line(reply, "total_connections_received:", <i64>counters.clients);
  line(reply, "total_commands_processed:", <i64>counters.commands);
  line(reply, "rejected_connections:", <i64>counters.refusedClients);
  line(reply, "expired_keys:", <i64>server.db.expired);
  reply.text("evicted_keys:0\r\n");
  line(reply, "closed_for_memory:", <i64>counters.closedForMemory);
  line(reply, "malformed_requests:", <i64>counters.malformed);
  line(reply, "refused_replies:", <i64>counters.refusedReplies);
  line(reply, "pubsub_channels:", <i64>server.channels.channelCount);
  line(reply, "pubsub_patterns:", <i64>server.channels.patterns.length);
  reply.endLine();
}
