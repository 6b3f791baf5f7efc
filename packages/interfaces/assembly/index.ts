export { Block, BlockHandler, BlockWaiter } from "./block";
export { Clock, Timer, TimerHandler } from "./clock";
export { Console, ConsoleReader, ConsoleWriter, LineReader } from "./console";
export { CANCELLED, CLOSED, EXHAUSTED, Errno, TIMED_OUT } from "./errors";
export { DEBUG_LINES, LOG_LEVEL_MAX, Log, LogLevel, LogSink, Logger } from "./log";
export {
  ETHERNET_HEADER_BYTES,
  FrameHandler,
  LINK_HEADROOM_BYTES,
  Link,
  LinkCounters,
  LinkWaiter,
  MAC_BYTES,
} from "./net";
export { Random } from "./random";
export { HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, SECOND } from "./time";
