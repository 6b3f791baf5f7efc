/** What INFO says: the fields that clients and monitors look for. */
import { peakBytes, usedBytes } from "../memory/heap";
import { StoreServer } from "./server";

export function infoText(server: StoreServer): string {
  const counters = server.counters;
  const db = server.db;
  const seconds = (db.nowMs - server.startedMs) / 1000;
  let text =
    "# Server\r\nredis_version:7.0.0\r\nserver_name:phantasm\r\nredis_mode:standalone\r\n" +
    `tcp_port:6379\r\nuptime_in_seconds:${seconds}\r\n\r\n` +
    `# Clients\r\nconnected_clients:${server.clients.length}\r\n` +
    `maxclients:${server.limits.clients}\r\nblocked_clients:0\r\n\r\n` +
    `# Memory\r\nused_memory:${usedBytes}\r\nused_memory_peak:${peakBytes}\r\n` +
    `maxmemory:${server.limits.memoryBytes}\r\nmaxmemory_policy:noeviction\r\n` +
    `waiting_request_bytes:${server.waitingBytes}\r\nunsent_reply_bytes:${server.unsentBytes}\r\n\r\n` +
    `# Persistence\r\nloading:0\r\naof_enabled:${server.isDurable ? 1 : 0}\r\n` +
    `durability:${server.durabilityText}\r\ncommits:${server.commits}\r\n\r\n` +
    `# Stats\r\ntotal_connections_received:${counters.clients}\r\n` +
    `total_commands_processed:${counters.commands}\r\n` +
    `rejected_connections:${counters.refusedClients}\r\nexpired_keys:${db.expired}\r\n` +
    `closed_for_memory:${counters.closedForMemory}\r\nmalformed_requests:${counters.malformed}\r\n` +
    `pubsub_channels:${server.channels.channelCount}\r\n` +
    `pubsub_patterns:${server.channels.patterns.length}\r\n\r\n` +
    "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n# Keyspace\r\n";
  if (db.table.count > 0) text += `db0:keys=${db.table.count},expires=${db.expiring},avg_ttl=0\r\n`;
  return text;
}
