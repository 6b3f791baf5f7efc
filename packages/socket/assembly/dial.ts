import { NO_DEADLINE } from "@phantasm/abi";
import { ConnectHandler, Race } from "@phantasm/dns";
import { WaitQueue, isInterrupted, wait } from "@phantasm/fibre";
import { TcpConnection } from "@phantasm/interfaces";
import { Stack, StackWaiter } from "@phantasm/stack";
import { TcpSocket } from "./tcp-socket";

/** Before something has come of it. */
const PENDING: i32 = 1;


@final
class Up implements StackWaiter {
  isUp: bool = false;
  readonly waiters: WaitQueue = new WaitQueue("an address");

  onStackUp(stack: Stack): void {
    this.isUp = true;
    this.waiters.wakeAll();
  }
}

/** Waits until the stack has an address that other hosts can answer to. 0, CANCELLED or TIMED_OUT. */
export function untilUp(stack: Stack, deadlineNs: i64 = NO_DEADLINE): i32 {
  if (stack.isUp && !isInterrupted()) return 0;
  const up = new Up();
  stack.whenUp(up);
  while (!up.isUp) {
    const outcome = wait(up.waiters, deadlineNs);
    if (outcome == 0) continue;
    stack.forget(up);
    return outcome;
  }
  return 0;
}


@final
class Dialing implements ConnectHandler {
  outcome: i32 = PENDING;
  readonly waiters: WaitQueue = new WaitQueue("a connection to a name");

  constructor(private readonly socket: TcpSocket) {}

  onConnection(race: Race, connection: TcpConnection): void {
    this.socket.adopt(connection);
    this.outcome = 0;
    this.waiters.wakeAll();
  }

  onNoConnection(race: Race, error: i32): void {
    this.outcome = error;
    this.waiters.wakeAll();
  }
}

/**
 * Connects a socket to a port of a host, by its name or its address: to the first of its addresses that answers (RFC
 * 8305). Waits for the stack to be up before. 0, or: NO_SUCH_NAME, NAME_SERVER_FAILED, REFUSED, UNREACHABLE,
 * NO_ROUTE, EXHAUSTED, TIMED_OUT, CANCELLED; nothing is left of the attempt then.
 */
export function dial(
  stack: Stack,
  host: string,
  port: u16,
  socket: TcpSocket,
  deadlineNs: i64 = NO_DEADLINE,
): i32 {
  const up = untilUp(stack, deadlineNs);
  if (up != 0) return up;
  const dialing = new Dialing(socket);
  const race = stack.dial.connect(host, port, dialing);
  if (race === null) return stack.dial.lastError;
  while (dialing.outcome == PENDING) {
    const outcome = wait(dialing.waiters, deadlineNs);
    if (outcome == 0) continue;
    race.cancel();
    return outcome;
  }
  return dialing.outcome;
}
