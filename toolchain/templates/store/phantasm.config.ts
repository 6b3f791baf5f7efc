import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { network } from "@phantasm/net";
import { random } from "@phantasm/random";
import { tcpStack } from "@phantasm/stack";
import { enumeration, integer, secret, size, unikernel } from "phantasm";

const MIB = 1024 * 1024;

export default unikernel("store", {
  devices: {
    stack: tcpStack(
      network("service", { services: [{ port: 6379, protocol: "tcp", scheme: "redis" }] }),
    ),
    store: keyValue(block("data"), clock(), { cacheBytes: 64 * MIB }),
    clock: clock(),
    random: random(),
    console: console(),
  },
  arguments: {
    durability: enumeration(["always", "everysec", "no"], {
      default: "everysec",
      help: "When a change is on the disk: before its reply, within a second, or some time",
    }),
    // Beside it there are the cache, the network's queues, and what small pieces of memory waste.
    maxmemory: size({
      default: "96M",
      minimum: "1M",
      maximum: "128M",
      help: "Bytes of keys and values",
    }),
    maxclients: integer({ default: 10_000, minimum: 1, maximum: 16_384, help: "Clients at once" }),
    password: secret({ help: "What AUTH has to say; without it nobody is asked" }),
  },
  memory: { minimum: "128K", maximum: "384M" },
});
