export { fail } from "./abort";
export { ArgumentReader, CIDR, IPv4 } from "./arguments";
export {
  Probe,
  ShutdownHandler,
  Source,
  addLastSource,
  addSource,
  copyCount,
  dispatch,
  enter,
  exit,
  hold,
  isEnding,
  leave,
  now,
  onProbe,
  onShutdown,
  release,
} from "./domain";
export { collectionDue } from "./heap";
export { observation } from "./observation";
export { OperatingSystem } from "./operating-system";
export { Task, TaskList, permuteTasks, ready, readyLater } from "./task";
export { Waiters } from "./waiters";
