"""Frames that nobody asked for: `floods.py KIND COUNT TARGET_MAC PORT` on tap0, from addresses that do not exist."""
import random
import socket
import struct
import sys
import time

TARGET = socket.inet_aton("10.0.0.2")
TARGET6 = socket.inet_pton(socket.AF_INET6, "fd00:7::2")
PEER = socket.inet_aton("10.0.0.1")
NOISE = random.Random(1)
BURST = 100
SYN, RST, ACK = 2, 4, 16


def mac(text):
    return bytes.fromhex(text.strip().replace(":", ""))


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def stranger():
    return struct.pack("!BBH", 11, NOISE.randrange(256), NOISE.randrange(65536))


def ipv4(source, protocol, payload, ident=0, fragment=0):
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0, source, TARGET
    )
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def tcp(source, source_port, port, flags):
    sequence, acknowledgment = NOISE.randrange(1 << 32), NOISE.randrange(1 << 32)
    head = struct.pack(
        "!HHIIBBHHH", source_port, port, sequence, acknowledgment, 0x50, flags, 65535, 0, 0
    )
    value = checksum(source + TARGET + struct.pack("!HH", 6, 20) + head)
    return ipv4(source, 6, head[:16] + struct.pack("!H", value) + head[18:])


def any_port():
    return NOISE.randrange(1024, 65536)


def udp(source):
    head = struct.pack("!HHHH", any_port(), any_port(), 8 + 32, 0)
    return ipv4(source, 17, head + bytes(32))


def fragment():
    """The first of a datagram whose others never come, or the middle of one that never began."""
    where = NOISE.choice([0x2000, 0x2000 | NOISE.randrange(1, 8000)])
    return ipv4(stranger(), 17, bytes(1024), NOISE.randrange(65536), where)


def arp(hardware):
    """Questions and announcements of neighbours on this very link."""
    source = struct.pack("!BBH", 10, 0, NOISE.randrange(3, 256)) if NOISE.random() < 0.5 else b""
    source = source or bytes([10, 0, 0, NOISE.randrange(3, 255)])
    target = NOISE.choice([TARGET, source])
    operation = NOISE.choice([1, 2])
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + hardware + source + bytes(6) + target


def solicitation(hardware):
    """RFC 4861 §4.3: questions of neighbours that do not exist, each with its link address."""
    source = bytes.fromhex("fd00000700000000") + NOISE.randbytes(8)
    body = struct.pack("!BBHI", 135, 0, 0, 0) + TARGET6 + b"\1\1" + hardware
    value = checksum(source + TARGET6 + struct.pack("!II", len(body), 58) + body)
    body = body[:2] + struct.pack("!H", value) + body[4:]
    return struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + source + TARGET6 + body


def frames(kind, target, own, peer_port):
    """Endless; half of what looks like TCP comes from the peer of a connection that there is."""
    known = {"syn": SYN, "ack": ACK, "rst": RST}
    while True:
        if kind in known:
            if kind == "syn" or NOISE.random() < 0.5:
                packet = tcp(stranger(), any_port(), 7, known[kind])
            else:
                packet = tcp(PEER, peer_port, 7, known[kind])
        elif kind == "udp":
            packet = udp(stranger())
        elif kind == "fragment":
            packet = fragment()
        elif kind == "arp":
            hardware = b"\2" + NOISE.randbytes(5)
            yield target + hardware + b"\x08\x06" + arp(hardware)
            continue
        else:
            hardware = b"\2" + NOISE.randbytes(5)
            yield target + hardware + b"\x86\xdd" + solicitation(hardware)
            continue
        yield target + own + b"\x08\x00" + packet


def flood(kind, count, target, peer_port):
    with open("/sys/class/net/tap0/address") as file:
        own = mac(file.read())
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind(("tap0", 0))
    source = frames(kind, mac(target), own, peer_port)
    for at in range(count):
        frame = next(source)
        while True:
            try:
                sock.send(frame)
                break
            except OSError:  # The queue is full.
                time.sleep(0.001)
        # So that the tap's queue does not throw nearly all of it away.
        if at % BURST == 0:
            time.sleep(0.0005)
    return f"{count} sent"


if __name__ == "__main__":
    print(flood(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
