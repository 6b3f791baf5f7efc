import { errorText } from "@phantasm/interfaces";
import { TcpSocket, dial } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";
import { Page } from "./page";

const BUFFER_BYTES: i32 = 16384;

/** Gets the page. 0, or what went wrong. */
function get(os: Devices, page: Page): i32 {
  const host = os.arguments.host;
  const deadlineNs = os.now + os.arguments.timeout;
  const socket = new TcpSocket();
  let status = dial(os.stack, host, <u16>os.arguments.port, socket, deadlineNs);
  if (status != 0) return status;
  status = socket.writeText(
    `GET ${os.arguments.path} HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    deadlineNs,
  );
  const buffer = new Uint8Array(BUFFER_BYTES);
  while (status == 0) {
    const bytes = socket.read(buffer, deadlineNs);
    if (bytes <= 0) {
      status = bytes;
      break;
    }
    page.take(buffer, bytes);
  }
  socket.close();
  return status;
}

export function main(os: Devices): void {
  const page = new Page(os.console, os.arguments.headers);
  const status = get(os, page);
  if (status == 0) return;
  os.console.writeLine(`http-get: ${os.arguments.host}: ${errorText(status)}`);
  os.exit(1);
}
