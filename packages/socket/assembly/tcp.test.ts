import { NO_DEADLINE } from "@phantasm/abi";
import { Fibre, spawn } from "@phantasm/fibre";
import { hold, keep, said, say, settle, step } from "@phantasm/fibre/testing";
import { CANCELLED, EXHAUSTED, REFUSED, RESET, TIMED_OUT } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TcpServer, TcpSocket } from "./index";
import { FakeConnection, FakeTcp, PEER } from "./testing";

class Connect extends Fibre {
  constructor(
    private readonly tcp: FakeTcp,
    readonly socket: TcpSocket,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super("connect");
  }

  run(): i32 {
    const status = this.socket.connect(this.tcp, PEER, this.deadlineNs);
    say(`connect:${status}`);
    return status;
  }
}

class Read extends Fibre {
  constructor(
    private readonly socket: TcpSocket,
    private readonly bytes: i32,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super("read");
  }

  run(): i32 {
    const buffer = new Uint8Array(this.bytes);
    while (true) {
      const bytes = this.socket.read(buffer, this.deadlineNs);
      if (bytes <= 0) {
        say(`end:${bytes}`);
        return bytes;
      }
      say(String.UTF8.decodeUnsafe(buffer.dataStart, bytes));
    }
  }
}

class Write extends Fibre {
  constructor(
    private readonly socket: TcpSocket,
    private readonly text: string,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super("write");
  }

  run(): i32 {
    const status = this.socket.writeText(this.text, this.deadlineNs);
    say(`wrote:${status}`);
    return status;
  }
}

class Exact extends Fibre {
  constructor(private readonly socket: TcpSocket) {
    super("exact");
  }

  run(): i32 {
    const buffer = new Uint8Array(6);
    const status = this.socket.readExactly(buffer, 1, 5);
    say(`${status}:${String.UTF8.decodeUnsafe(buffer.dataStart + 1, 5)}`);
    return status;
  }
}

class Accept extends Fibre {
  constructor(
    private readonly server: TcpServer,
    private readonly deadlineNs: i64 = NO_DEADLINE,
  ) {
    super("accept");
  }

  run(): i32 {
    while (true) {
      const socket = this.server.accept(this.deadlineNs);
      if (socket === null) {
        say(`no:${this.server.error}`);
        return this.server.error;
      }
      say("accepted");
      spawn(new Read(socket, 8));
    }
  }
}

function connected(connection: FakeConnection): TcpSocket {
  const socket = hold(new TcpSocket());
  socket.adopt(connection);
  return socket;
}

describe("connect", () => {
  test("waits until the connection has been made", () => {
    keep();
    const tcp = hold(new FakeTcp());
    const socket = hold(new TcpSocket());
    spawn(new Connect(tcp, socket));
    settle();
    expect(said()).toBe("");
    tcp.begun[0].handler!.onConnected(tcp.begun[0]);
    settle();
    expect(said()).toBe("connect:0");
    expect(socket.remote.equals(PEER)).toBe(true);
  });

  test("tells why it came to nothing, and may then be tried again", () => {
    keep();
    const tcp = hold(new FakeTcp());
    const socket = hold(new TcpSocket());
    tcp.refuses = EXHAUSTED;
    spawn(new Connect(tcp, socket));
    settle();
    expect(said()).toBe(`connect:${EXHAUSTED}`);
    tcp.refuses = 0;
    spawn(new Connect(tcp, socket));
    settle();
    tcp.begun[0].over(REFUSED);
    settle();
    expect(said()).toBe(`connect:${REFUSED}`);
    spawn(new Connect(tcp, socket));
    settle();
    tcp.begun[1].handler!.onConnected(tcp.begun[1]);
    settle();
    expect(said()).toBe("connect:0");
  });

  test("that takes too long, or is cancelled, is broken off; its end changes nothing later", () => {
    keep();
    const tcp = hold(new FakeTcp());
    const socket = hold(new TcpSocket());
    spawn(new Connect(tcp, socket, 10));
    settle();
    step(10);
    settle();
    expect(said()).toBe(`connect:${TIMED_OUT}`);
    expect(tcp.begun[0].done).toBe("abort ");
    const again = spawn(new Connect(tcp, socket));
    settle();
    tcp.begun[0].over(CANCELLED);
    settle();
    expect(said()).toBe("");
    again.cancel();
    settle();
    expect(said()).toBe(`connect:${CANCELLED}`);
    expect(tcp.begun[1].done).toBe("abort ");
  });
});

