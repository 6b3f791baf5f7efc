"""Clients and servers that no package has: `clients.py VERB ADDRESS PORT ...`. Says one line, or why not."""
import errno
import random
import resource
import socket
import struct
import sys
import threading
import time

SECONDS_MAX = 100
PATTERN = bytes((at * 7 ^ at >> 8) & 255 for at in range(65536))


def pattern(count):
    """What the appliance makes and checks: pattern.ts. Bytes repeat after 65536."""
    return (PATTERN * (count // len(PATTERN) + 1))[:count]


def noise(count):
    return random.Random(count).randbytes(count)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def place(address, port):
    return socket.getaddrinfo(address, port, family(address), socket.SOCK_STREAM)[0][4]


def connect(address, port, receive_bytes=0):
    sock = socket.socket(family(address), socket.SOCK_STREAM)
    sock.settimeout(SECONDS_MAX)
    if receive_bytes > 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.connect(place(address, port))
    return sock


def read_all(sock):
    parts = []
    while part := sock.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)


def differ(sent, got):
    if sent == got:
        return None
    at = next((i for i, (a, b) in enumerate(zip(sent, got)) if a != b), min(len(sent), len(got)))
    return f"differs at {at}, {len(got)} of {len(sent)} bytes"


def send_and_end(sock, data):
    try:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # The reader has seen it too.


def echo(address, port, count, pause=0.0, receive_bytes=0):
    """All bytes come back; the reader begins after a pause."""
    data = noise(count)
    sock = connect(address, port, receive_bytes)
    sender = threading.Thread(target=send_and_end, args=(sock, data), daemon=True)
    sender.start()
    time.sleep(pause)
    got = read_all(sock)
    sender.join(SECONDS_MAX)
    return differ(data, got) or f"{len(got)} exact"


def sequence(address, port, count):
    """Short connections, one after the other."""
    where = place(address, port)
    for at in range(count):
        sock = socket.socket(family(address), socket.SOCK_STREAM)
        sock.settimeout(SECONDS_MAX)
        sock.connect(where)
        text = b"%d" % at
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
        got = read_all(sock)
        if got != text:
            return f"connection {at}: {got}"
        sock.close()
    return f"{count} connections"


def together(address, port, count, each=20000):
    """All connected before any byte is sent; then all bytes before any is read."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    socks = [connect(address, port) for _ in range(count)]
    for at, sock in enumerate(socks):
        sock.sendall(noise(each + at))
        sock.shutdown(socket.SHUT_WR)
    for at, sock in enumerate(socks):
        wrong = differ(noise(each + at), read_all(sock))
        if wrong:
            return f"connection {at} {wrong}"
        sock.close()
    return f"{count} connections"


def reset(address, port):
    """Breaks off in the middle of a stream."""
    sock = connect(address, port)
    sock.sendall(noise(100000))
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    return "broken off"


def outcome(address, port):
    """What becomes of a connection that says something."""
    try:
        sock = connect(address, port)
        sock.sendall(b"hello")
        return f"{len(read_all(sock))} bytes, then the end"
    except OSError as error:
        return errno.errorcode[error.errno]


def hear(address, port, count):
    """Hears a speech to its end, and then says something itself."""
    sock = connect(address, port)
    wrong = differ(pattern(count), read_all(sock))
    sock.sendall(noise(300000))
    sock.close()
    return wrong or f"{count} exact"


def hoard(address, port, count, each):
    """Connections that say what they can and never read; they are held until the input ends."""
    socks = [connect(address, port, 4096) for _ in range(count)]
    for sock in socks:
        sock.setblocking(False)
    quiet = 0
    said = 0
    while quiet < 20:
        before = said
        for sock in socks:
            try:
                said += sock.send(bytes(each))
            except OSError:
                # No room, or reset: others needed what it held.
                pass
        quiet = quiet + 1 if said == before else 0
        time.sleep(0.05)
    print("hoarded", flush=True)
    sys.stdin.read()
    return f"more than {said // 1000000} MB"


def crowd(address, port, count):
    """As many connections as come about in a few seconds; they are held until the input ends."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
    socks = []
    for _ in range(count):
        sock = socket.socket(family(address), socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.connect_ex(place(address, port))
        socks.append(sock)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        time.sleep(0.2)
    made = 0
    for sock in socks:
        try:
            sock.getpeername()
            made += 1
        except OSError:
            pass
    print(f"made {made}", flush=True)
    sys.stdin.read()
    return "gone"


def talk(address, port):
    """Sends every line of its input, and says what came back."""
    sock = connect(address, port)
    print(f"port {sock.getsockname()[1]}", flush=True)
    for line in sys.stdin:
        data = line.encode()
        sock.sendall(data)
        got = b""
        while len(got) < len(data):
            part = sock.recv(65536)
            if not part:
                return "the end"
            got += part
        print("back " + got.decode().strip(), flush=True)
    return "over"


def datagrams(address, port, *sizes):
    """Each comes back as it was; asked again a few times, for none of this is promised."""
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.connect(place(address, port))
    for size in sizes:
        data = noise(size)
        for _ in range(5):
            sock.send(data)
            try:
                while (got := sock.recv(65536)) != data:
                    pass
                break
            except TimeoutError:
                got = None
        if got is None:
            return f"{size} did not come back"
    return f"{len(sizes)} sizes"


def datagram_outcome(address, port):
    sock = socket.socket(family(address), socket.SOCK_DGRAM)
    sock.settimeout(10)
    sock.connect(place(address, port))
    sock.send(b"hello")
    try:
        return f"{len(sock.recv(1000))} bytes"
    except OSError as error:
        return errno.errorcode.get(error.errno, "silence")


def broadcast(address, port):
    """Who answers a broadcast?"""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.settimeout(1.5)
    sock.sendto(b"hello", (address, port))
    try:
        return "answered by " + sock.recvfrom(1000)[1][0]
    except TimeoutError:
        return "silence"


def serve(address, port, mode, count=0):
    """Takes one connection: `echo`, `refuse` (breaks off), `hear` and `speak` (the pattern, exact)."""
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(place(address, port))
    listener.listen()
    print("listening", flush=True)
    listener.settimeout(SECONDS_MAX)
    sock = listener.accept()[0]
    sock.settimeout(SECONDS_MAX)
    if mode == "break":
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        return "broken off"
    if mode == "echo":
        total = 0
        while part := sock.recv(1 << 16):
            total += len(part)
            sock.sendall(part)
        sock.close()
        return f"echoed {total}"
    speaker = threading.Thread(target=send_and_end, args=(sock, pattern(count)), daemon=True)
    speaker.start()
    wrong = differ(pattern(count), read_all(sock))
    speaker.join(SECONDS_MAX)
    return wrong or f"{count} exact"


def echo_server(address, port):
    """The kernel's side of a comparison; until its input ends."""
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(place(address, port))
    listener.listen(128)
    print("listening", flush=True)

    def serve_one(sock):
        try:
            while part := sock.recv(1 << 16):
                sock.sendall(part)
        except OSError:
            pass
        sock.close()

    def accept_all():
        while True:
            threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept_all, daemon=True).start()
    sys.stdin.read()
    return "over"


VERBS = [
    *(echo, sequence, together, reset, outcome, hear, hoard, crowd, talk),
    *(datagrams, datagram_outcome, broadcast, serve, echo_server),
]


def number(word):
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError:
        return word


if __name__ == "__main__":
    verb = {each.__name__: each for each in VERBS}[sys.argv[1]]
    print(verb(sys.argv[2], *map(number, sys.argv[3:])))
