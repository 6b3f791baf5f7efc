/** MULTI, EXEC, DISCARD, WATCH, UNWATCH. */
import { OUT_OF_MEMORY } from "../commands/call";
import { Command, Flag } from "../commands/table";
import { Reply } from "../protocol/reply";
import { Client } from "./client";
import { StoreServer } from "./server";
import { Transaction } from "./transaction";

/** An error instead of a command; in a transaction it is remembered. */
export function queueOrRefuse(client: Client, reply: Reply, why: string): void {
  const transaction = client.transaction;
  if (transaction !== null && transaction.isOpen) transaction.isDirty = true;
  reply.error(why);
}

function transactionOf(server: StoreServer, client: Client): Transaction {
  const known = client.transaction;
  if (known !== null) return known;
  const made = new Transaction(server.copies, server.db);
  client.transaction = made;
  return made;
}

export function transact(command: Command, server: StoreServer, client: Client): void {
  const reply = server.reply;
  const call = server.call;
  const transaction = transactionOf(server, client);
  switch (<i32>command) {
    case Command.MULTI:
      if (transaction.isOpen) return reply.error("ERR MULTI calls can not be nested");
      transaction.open();
      return reply.ok();
    case Command.DISCARD:
      if (!transaction.isOpen) return reply.error("ERR DISCARD without MULTI");
      transaction.close();
      return reply.ok();
    case Command.UNWATCH:
      // Within a transaction, EXEC has looked already.
      if (!transaction.isOpen) transaction.unwatch();
      return reply.ok();
    case Command.WATCH:
      if (transaction.isOpen) return reply.error("ERR WATCH inside MULTI is not allowed");
      for (let i = 1; i < call.count; i++)
        if (!transaction.watch(call, i, server.limits.watched))
          return reply.error("ERR too many keys are watched");
      return reply.ok();
    default:
      return commit(server, client, transaction);
  }
}

/** One of them. Within a transaction no step ends: nothing is collected, and nothing committed. */
function perform(server: StoreServer, client: Client, command: Command): void {
  const flags = server.commands.flags[command];
  const writes = (flags & Flag.WRITE) != 0;
  const grows = !writes || (flags & Flag.GROWS) != 0;
  if ((writes && server.isOverloaded) || (grows && server.isTight(0, client)))
    server.reply.error(OUT_OF_MEMORY);
  else server.perform(command, client);
}

function commit(server: StoreServer, client: Client, transaction: Transaction): void {
  const reply = server.reply;
  if (!transaction.isOpen) return reply.error("ERR EXEC without MULTI");
  if (transaction.isDirty)
    reply.error("EXECABORT Transaction discarded because of previous errors.");
  else if (transaction.isStale()) reply.nothingArray();
  else {
    const queued = transaction.queued;
    reply.array(queued.count);
    server.isTransacting = true;
    for (let i = 0; i < queued.count; i++) {
      queued.next(server.call);
      const command = server.commands.find(server.call);
      const from = reply.used;
      if (server.monitors.clients.length > 0) server.monitors.tell(command, server, client);
      perform(server, client, command);
      if (reply.isOverflowing) server.refuseReply(from);
    }
    server.isTransacting = false;
  }
  transaction.close();
}
