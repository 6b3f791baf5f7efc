import { KeyValueSpace, errorText } from "@phantasm/interfaces";
import { Durability, StoreLimits, StoreListener, StoreServer } from "@phantasm/resp";
import { Devices } from "./.phantasm/devices";

const PORT: u16 = 6379;
/** Of a smaller one, the log does not take the batches that large values are cut into. */
const DISK_BYTES_MIN: u64 = 48 << 20;

class Store implements StoreListener {
  constructor(private readonly os: Devices) {}

  start(): void {
    const os = this.os;
    const wanted = os.arguments.durability;
    let durability = Durability.NO;
    if (wanted == "always") durability = Durability.ALWAYS;
    else if (wanted == "everysec") durability = Durability.EVERY_SECOND;
    const password = os.arguments.password;
    const limits = new StoreLimits();
    limits.memoryBytes = os.arguments.maxmemory;
    limits.clients = <i32>os.arguments.maxclients;
    const server = new StoreServer(
      os.clock,
      os.random,
      os.store,
      durability,
      password !== null ? password : "",
      limits,
    );
    os.onShutdown(server);
    server.start(os.stack.tcp, PORT, this);
  }

  onStoreReady(result: i32): void {
    const space = new KeyValueSpace();
    if (result == 0) this.os.store.space(space);
    if (result == 0 && space.usedBytes + space.freeBytes < DISK_BYTES_MIN) {
      this.os.console.writeLine("The disk is too small: attach one of 64 MiB or more.");
      this.os.exit(1);
      return;
    }
    if (result == 0) {
      this.os.console.writeLine("Ready to accept connections.");
      return;
    }
    // Opened it may be, and hold something else.
    const store = this.os.store;
    const why = store.state != 0 ? store.problem() : errorText(result);
    this.os.console.writeLine(
      `The store cannot be opened: ${why}. It takes a blank disk, or its own, of 64 MiB or more.`,
    );
    this.os.exit(1);
  }

  onStoreFailed(reason: i32): void {
    this.os.console.writeLine(
      `The store has failed: ${errorText(reason)}. Nothing can be changed.`,
    );
  }
}

export function main(os: Devices): void {
  new Store(os).start();
}
