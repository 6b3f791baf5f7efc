import "./main";

export { CANCELLED, CLOSED, EXHAUSTED, TIMED_OUT } from "@phantasm/interfaces";
export { Channel } from "./channel";
export { ReceiveHandler, Receiver, SendHandler, Sender } from "./channel-handler";
export { Condition } from "./condition";
export { Event, EventHandler, Watcher } from "./event";
export {
  Fibre,
  FibreState,
  current,
  isInterrupted,
  sleep,
  sleepUntil,
  spawn,
  wait,
  yieldNow,
} from "./fibre";
export { Group } from "./group";
export { HandlerWait } from "./handler";
export { Mutex } from "./mutex";
export { Select } from "./select";
export { AcquireHandler, Acquirer, Semaphore } from "./semaphore";
export { ChildFactory, Supervisor } from "./supervisor";
export { Terminal } from "./terminal";
export { Ticker, within } from "./time";
export { WaitQueue } from "./wait";