describe("read", () => {
  test("waits for bytes, and ends with the stream", () => {
    keep();
    const connection = hold(new FakeConnection());
    spawn(new Read(connected(connection), 4));
    settle();
    connection.arrive("hello world");
    settle();
    expect(said()).toBe("hell o wo rld");
    connection.end();
    settle();
    expect(said()).toBe("end:0");
  });

  test("tells that the connection broke", () => {
    keep();
    const connection = hold(new FakeConnection());
    spawn(new Read(connected(connection), 4));
    settle();
    connection.over(RESET);
    settle();
    expect(said()).toBe(`end:${RESET}`);
  });

  test("stops at its deadline, and when it is cancelled although bytes wait", () => {
    keep();
    const connection = hold(new FakeConnection());
    const socket = connected(connection);
    spawn(new Read(socket, 4, 10));
    settle();
    step(10);
    settle();
    expect(said()).toBe(`end:${TIMED_OUT}`);
    connection.inbox = "x";
    const reader = spawn(new Read(socket, 4));
    reader.cancel();
    settle();
    expect(said()).toBe(`end:${CANCELLED}`);
    expect(connection.inbox).toBe("x");
  });

  test("of an exact number puts parts together", () => {
    keep();
    const connection = hold(new FakeConnection());
    spawn(new Exact(connected(connection)));
    settle();
    connection.arrive("abc");
    settle();
    expect(said()).toBe("");
    connection.arrive("defg");
    settle();
    expect(said()).toBe("0:abcde");
  });
});

describe("write", () => {
  test("waits while there is no room", () => {
    keep();
    const connection = hold(new FakeConnection());
    connection.room = 3;
    spawn(new Write(connected(connection), "abcdefgh"));
    settle();
    expect(connection.outbox).toBe("abc");
    connection.drain(4);
    settle();
    expect(connection.outbox).toBe("abcdefg");
    expect(said()).toBe("");
    connection.drain(4);
    settle();
    expect(connection.outbox).toBe("abcdefgh");
    expect(said()).toBe("wrote:0");
  });

  test("ends when the connection breaks, or the deadline comes", () => {
    keep();
    const connection = hold(new FakeConnection());
    const socket = connected(connection);
    connection.room = 0;
    spawn(new Write(socket, "abc", 10));
    spawn(new Write(socket, "def"));
    settle();
    step(10);
    settle();
    expect(said()).toBe(`wrote:${TIMED_OUT}`);
    connection.over(RESET);
    settle();
    expect(said()).toBe(`wrote:${RESET}`);
  });
});

describe("a server", () => {
  test("accepts one after the other, in the order of their coming", () => {
    keep();
    const tcp = hold(new FakeTcp());
    const server = hold(new TcpServer());
    expect(server.listen(tcp, 80, 2)).toBe(0);
    const first = hold(tcp.arrive());
    const second = hold(tcp.arrive());
    // Beyond the backlog.
    expect(tcp.arrive().done).toBe("abort ");
    spawn(new Accept(server));
    settle();
    expect(said()).toBe("accepted accepted");
    second.arrive("2");
    first.arrive("1");
    settle();
    expect(said()).toBe("2 1");
    tcp.arrive();
    settle();
    expect(said()).toBe("accepted");
  });

  test("that closes breaks off whom nobody has accepted, and ends every wait", () => {
    keep();
    const tcp = hold(new FakeTcp());
    const server = hold(new TcpServer());
    server.listen(tcp, 80, 4);
    spawn(new Accept(server, 10));
    settle();
    step(10);
    settle();
    expect(said()).toBe(`no:${TIMED_OUT}`);
    const waiting = hold(tcp.arrive());
    server.close();
    expect(waiting.done).toBe("abort ");
    spawn(new Accept(server));
    settle();
    expect(said()).toBe("no:-18");
  });

  test("may find its port taken", () => {
    const tcp = new FakeTcp();
    tcp.refuses = -37;
    expect(new TcpServer().listen(tcp, 80)).toBe(-37);
  });
});
