import { Fibre, spawn } from "@phantasm/fibre";
import { TcpServer, TcpSocket } from "@phantasm/socket";
import { Devices } from "./.phantasm/devices";

const PORT: u16 = 4000;
const BUFFER_BYTES: i32 = 4096;

/** One connection. */
class Answering extends Fibre {
  constructor(private readonly socket: TcpSocket) {
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
    return 0;
  }
}

export function main(os: Devices): void {
  const server = new TcpServer();
  assert(server.listen(os.stack.tcp, PORT) == 0, "the port is taken");
  for (let socket = server.accept(); socket !== null; socket = server.accept())
    spawn(new Answering(socket));
}
