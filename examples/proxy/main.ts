import { Stack, StackWaiter } from "@phantasm/stack";
import { Devices } from "./.phantasm/devices";
import { Backend, BackendListener, Backends } from "./backends";
import { HealthCheck } from "./health";
import { Proxy } from "./proxy";

/** Starts once both networks are up, and says what becomes of the backends. */
class Starter implements StackWaiter, BackendListener {
  private waiting: i32 = 2;
  private readonly backends: Backends;

  constructor(private readonly os: Devices) {
    this.backends = new Backends(os.arguments.balance == "least-connections");
  }

  start(): void {
    if (!this.backends.read(this.os.arguments.backends, this)) {
      this.os.console.writeLine("--backends: expected a list such as 10.0.0.2:80,10.0.0.3:80");
      this.os.exit(2);
      return;
    }
    this.os.frontend.whenUp(this);
    this.os.backend.whenUp(this);
  }

  onStackUp(stack: Stack): void {
    if (--this.waiting > 0) return;
    const os = this.os;
    const tcp = os.backend.tcp;
    const all = this.backends.all;
    for (let at = 0; at < all.length; at++)
      new HealthCheck(tcp, all[at], os.clock, os.arguments.check);
    const port = <u16>os.arguments.port;
    const proxy = new Proxy(
      tcp,
      this.backends,
      os.clock,
      os.arguments.patience,
      <i32>os.arguments.connections,
    );
    if (!proxy.listen(os.frontend.tcp, port)) {
      os.console.writeLine(`Port ${port} is taken.`);
      os.exit(1);
      return;
    }
    os.console.writeLine(`Port ${port} leads to ${all.length} backends.`);
  }

  onBackendChanged(backend: Backend): void {
    const what = backend.isUp ? "is back" : "is taken out";
    this.os.console.writeLine(`${backend.endpoint} ${what}.`);
  }
}

export function main(os: Devices): void {
  new Starter(os).start();
}
