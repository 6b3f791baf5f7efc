export { Endpoint, IPV4_HIGH, IPV4_PREFIX, IpAddress, ipv4Low, isIpv4 } from "./address";
export { Block, BlockHandler, BlockWaiter } from "./block";
export { Clock, Timer, TimerHandler } from "./clock";
export { Console, ConsoleReader, ConsoleWriter, LineReader } from "./console";
export {
  ADDRESS_IN_USE,
  ADDRESS_LOST,
  CANCELLED,
  CLOSED,
  EXHAUSTED,
  Errno,
  NAME_SERVER_FAILED,
  NO_ROUTE,
  NO_SUCH_NAME,
  REFUSED,
  RESET,
  TIMED_OUT,
  TOO_LARGE,
  UNREACHABLE,
  errorText,
} from "./errors";
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
