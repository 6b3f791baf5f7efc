/** What INFO says: the fields that clients and monitors look for. */
import { Call } from "../commands/call";
import { peakBytes, usedBytes } from "../memory/heap";
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

export function infoText(server: StoreServer): string {
  const call = server.call;
  const counters = server.counters;
  const db = server.db;
  const seconds = (db.nowMs - server.startedMs) / 1000;
  let text = "";
  if (isAsked(call, "server"))
    text +=
      "# Server\r\nredis_version:7.0.0\r\nserver_name:phantasm\r\nredis_mode:standalone\r\n" +
      `os:Phantasm\r\narch_bits:32\r\nrun_id:${server.runId}\r\ntcp_port:6379\r\n` +
      `uptime_in_seconds:${seconds}\r\nuptime_in_days:${seconds / 86_400}\r\n\r\n`;
  if (isAsked(call, "clients"))
    text +=
      `# Clients\r\nconnected_clients:${server.clients.length}\r\n` +
      `maxclients:${server.clientsMax}\r\nblocked_clients:${server.blocking.clients}\r\n\r\n`;
  if (isAsked(call, "memory"))
    text +=
      `# Memory\r\nused_memory:${usedBytes}\r\nused_memory_human:${human(usedBytes)}\r\n` +
      `used_memory_peak:${peakBytes}\r\nused_memory_peak_human:${human(peakBytes)}\r\n` +
      `maxmemory:${db.memoryBytesMax}\r\nmaxmemory_human:${human(db.memoryBytesMax)}\r\n` +
      `maxmemory_policy:noeviction\r\nwaiting_request_bytes:${server.waitingBytes}\r\n` +
      `unsent_reply_bytes:${server.unsentBytes}\r\n\r\n`;
  if (isAsked(call, "persistence"))
    text +=
      `# Persistence\r\nloading:0\r\naof_enabled:${server.isDurable ? 1 : 0}\r\n` +
      "rdb_bgsave_in_progress:0\r\naof_rewrite_in_progress:0\r\n" +
      `durability:${server.durabilityText}\r\ncommits:${server.commits}\r\n\r\n`;
  if (isAsked(call, "stats"))
    text +=
      `# Stats\r\ntotal_connections_received:${counters.clients}\r\n` +
      `total_commands_processed:${counters.commands}\r\n` +
      `rejected_connections:${counters.refusedClients}\r\nexpired_keys:${db.expired}\r\n` +
      `evicted_keys:0\r\nclosed_for_memory:${counters.closedForMemory}\r\n` +
      `malformed_requests:${counters.malformed}\r\n` +
      `refused_replies:${counters.refusedReplies}\r\n` +
      `pubsub_channels:${server.channels.channelCount}\r\n` +
      `pubsub_patterns:${server.channels.patterns.length}\r\n\r\n`;
  if (isAsked(call, "replication"))
    text += "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n";
  if (isAsked(call, "cluster")) text += "# Cluster\r\ncluster_enabled:0\r\n\r\n";
  if (isAsked(call, "keyspace")) {
    text += "# Keyspace\r\n";
    if (db.table.count > 0)
      text += `db0:keys=${db.table.count},expires=${db.expiring},avg_ttl=0\r\n`;
  }
  return text;
}
