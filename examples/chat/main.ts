import { TcpAcceptor, TcpConnection, TcpListener } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
import { Guest } from "./guest";
import { Room } from "./room";

const PORT: u16 = 1234;
const BACKLOG: i32 = 64;

class Door implements TcpAcceptor {
  constructor(private readonly room: Room) {}

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    const guest = new Guest(this.room, connection);
    if (!this.room.enter(guest)) {
      guest.hear("The room is full.\n");
      connection.close();
    }
  }
}

export function main(os: Devices): void {
  const door = new Door(new Room());
  assert(os.stack.tcp.listen(PORT, door, BACKLOG) !== null, "the port is taken");
}
