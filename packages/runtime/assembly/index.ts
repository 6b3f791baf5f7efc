export { fail } from "./abort";
export { ArgumentReader, CIDR, IPv4 } from "./arguments";
export {
  ShutdownHandler,
  Source,
  addSource,
  copyCount,
  dispatch,
  enter,
  exit,
  hold,
  isEnding,
  leave,
  now,
  onShutdown,
  release,
} from "./domain";
export { observation } from "./observation";
export { OperatingSystem } from "./operating-system";
export { Task, TaskList, permuteTasks, ready, readyLater } from "./task";
export { Waiters } from "./waiters";
