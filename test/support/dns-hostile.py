"""Clients of a name server that mean harm: dns-hostile.py ATTACK [SEED]

The server is at 10.0.0.2; the clients have the addresses from 10.0.0.128 on, which the kernel takes for its own. Says
"ready" when the attack is under way, or done; the end of standard input ends it. What is wrong with an answer is a line
of its own, with the seed and the query.
"""

import random
import resource
import select
import socket
import struct
import sys
import time

SERVER = ("10.0.0.2", 53)
attack = sys.argv[1]
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
dice = random.Random(seed)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


def address(number):
    return f"10.0.0.{128 + number % 120}"


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def query(text, type=1, id=1, flags=0x0100, counts=(1, 0, 0, 0), behind=b"", class_=1):
    head = struct.pack(">6H", id, flags, *counts)
    return head + name(text) + struct.pack(">2H", type, class_) + behind


OPT = b"\0" + struct.pack(">2HIH", 41, 1232, 0, 0)


def connect(number, room=None):
    """A connection of one of the addresses; None: it was refused."""
    client = socket.socket()
    if room is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.bind((address(number), 0))
    client.settimeout(2)
    try:
        client.connect(SERVER)
    except OSError:
        client.close()
        return None
    client.setblocking(False)
    return client


def crew(count, room=None):
    """So many connections one after the other, or as many as come about in ten seconds; each once it is there."""
    end = time.monotonic() + 10
    for number in range(count):
        client = connect(number, room)
        if client is not None:
            yield client
        if time.monotonic() > end:
            return


def framed(message):
    return struct.pack(">H", len(message)) + message


def push(client, data):
    try:
        client.send(data)
    except OSError:
        pass


def until_end(each, seconds=0.5):
    """Goes on until standard input ends."""
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], seconds)[0]:
        each()


def crafted():
    """Messages that are wrong on purpose, each in its own way."""
    www = name("www.example.org")
    yield b""
    yield b"\0" * 11
    yield b"\xff" * 12
    yield b"\0" * 12
    # No question, two questions, and counts of what is not there.
    for counts in [(0, 0, 0, 0), (2, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (0xFFFF,) * 4, (1, 0, 0, 0xFFFF)]:
        yield query("www.example.org", counts=counts)
    two = query("www.example.org", counts=(2, 0, 0, 0)) + www + struct.pack(">2H", 1, 1)
    yield two
    # All opcodes and response codes; and answers, which are never answered.
    for opcode in range(16):
        yield query("www.example.org", flags=opcode << 11)
    for rcode in range(16):
        yield query("www.example.org", flags=rcode)
    for flags in [0x8000, 0x8180, 0xFFFF, 0xA400]:
        yield query("www.example.org", flags=flags)
    # Pointers: in a circle, to themselves, forwards, out of the message, into the header.
    head = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0)
    for pointer in [0xC00C, 0xC00D, 0xC0FF, 0xFFFF, 0xC000, 0xC002]:
        yield head + struct.pack(">3H", pointer, 1, 1)
        yield head + b"\3www" + struct.pack(">3H", pointer, 1, 1)
        yield query("www.example.org", counts=(1, 0, 0, 1), behind=struct.pack(">3HIH", pointer, 41, 1232, 0, 0))
        soa = struct.pack(">3HIH", pointer, 6, 1, 0, 22) + b"\0" * 22
        yield query("example.org", 251, counts=(1, 0, 1, 0), behind=soa)
    # Reserved kinds of labels; names that are cut off, too long, or do not end.
    for kind in [0x40, 0x80, 0xBF]:
        yield head + bytes([kind]) + b"x" * 70
    for bytes_ in range(len(www) + 4):
        yield (head + www + struct.pack(">2H", 1, 1))[: 12 + bytes_]
    yield head + (b"\1a" * 127) + b"\0" + struct.pack(">2H", 1, 1)
    yield head + (b"\1a" * 128) + b"\0" + struct.pack(">2H", 1, 1)
    yield head + (b"\x3f" + b"a" * 63) * 4 + b"\0" + struct.pack(">2H", 1, 1)
    yield head + b"\1a" * 240
    # EDNS: versions, twice, lengths that lie, cookies of all lengths.
    edns = (1, 0, 0, 1)
    for version in [1, 255]:
        yield query("www.example.org", counts=edns, behind=b"\0" + struct.pack(">2HIH", 41, 1232, version << 16, 0))
    yield query("www.example.org", counts=(1, 0, 0, 2), behind=OPT + OPT)
    for size in [0, 1, 511, 0xFFFF]:
        yield query("big.example.org", 16, counts=edns, behind=b"\0" + struct.pack(">2HIH", 41, size, 0, 0))
    for length in [1, 3, 4, 0xFFFF]:
        yield query("www.example.org", counts=edns, behind=OPT[:-2] + struct.pack(">H", length) + b"\0\x0a\xff\xff")
    for length in range(0, 48, 3):
        option = struct.pack(">2H", 10, length) + b"c" * length
        yield query("www.example.org", counts=edns, behind=OPT[:-2] + struct.pack(">H", len(option)) + option)
    # TSIG, transfers over UDP, types and classes that are none.
    yield query("www.example.org", counts=edns, behind=b"\0" + struct.pack(">2HIH", 250, 255, 0, 0))
    for type in [0, 41, 128, 249, 250, 251, 252, 253, 254, 255, 256, 0xFFFF]:
        for class_ in [0, 1, 3, 4, 254, 255, 0xFFFF]:
            yield query("example.org", type, class_=class_)


