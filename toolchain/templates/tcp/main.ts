import { Fibre, Semaphore, spawn } from "@phantasm/fibre";
import { TcpServer, TcpSocket } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";

const PORT: u16 = 4000;
const BUFFER_BYTES: i32 = 4096;
/** Connections that are served at once; others wait until somebody has gone. */
const SESSIONS_MAX: i32 = 500;

/** One connection. */
class Answering extends Fibre {
  constructor(
    private readonly socket: TcpSocket,
    private readonly places: Semaphore,
  ) {
    super("answering");
  }

  run(): i32 {
    const buffer = new Uint8Array(BUFFER_BYTES);
    // Until the other side has closed its stream, or the connection breaks.
    for (let bytes = this.socket.read(buffer); bytes > 0; bytes = this.socket.read(buffer)) {
      for (let at = 0; at < bytes; at++) {
        const letter = buffer[at];
        if (letter >= 97 && letter <= 122) buffer[at] = letter - 32;
      }
      if (this.socket.writeAll(buffer, bytes) != 0) break;
    }
    this.socket.close();
    this.places.release();
    return 0;
  }
}

export function main(os: Devices): void {
  const server = new TcpServer();
  assert(server.listen(os.stack.tcp, PORT) == 0, "the port is taken");
  const places = new Semaphore(SESSIONS_MAX);
  while (places.acquire() == 0) {
    const socket = server.accept();
    if (socket === null) return;
    spawn(new Answering(socket, places));
  }
}
