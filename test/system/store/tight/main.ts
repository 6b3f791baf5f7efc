import { Durability, StoreLimits, StoreListener, StoreServer } from "@phantasm/resp";
import { Devices } from "./.phantasm/devices";

const CLIENTS: i32 = 700;

class Store implements StoreListener {
  constructor(private readonly os: Devices) {}

  start(): void {
    const os = this.os;
    const limits = new StoreLimits();
    limits.clients = CLIENTS;
    limits.memoryBytes = 512 << 20;
    // TCP takes seven sixteenths of it when it comes to that.
    limits.spareBytes = 28 << 20;
    const server = new StoreServer(os.clock, os.random, null, Durability.NO, "", limits);
    os.onShutdown(server);
    server.start(os.stack.tcp, 6379, this);
  }

  onStoreReady(result: i32): void {
    this.os.console.writeLine(result == 0 ? "Ready" : "Refused");
  }

  onStoreFailed(reason: i32): void {}
}

export function main(os: Devices): void {
  new Store(os).start();
}
