export { Endpoint, IPV4_HIGH, IPV4_PREFIX, IpAddress, ipv4Low, isIpv4 } from "./address";
export { Block, BlockHandler, BlockWaiter } from "./block";
export { Clock, Timer, TimerHandler } from "./clock";
export { Console, ConsoleReader, ConsoleWriter, LineReader } from "./console";
export {
  ADDRESS_IN_USE,
  ADDRESS_LOST,
  BAD_NAME,
  CANCELLED,
  CLOSED,
  CONFLICT,
  CORRUPT,
  EXHAUSTED,
  EXISTS,
  Errno,
  IS_DIRECTORY,
  NAME_SERVER_FAILED,
  NOT_DIRECTORY,
  NOT_EMPTY,
  NOT_FOUND,
  NO_ROUTE,
  NO_SUCH_NAME,
  PENDING,
  REFUSED,
  RESET,
  TIMED_OUT,
  TOO_LARGE,
  UNREACHABLE,
  WRONG_FORMAT,
  errorText,
} from "./errors";
export { File, FileList, FileStat, Files, FilesHandler, OpenFlag } from "./files";
export {
  Cursor,
  KEY_BYTES_MAX,
  KeyValue,
  KeyValueHandler,
  KeyValueReader,
  KeyValueSpace,
  KeyValueWatcher,
  Snapshot,
  VALUE_BYTES_MAX,
  Value,
  ValueReader,
  ValueWriter,
} from "./key-value";
export { Batch, BatchFlag, BatchKind } from "./key-value-batch";
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
export { IpPrefix } from "./prefix";
export { Random } from "./random";
export { HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, SECOND } from "./time";
export { Ip, Packet, Path, PathError, Protocol, TransportHandler } from "./ip";
export { Tcp, TcpAcceptor, TcpConnection, TcpHandler, TcpListener, TcpState } from "./tcp";
export { Datagram, Udp, UdpHandler, UdpSocket, UdpWaiter } from "./udp";