def mutated():
    base = [
        query("www.example.org"),
        query("big.example.org", 16, counts=(1, 0, 0, 1), behind=OPT),
        query("example.org", 255),
        query("a.b.apps.example.org", 28, counts=(1, 0, 0, 1), behind=OPT),
        query("example.org", 6, flags=0x2400),
        query("example.org", 251, counts=(1, 0, 1, 0), behind=b"\xc0\x0c" + struct.pack(">2HIH", 6, 1, 0, 22) + b"\0" * 22),
    ]
    for _ in range(3000):
        message = bytearray(dice.choice(base))
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(2, len(message))
            kind = dice.randrange(4)
            if kind == 0:
                message[at] = dice.randrange(256)
            elif kind == 1:
                message[at] ^= 1 << dice.randrange(8)
            elif kind == 2:
                message = message[: max(12, at)]
            else:
                message[at:at] = dice.randbytes(dice.randrange(1, 20))
        yield bytes(message)


def malformed():
    """Each has one answer at most, which is one, and about what was asked."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind((address(seed), 0))
    client.connect(SERVER)
    client.settimeout(5)
    asked, answered = {}, set()

    def hear(answer):
        id = struct.unpack(">H", answer[:2])[0] if len(answer) >= 12 else -1
        sent = asked.get(id)
        wrong = (
            sent is None
            or id in answered
            or not answer[2] & 0x80
            or (len(sent) > 2 and sent[2] & 0x80)
            or len(answer) > 1232
            or (len(sent) > 2 and (answer[2] ^ sent[2]) & 0x78)
        )
        if wrong:
            print(f"seed {seed}: {sent.hex() if sent else id} was answered with {answer.hex()}", flush=True)
        answered.add(id)

    messages = list(crafted()) + list(mutated())
    for id, message in enumerate(messages):
        message = struct.pack(">H", id)[: len(message)] + message[2:]
        asked[id] = message
        client.send(message)
        while select.select([client], [], [], 0.05 if id % 50 == 49 else 0)[0]:
            hear(client.recv(65535))
    # Whoever answers this has read all that was in front of it.
    last = struct.pack(">H", 0xFFFE) + query("www.example.org")[2:]
    asked[0xFFFE] = last
    for _ in range(10):
        client.send(last)
        try:
            while 0xFFFE not in answered:
                hear(client.recv(65535))
            break
        except TimeoutError:
            continue
    print(f"{len(answered)} of {len(messages)} answered", flush=True)


def flood():
    """From forged addresses, one question that has a long answer."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    message = query("big.example.org", 16, counts=(1, 0, 0, 1), behind=OPT)

    def one():
        source = socket.inet_aton(f"10.0.0.{dice.randrange(128, 248)}")
        udp = struct.pack(">4H", dice.randrange(1024, 65536), 53, 8 + len(message), 0) + message
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, socket.inet_aton(SERVER[0]))
        raw.sendto(ip + udp, SERVER)

    for _ in range(20_000):
        one()
    until_end(lambda: [one() for _ in range(200)], 0.05)


def halfopen():
    """SYN from addresses where nobody is, so that nobody resets it."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def one():
        source = socket.inet_aton(f"10.0.0.{dice.randrange(20, 100)}")
        target = socket.inet_aton(SERVER[0])
        head = struct.pack(">2HIIBBHHH", dice.randrange(1024, 65536), 53, dice.randrange(2**32), 0, 0x50, 2, 64240, 0, 0)
        total = sum(struct.unpack(">16H", source + target + struct.pack(">2H", 6, 20) + head))
        total = (total & 0xFFFF) + (total >> 16)
        total = ~(total + (total >> 16)) & 0xFFFF
        head = head[:16] + struct.pack(">H", total) + head[18:]
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, target)
        raw.sendto(ip + head, SERVER)

    for _ in range(5_000):
        one()
    until_end(lambda: [one() for _ in range(50)], 0.05)


def crowd():
    """Two thousand connections, of which each that is let in asks once."""
    clients = list(crew(2000))
    for client in clients:
        push(client, framed(query("www.example.org")))
    until_end(lambda: None)


def slow():
    """A query, byte by byte, in as many connections as there may be."""
    clients = list(crew(300))
    until_end(lambda: [push(client, b"\1") for client in clients])


def deaf():
    """Thousands of queries with long answers at once, none of which is read."""
    clients = list(crew(300, 4096))
    many = framed(query("big.example.org", 16)) * 2000
    until_end(lambda: [push(client, many) for client in clients])


def lengths():
    """Lengths that are no query's."""
    for number, client in enumerate(crew(100)):
        length = [0, 1, 11, 4097, 0x8000, 0xFFFF][number % 6]
        push(client, struct.pack(">H", length) + b"\0" * min(length, 4096))
        push(client, framed(query("www.example.org")) * 10)
        client.close()
    until_end(lambda: None)


def transfers():
    """The whole zone, which nobody takes."""
    clients = list(crew(60, 4096))
    for client in clients:
        push(client, framed(query("example.org", 252)))
    until_end(lambda: None)


def resets():
    """Connections that end in the middle of an answer."""
    for client in crew(300, 4096):
        push(client, framed(query("big.example.org", 16)) * 50 + framed(query("example.org", 252)))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    until_end(lambda: None)


{each.__name__: each for each in [malformed, flood, halfopen, crowd, slow, deaf, lengths, transfers, resets]}[attack]()
