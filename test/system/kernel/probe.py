"""
Asks a TCP server what it makes of odd segments: `probe.py packet ADDRESS MAC` from beside the kernel, for a server
behind tap0, or `probe.py tap ADDRESS MAC` from behind tap0, for a server of the kernel's. It echoes at port 7, and
nobody listens at port 8. Prints `question | answer` for each.
"""
import fcntl
import os
import random
import select
import socket
import struct
import sys
import time

OWN = socket.inet_aton("10.0.0.9")
OWN_MAC = bytes.fromhex("020000000909")
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
LETTERS = "FSRPAUEC"
OPEN, CLOSED = 7, 8
# Silence is told from an answer by waiting; a machine may have much else to do.
ANSWER_S, MORE_S = 3.0, 0.25
MSS = b"\2\4\5\xb4"
SACK, SCALE, NOP = b"\4\2", b"\3\3\7", b"\1"
NAMES = {2: "mss", 3: "scale", 4: "sack-ok", 5: "sack", 8: "ts"}


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def stamp(value, echo=0):
    return NOP * 2 + struct.pack("!BBII", 8, 10, value, echo)


class Link:
    def __init__(self, kind):
        if kind == "tap":
            self.fd = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.fd, 0x400454CA, struct.pack("16sH22x", b"tap0", 0x1002))
        else:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.bind(("tap0", 0))
            self.fd = self.socket.fileno()

    def send(self, frame):
        os.write(self.fd, frame)

    def receive(self, wait):
        if select.select([self.fd], [], [], max(wait, 0))[0]:
            return os.read(self.fd, 70000)
        return None


class Answer:
    def __init__(self, packet):
        self.ip = packet
        tcp = packet[20 : int.from_bytes(packet[2:4], "big")]
        self.source, self.port, self.seq, self.ack = struct.unpack("!HHII", tcp[:12])
        start = (tcp[12] >> 4) * 4
        self.flags, self.window = tcp[13], int.from_bytes(tcp[14:16], "big")
        self.data = tcp[start:]
        self.options, at = {}, 20
        while at < start and tcp[at] != 0:
            size = 1 if tcp[at] == 1 else tcp[at + 1]
            if tcp[at] != 1:
                self.options[NAMES.get(tcp[at], str(tcp[at]))] = tcp[at + 2 : at + size]
            at += size


class Prober:
    def __init__(self, link, address, mac):
        self.link, self.mac = link, bytes.fromhex(mac.replace(":", ""))
        self.address = socket.inet_aton(address)
        self.port = random.randrange(20000, 60000)

    def fresh(self, port=OPEN):
        self.port += 1
        self.target = port
        self.seq = random.randrange(1 << 32)
        self.ack = 0
        self.theirs = None

    def send(self, flags, data=b"", seq=0, ack=0, options=b"", window=65000, urgent=0, bad=0, x=0):
        """Numbers relative to what is next."""
        options += bytes(-len(options) % 4)
        head = struct.pack(
            "!HHIIBBHHH",
            self.port,
            self.target,
            (self.seq + seq) & 0xFFFFFFFF,
            (self.ack + ack) & 0xFFFFFFFF,
            (5 + len(options) // 4) << 4 | x,
            flags,
            window,
            0,
            urgent,
        )
        tcp = head + options + data
        pseudo = OWN + self.address + struct.pack("!HH", 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp) ^ bad) + tcp[18:]
        length = 20 + len(tcp)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, OWN, self.address)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.link.send(self.mac + OWN_MAC + b"\x08\x00" + ip + tcp)

    def answers(self, first=ANSWER_S, more=MORE_S):
        """What comes until nothing does."""
        found, end = [], time.monotonic() + first
        while (left := end - time.monotonic()) > 0:
            frame = self.link.receive(left)
            if frame is None:
                break
            kind = frame[12:14]
            if kind == b"\x08\x06" and frame[21] == 1 and frame[38:42] == OWN:
                reply = frame[14:20] + b"\0\2" + OWN_MAC + OWN + frame[22:32]
                self.link.send(frame[6:12] + OWN_MAC + kind + reply)
            elif kind == b"\x08\x00" and frame[23] == 6 and frame[30:34] == OWN:
                answer = Answer(frame[14:])
                if answer.port == self.port:
                    found.append(answer)
                    end = time.monotonic() + more
        return found

    def tell(self, found):
        """Flags, then numbers relative to the connection's, bytes, options. What is sent again counts once."""
        return " + ".join(dict.fromkeys(map(self.text, found))) or "silence"

    def stream(self, found):
        """The bytes that have come from the connection's beginning on, without gaps."""
        parts = {(a.seq - self.ack) & 0xFFFFFFFF: a.data.decode() for a in found if a.data}
        text = ""
        while len(text) in parts:
            text += parts[len(text)]
        return text or "silence"

    def text(self, a):
        words = ["".join(letter for bit, letter in enumerate(LETTERS) if a.flags >> bit & 1)]
        if a.flags & RST:
            words.append("seq 0" if a.seq == 0 else "seq ack" if a.seq == self.ack & 0xFFFFFFFF else "seq other")
        elif a.data:
            words.append(repr(a.data.decode("latin1")))
        if a.flags & ACK:
            words.append(f"ack {(a.ack - self.seq) & 0xFFFFFFFF:+d}".replace("+4294967295", "-1"))
        words += [name for name in a.options if not (name == "ts" and not a.flags & SYN)]
        return " ".join(words)

    def establish(self, options=MSS, flags=SYN, window=65000):
        self.fresh()
        self.offered = options
        self.send(flags, options=options)
        found = self.answers(more=0.01)
        if len(found) == 0:
            raise SystemExit("no handshake")
        first = found[0]
        self.seq += 1
        self.ack = first.seq + 1
        self.theirs = first
        self.send(ACK, window=window, options=self.stamped(options))
        self.answers(0.1, 0.1)
        return first

    def stamped(self, options, ahead=1):
        if b"\x08\x0a" not in options or "ts" not in self.theirs.options:
            return b""
        return stamp(1000 + ahead, int.from_bytes(self.theirs.options["ts"][:4], "big"))

    def alive(self):
        """Does the connection still echo?"""
        self.send(ACK | PSH, b"!", options=self.stamped(self.offered, 2))
        found = self.answers()
        if any(b"!" in a.data for a in found):
            return "alive"
        return "closed" if any(a.flags & RST for a in found) else "mute"


