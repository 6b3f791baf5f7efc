export { dial, untilUp } from "./dial";
export { TcpServer } from "./tcp-server";
export { TcpSocket } from "./tcp-socket";
export { UdpPort } from "./udp-port";
