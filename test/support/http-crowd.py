"""Clients that come together, ask once each, and stay: http-crowd.py ADDRESS PORT COUNT PATH [FROM]

Prints a line when each has its answer: how many were answered, the seconds it took, the longest wait in
milliseconds. A line on standard input has each ask once more; the end of it has all go.
"""

import resource
import selectors
import socket
import sys
import time

address, port, count, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
source = sys.argv[5] if len(sys.argv) > 5 else None
# As many are on their way at once.
TOGETHER = 256
PATIENCE_S = 20
request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
wanted = count + 64
resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))


class Client:
    """One connection: connects if need be, asks, reads the whole answer."""

    def __init__(self):
        self.socket = None
        self.heard = b""
        self.left = -1

    def begin(self, selector):
        self.since = time.monotonic()
        self.heard = b""
        self.left = -1
        if self.socket is not None:
            self.socket.send(request)
            selector.register(self.socket, selectors.EVENT_READ, self)
            return
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.connect_ex((address, port))
        selector.register(self.socket, selectors.EVENT_WRITE, self)

    def goes_on(self, selector):
        """True when it has its answer, None when it never will."""
        try:
            if self.left == -1 and self.heard == b"" and selector.get_key(self.socket).events == selectors.EVENT_WRITE:
                self.socket.send(request)
                selector.modify(self.socket, selectors.EVENT_READ, self)
                return False
            piece = self.socket.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            return None
        if piece == b"":
            return None
        if self.left < 0:
            self.heard += piece
            end = self.heard.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.heard[:end].lower()
            if not head.startswith(b"http/1.1 200"):
                return None
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            self.left = length - (len(self.heard) - end - 4)
        else:
            self.left -= len(piece)
        return self.left == 0


def all_ask(clients):
    start = time.monotonic()
    selector = selectors.EpollSelector()
    waiting = list(reversed(clients))
    answered, under_way, longest = 0, 0, 0.0
    while waiting or under_way > 0:
        while waiting and under_way < TOGETHER:
            waiting.pop().begin(selector)
            under_way += 1
        events = selector.select(1)
        if not events and time.monotonic() - start > PATIENCE_S:
            break
        for key, _ in events:
            done = key.data.goes_on(selector)
            if done is False:
                continue
            selector.unregister(key.data.socket)
            under_way -= 1
            if done:
                answered += 1
                longest = max(longest, time.monotonic() - key.data.since)
    print(f"{answered} answered, {time.monotonic() - start:.2f} s, longest {longest * 1e3:.0f} ms", flush=True)


clients = [Client() for _ in range(count)]
all_ask(clients)
for _ in sys.stdin:
    all_ask(clients)
for one in clients:
    one.socket.close()
print("gone", flush=True)