def ask(prober, report):
    p = prober

    def syn(name, options=MSS, flags=SYN, **more):
        p.fresh()
        p.send(flags, options=options, **more)
        found = p.answers()
        p.ack = found[0].seq + 1 if found else 0
        report(name, p.tell(found[:1]))
        return found

    full = MSS + SACK + NOP * 2 + struct.pack("!BBII", 8, 10, 1000, 0) + NOP + SCALE
    found = syn("SYN with all options", full)
    report("its TTL, DF, window scale", " ".join([
        str(found[0].ip[8]), "DF" if found[0].ip[6] & 0x40 else "-",
        "scaled" if found[0].options.get("scale", b"\0")[0] > 0 else "unscaled"]))
    syn("SYN without options", b"")
    syn("SYN that offers ECN", MSS, SYN | ECE | CWR)
    syn("SYN with data", MSS, data=b"early")
    syn("SYN with a bad checksum", MSS, bad=1)
    syn("SYN with FIN", MSS, SYN | FIN)
    syn("SYN with RST", MSS, SYN | RST)
    syn("SYN with reserved bits", MSS, x=6)
    p.fresh()
    p.send(SYN, options=MSS)
    p.answers(more=0.01)
    p.send(SYN, options=MSS)
    report("the same SYN again", p.tell(p.answers(more=0.01)[:1]))

    p.fresh()
    p.send(SYN, options=MSS)
    p.ack = p.answers(more=0.01)[0].seq + 1
    p.send(SYN, seq=100000, options=MSS)
    report("half open: a SYN from beyond the window", p.tell(p.answers(1.0)[:1]))
    p.fresh()
    p.send(SYN, options=MSS)
    p.ack = p.answers(more=0.01)[0].seq + 1
    p.send(ACK, seq=1, ack=1000)
    report("half open: an ACK of something else", p.tell([a for a in p.answers(1.0, 0.1) if not a.flags & SYN]))
    p.fresh()
    p.send(SYN, options=MSS)
    p.ack = p.answers(more=0.01)[0].seq + 1
    p.send(RST, seq=1)
    p.send(ACK, seq=1)
    report("half open: RST, then the ACK", p.tell([a for a in p.answers(1.0, 0.1) if not a.flags & SYN]))
    p.fresh()
    p.send(SYN, options=MSS)
    p.ack = p.answers(more=0.01)[0].seq + 1
    p.send(ACK | PSH | FIN, b"all", seq=1)
    report("half open: ACK, data and FIN in one", p.stream(p.answers(1.0)))
    syn("SYN with an option of length 0", MSS + b"\x08\0\1\1")
    syn("SYN with an option that reaches beyond", MSS + b"\1\1\x08\x0a")
    syn("SYN with a window scale of 200", MSS + NOP + b"\3\3\xc8")
    for size in [0, 1, 100]:
        p.establish(b"\2\4" + struct.pack("!H", size))
        p.send(ACK | PSH, bytes(400))
        longest = max([len(a.data) for a in p.answers(1.0, 0.1)] + [0])
        report(f"the peer's segment size is {size}: the longest segment", str(longest))

    for port, where in [(OPEN, "an open port"), (CLOSED, "a closed port")]:
        for name, flags in [("ACK", ACK), ("FIN", FIN), ("no flags", 0), ("FIN, PSH, URG", FIN | PSH | URG),
                            ("SYN, ACK", SYN | ACK), ("RST", RST), ("FIN, ACK", FIN | ACK)]:
            p.fresh(port)
            p.ack = 12345
            p.send(flags, data=b"")
            report(f"{name} to {where}, no connection", p.tell(p.answers(1.0)))
    p.fresh(CLOSED)
    p.send(SYN, options=MSS)
    report("SYN to a closed port", p.tell(p.answers()))
    p.fresh(CLOSED)
    p.ack = 12345
    p.send(ACK | PSH, b"data")
    report("data to a closed port", p.tell(p.answers()))

    def connected(name, act, options=MSS, wait=1.0):
        p.establish(options)
        act()
        text = p.tell(p.answers(wait))
        report(f"connected: {name}", f"{text}; {p.alive()}")

    connected("RST, exactly next", lambda: p.send(RST))
    connected("RST, in the window", lambda: p.send(RST, seq=100))
    connected("RST, before the window", lambda: p.send(RST, seq=-100))
    connected("RST, beyond the window", lambda: p.send(RST, seq=1 << 30))
    connected("SYN, in the window", lambda: p.send(SYN, seq=100, options=MSS))
    connected("SYN, before the window", lambda: p.send(SYN, seq=-100, options=MSS))
    connected("ACK of what was never sent", lambda: p.send(ACK, ack=5000))
    connected("ACK from long ago", lambda: p.send(ACK, ack=-(1 << 30)))
    connected("a keep-alive probe", lambda: p.send(ACK, seq=-1))
    connected("data without ACK", lambda: p.send(PSH, b"x"))
    connected("data before the window", lambda: p.send(ACK | PSH, b"old", seq=-3))
    connected("data before the window, SACK", lambda: p.send(ACK | PSH, b"old", seq=-3), MSS + SACK)
    connected("data beyond the window", lambda: p.send(ACK | PSH, b"x", seq=1 << 30))
    connected("data with a gap before it, SACK", lambda: p.send(ACK | PSH, b"later", seq=1), MSS + SACK)
    connected("RST with data, exactly next", lambda: p.send(RST, b"bye"))
    connected("FIN and RST, exactly next", lambda: p.send(FIN | RST | ACK))
    connected("no flags, exactly next", lambda: p.send(0))

    connected("RST with a wrong checksum", lambda: p.send(RST, bad=1))

    def stamps():
        p.send(ACK | PSH, b"x", options=stamp(1, int.from_bytes(p.theirs.options["ts"][:4], "big")))
    connected("an old time stamp", stamps, MSS + NOP * 2 + struct.pack("!BBII", 8, 10, 1000, 0))

    p.establish(MSS + NOP * 2 + struct.pack("!BBII", 8, 10, 1000, 0))
    p.send(ACK | PSH, b"x")
    report("connected: time stamps left out", "echoed" if any(a.data for a in p.answers(1.0)) else "dropped")

    def exchange(name, *segments, wait=1.0):
        p.establish()
        for flags, data, more in segments:
            p.send(flags, data, **more)
        report(f"connected: {name}", p.stream(p.answers(wait)))

    exchange("data", (ACK | PSH, b"abc", {}))
    exchange("data with reserved bits", (ACK | PSH, b"abc", {"x": 6}))
    exchange("urgent data, the pointer behind its last byte", (ACK | PSH | URG, b"abc", {"urgent": 3}))
    exchange("parts that overlap, turned round", (ACK, b"cde", {"seq": 2}), (ACK, b"abc", {}))
    exchange("parts that overlap and differ", (ACK, b"XYZ", {"seq": 2}), (ACK, b"abc", {}))

    p.establish()
    p.send(ACK | FIN)
    found = p.answers(1.0)
    # Whether an ACK alone comes first is a matter of the program's speed.
    report("connected: FIN", p.tell([a for a in found if a.flags & FIN]))
    exchange("data and FIN in one", (ACK | PSH | FIN, b"abc", {}))
    exchange("data after FIN", (ACK | FIN, b"", {}), (ACK | PSH, b"abc", {"seq": 1}))
    p.establish()
    p.send(ACK | FIN, seq=1)
    report("connected: FIN with a gap before it", p.tell(p.answers(1.0)[:1]))

    # The window is closed: who has something to say asks now and then whether it is open again.
    p.establish()
    p.send(ACK | PSH, b"abc", window=0)
    p.seq += 3
    found = p.answers(1.0, 4.0)
    data = "".join(a.data.decode() for a in found)
    probes = [a for a in found if a.seq != p.ack & 0xFFFFFFFF or a.data]
    kind = "none" if not probes else "one byte" if probes[0].data else "no bytes"
    p.send(ACK, ack=len(data[:1]))
    rest = "".join(a.data.decode() for a in p.answers(3.0))
    report("connected: a closed window is probed with", kind)
    report("connected: and when it opens, there comes", "the rest" if rest else "nothing")


if __name__ == "__main__":
    random.seed(time.time())
    ask(Prober(Link(sys.argv[1]), *sys.argv[2:4]), lambda name, text: print(f"{name} | {text}", flush=True))
