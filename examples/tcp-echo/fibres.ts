import { Fibre, Semaphore, spawn } from "@phantasm/fibre";
import { Tcp } from "@phantasm/interfaces";
import { TcpServer, TcpSocket } from "@phantasm/socket";

/** A larger buffer would only make room for more at once. */
const BUFFER_BYTES: i32 = 16384;
/** Served at once: their buffers are 4 MiB, a quarter of the memory. Others wait until somebody has gone. */
const SESSIONS_MAX: i32 = 256;

class Echo extends Fibre {
  constructor(
    private readonly socket: TcpSocket,
    private readonly places: Semaphore,
  ) {
    super("echo");
  }

  run(): i32 {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (let bytes = this.socket.read(buffer); bytes > 0; bytes = this.socket.read(buffer))
      if (this.socket.writeAll(buffer, bytes) != 0) break;
    this.socket.close();
    this.places.release();
    return 0;
  }
}

/** Accepts, and gives each connection a fibre of its own. */
export function serve(tcp: Tcp, port: u16): void {
  const server = new TcpServer();
  assert(server.listen(tcp, port) == 0, "the port is taken");
  const places = new Semaphore(SESSIONS_MAX);
  while (places.acquire() == 0) {
    const socket = server.accept();
    if (socket === null) return;
    spawn(new Echo(socket, places));
  }
}
