/** For tests: connections of a client that succeed when the test says so. */
import { TestConnection } from "../testing";
import { Attempt, ConnectedHandler, Connector } from "./connector";

export class TestAttempt implements Attempt {
  isCancelled: bool = false;
  constructor(
    readonly host: string,
    readonly handler: ConnectedHandler,
  ) {}
  cancel(): void {
    this.isCancelled = true;
  }
}

export class TestConnector implements Connector {
  lastError: i32 = 0;
  readonly attempts: TestAttempt[] = [];
  connect(host: string, port: u16, handler: ConnectedHandler): Attempt | null {
    if (this.lastError != 0) return null;
    const attempt = new TestAttempt(`${host}:${port}`, handler);
    this.attempts.push(attempt);
    return attempt;
  }

  /** The newest attempt is successful. */
  succeeds(): TestConnection {
    const connection = new TestConnection();
    this.attempts.pop().handler.onConnection(connection);
    return connection;
  }
}
