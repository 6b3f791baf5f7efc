/** How a client connects: by a stack's `dial`, or as a test likes. */
import { ConnectHandler, HappyEyeballs, Race } from "@phantasm/dns";
import { TcpConnection } from "@phantasm/interfaces";

/** Told what came of it; one of the two is called, once. */
export interface ConnectedHandler {
  /** Set the connection's handler before this returns. */
  onConnection(connection: TcpConnection): void;
  onNoConnection(error: i32): void;
}

/** An attempt that has not ended. */
export interface Attempt {
  /** Its handler is not called any more. */
  cancel(): void;
}

export interface Connector {
  /** Begins to connect to a port of a name or address. Null: see `lastError`. */
  connect(host: string, port: u16, handler: ConnectedHandler): Attempt | null;
  readonly lastError: i32;
}


@final
class Dialing implements Attempt, ConnectHandler {
  race: Race | null = null;

  constructor(private readonly handler: ConnectedHandler) {}

  onConnection(race: Race, connection: TcpConnection): void {
    this.handler.onConnection(connection);
  }

  onNoConnection(race: Race, error: i32): void {
    this.handler.onNoConnection(error);
  }

  cancel(): void {
    const race = this.race;
    if (race !== null) race.cancel();
  }
}

/** Connects to the first address of a name that answers: `new DialConnector(os.stack.dial)`. */
@final
export class DialConnector implements Connector {
  constructor(private readonly dial: HappyEyeballs) {}

  get lastError(): i32 {
    return this.dial.lastError;
  }

  connect(host: string, port: u16, handler: ConnectedHandler): Attempt | null {
    const dialing = new Dialing(handler);
    const race = this.dial.connect(host, port, dialing);
    if (race === null) return null;
    dialing.race = race;
    return dialing;
  }
}
