import { HostClock } from "@phantasm/clock";
import { RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { Exchange } from "../server/exchange";
import { HttpHandler } from "../server/handlers";
import { HttpServer } from "../server/server";
import { TestConnection, TestTcp, settle, step } from "../testing";
import { mutated } from "../testing-mutation";
import { base64 } from "../wire/base64";
import { SHA1_BYTES, sha1 } from "./sha1";
import { WebSocket, WebSocketHandler, WebSocketLimits } from "./websocket";

const tcp = new TestTcp();
const limits = new WebSocketLimits();
let story: string = "";
let socket: WebSocket | null = null;
let server: HttpServer | null = null;
// Steps collect: what is needed behind one is held here.
let unfinished: string = "";
let whole: string = "";

class Peer implements HttpHandler, WebSocketHandler {
  onRequest(exchange: Exchange): void {
    socket = WebSocket.accept(exchange, this, limits);
  }
  onMessage(socket: WebSocket, bytes: Uint8Array, length: i32, isText: bool): void {
    const text = String.UTF8.decodeUnsafe(bytes.dataStart, <usize>length);
    if (text == "bye") socket.close(4000);
    else if (isText) socket.sendText(text);
    else socket.sendBytes(bytes, 0, length);
  }
  onWritable(socket: WebSocket): void {
    story += "writable ";
  }
  onClosed(socket: WebSocket, code: i32): void {
    story += `closed ${code} `;
  }
}

const HANDSHAKE: string =
  "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

function connect(): TestConnection {
  if (server === null) {
    server = new HttpServer(new HostClock(64), new Peer());
    server!.listen(tcp, 80);
  }
  return tcp.arrives();
}

function open(): TestConnection {
  const client = connect();
  client.says(HANDSHAKE);
  client.forgets();
  return client;
}

/** A frame as a client sends it. */
function frame(first: i32, payload: string, mask: u32 = 0x12345678): string {
  let text = String.fromCharCode(first);
  const length = payload.length;
  if (length < 126) text += String.fromCharCode(0x80 | length);
  else
    text +=
      String.fromCharCode(0xfe) +
      String.fromCharCode(length >> 8) +
      String.fromCharCode(length & 255);
  for (let i = 0; i < 4; i++) text += String.fromCharCode((mask >> (8 * i)) & 255);
  const masked = new Uint16Array(length);
  for (let i = 0; i < length; i++)
    masked[i] = <u16>(payload.charCodeAt(i) ^ ((mask >> (8 * (i & 3))) & 255));
  return text + String.UTF16.decode(masked.buffer);
}

/** What a close frame of ours looks like. */
function closing(code: i32): string {
  return "\x88\x02" + String.fromCharCode(code >> 8) + String.fromCharCode(code & 255);
}

describe("the handshake", () => {
  test("of RFC 6455 §1.3", () => {
    const client = connect();
    client.says(HANDSHAKE);
    client.hears(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
  });

  test("that is none", () => {
    const wrong: string[] = [
      HANDSHAKE.replace("13", "12"),
      HANDSHAKE.replace("Upgrade: WebSocket\r\n", ""),
      HANDSHAKE.replace(", Upgrade", ""),
      HANDSHAKE.replace("GET", "POST"),
      HANDSHAKE.replace("ZQ==", "Z==="),
      HANDSHAKE.replace("ZQ==", "ZR=="),
      HANDSHAKE.replace("Sec-WebSocket-Key", "X"),
    ];
    for (let i = 0; i < wrong.length; i++) {
      const client = connect();
      client.says(wrong[i]);
      const status = client.heard().substring(9, 12);
      expect(status).toBe(i < 4 ? "426" : "400");
    }
  });

  test("followed by a frame at once", () => {
    const client = connect();
    client.says(HANDSHAKE + frame(0x81, "hi"));
    expect(client.heard().endsWith("\r\n\r\n\x81\x02hi")).toBe(true);
  });
});

describe("messages", () => {
  test("of all together have a limit", () => {
    const length = 6_000;
    unfinished = frame(0x02, "x".repeat(length));
    whole = frame(0x82, "x".repeat(length));
    settle();
    const first = open();
    // For a message in parts and the array in which it becomes whole, and not for two.
    server!.limits.collectedBytes = 30_000;
    first.says(unfinished);
    expect(server!.collectedBytes).toBeGreaterThan(length - 1_025);
    const second = open();
    story = "";
    second.says(whole);
    second.hears(closing(1013));
    expect(story).toBe("closed 1013 ");
    first.breaks(RESET);
    expect(server!.collectedBytes).toBe(0);
    const third = open();
    third.says(whole);
    expect(third.heardBytes).toBe(length + 4);
    expect(server!.collectedBytes).toBe(0);
    server!.limits.collectedBytes = 4 << 20;
  });

  test("that stop in the middle make room for others", () => {
    unfinished = frame(0x02, "x".repeat(6_000));
    settle();
    const client = open();
    story = "";
    server!.limits.collectedBytes = 10_000;
    client.says(unfinished);
    settle();
    step(2 * SECOND);
    // Byte by byte is no progress.
    client.says("\x80");
    const other = open();
    const evicted = server!.counters.evicted;
    other.says(unfinished);
    settle();
    client.hears(closing(1013));
    expect(story).toBe("closed 1013 ");
    expect(server!.counters.evicted).toBe(evicted + 1);
    other.hears("");
    other.breaks(RESET);
    expect(server!.collectedBytes).toBe(0);
    server!.limits.collectedBytes = 4 << 20;
  });

  test("in one frame", () => {
    const client = open();
    client.says(frame(0x81, "hello") + frame(0x82, "\x00\xff"));
    expect(client.heard()).toBe("\x81\x05hello\x82\x02\x00\xff");
    const long = "x".repeat(300);
    client.says(frame(0x81, long));
    expect(client.heard()).toBe("\x81\x7e\x01\x2c" + long);
  });

  test("in pieces of any size", () => {
    const client = open();
    const all =
      frame(0x01, "a\xe2") + frame(0x89, "ping") + frame(0x80, "\x82\xac") + frame(0x81, "");
    for (let i = 0; i < all.length; i++) client.says(all.charAt(i));
    expect(client.heard()).toBe("\x8a\x04ping\x81\x04a\xe2\x82\xac\x81\x00");
  });

  test("that break the rules", () => {
    const wrong: string[] = [
      "\x81\x00",
      frame(0xc1, "x"),
      frame(0x83, "x"),
      frame(0x8b, "x"),
      frame(0x80, "x"),
      frame(0x01, "x") + frame(0x81, "y"),
      frame(0x09, "x"),
      frame(0x89, "x".repeat(126)),
      "\x81\xfe\x00\x05",
      "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00",
      "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
      frame(0x88, "x"),
      frame(0x88, "\x03\xed"),
      frame(0x88, "\x03\xe7"),
    ];
    for (let i = 0; i < wrong.length; i++) {
      const client = open();
      client.says(wrong[i] + "\x00\x00\x00\x00");
      const heard = client.heard();
      expect(i.toString() + heard.substring(heard.length - 4)).toBe(i.toString() + closing(1002));
      expect(client.fate).toBe("shutdown ");
    }
  });

  test("that are no UTF-8", () => {
    const wrong: string[] = ["\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82"];
    for (let i = 0; i < wrong.length; i++) {
      const client = open();
      client.says(frame(0x81, wrong[i]));
      expect(client.heard()).toBe(closing(1007));
    }
    // At once.
    const client = open();
    client.says(frame(0x01, "\xe2\x28"));
    expect(client.heard()).toBe(closing(1007));
  });

  test("that are too large", () => {
    limits.messageBytesMax = 10;
    const client = open();
    client.says(frame(0x01, "12345") + frame(0x80, "67890"));
    expect(client.heard()).toBe("\x81\x0a1234567890");
    client.says(frame(0x01, "12345") + frame(0x80, "678901"));
    expect(client.heard()).toBe(closing(1009));
    expect(story).toBe("closed 1009 ");
  });

  test("become whole in an array that counts, and goes when others need the room", () => {
    const length = 30_000;
    whole = frame(0x82, "x".repeat(length));
    unfinished = frame(0x02, "x".repeat(length));
    settle();
    const client = open();
    server!.limits.collectedBytes = 70_000;
    client.says(whole);
    expect(client.heardBytes).toBe(length + 4);
    expect(server!.collectedBytes).toBe(0);
    // 36 KiB in parts and 32 KiB in that array; a second one has to do without it.
    const other = open();
    other.says(unfinished);
    const third = open();
    third.says(unfinished);
    expect(other.fate + third.fate).toBe("");
    expect(server!.collectedBytes).toBeLessThanOrEqual(70_000);
    client.forgets();
    client.says(whole);
    client.hears(closing(1013));
  });

  test("end where one is cut off while others make room for it", () => {
    const length = 20_000;
    unfinished = frame(0x02, "x".repeat(length));
    // The first echo takes all the room there is, the second one is composed when room is made for the rest.
    whole =
      frame(0x81, "a".repeat(100)) + frame(0x81, "b".repeat(10)) + frame(0x02, "c".repeat(length));
    settle();
    const stalled = open();
    server!.limits.collectedBytes = 38_500;
    server!.limits.unsentBytes = 1;
    stalled.says(unfinished);
    step(2 * SECOND);
    const client = open();
    client.room = 102;
    client.says(whole);
    settle();
    expect(client.fate).toBe("abort ");
    expect(story.endsWith("closed 1006 ")).toBe(true);
    stalled.breaks(RESET);
    expect(server!.collectedBytes).toBe(0);
    expect(server!.unsentBytes).toBe(0);
  });

  test("that find no room for long make room for others, unless they were read meanwhile", () => {
    const slow = open();
    server!.limits.unsentBytes = 3_000;
    slow.room = 0;
    expect(socket!.sendText("a".repeat(1_000))).toBe(true);
    const quick = open();
    quick.room = 0;
    expect(socket!.sendText("b".repeat(1_000))).toBe(true);
    quick.reads(1 << 20);
    step(2 * SECOND);
    quick.room = 0;
    expect(socket!.sendText("c".repeat(1_000))).toBe(true);
    const third = open();
    third.room = 0;
    story = "";
    expect(socket!.sendText("d".repeat(1_500))).toBe(true);
    // Whoever reads it in the middle of a call would be surprised.
    expect(story).toBe("");
    settle();
    expect(story).toBe("closed 1006 ");
    expect(slow.fate).toBe("abort ");
    expect(quick.fate + third.fate).toBe("");
    expect(server!.counters.evicted).toBe(1);
  });

  test("that found room again stand in nobody's way", () => {
    const client = open();
    client.room = 0;
    expect(socket!.sendText("hello")).toBe(true);
    client.reads(1 << 20);
    step(2 * SECOND);
    server!.limits.connections = 1;
    expect(connect().heard().startsWith("HTTP/1.1 503 ")).toBe(true);
    expect(client.fate).toBe("");
    // Its time is its own again: a ping comes when it is silent.
    client.forgets();
    step(limits.idleNs);
    expect(client.heard()).toBe("\x89\x00");
  });

  test("that nobody reads are cut off", () => {
    const client = open();
    client.room = 0;
    expect(socket!.sendText("hello")).toBe(true);
    step(server!.limits.writeNs);
    settle();
    expect(client.fate).toBe("abort ");
    expect(story).toBe("closed 1006 ");
    expect(server!.unsentBytes).toBe(0);
  });

  test("that find no room", () => {
    const client = open();
    client.room = 4;
    expect(socket!.sendText("hello")).toBe(true);
    expect(socket!.sendText("again")).toBe(false);
    client.reads(100);
    expect(story).toBe("writable ");
    expect(client.heard()).toBe("\x81\x05hello");
  });
});

describe("its end", () => {
  test("by the client", () => {
    const client = open();
    client.says(frame(0x88, "\x0f\xa0why"));
    expect(client.heard()).toBe(closing(4000));
    expect(story).toBe("closed 4000 ");
    expect(client.fate).toBe("shutdown ");
    const other = open();
    other.says(frame(0x88, ""));
    expect(other.heard()).toBe(closing(1000));
    expect(story).toBe("closed 4000 closed 1005 ");
  });

  test("by us", () => {
    const client = open();
    client.says(frame(0x81, "bye") + frame(0x81, "more"));
    expect(client.heard()).toBe(closing(4000));
    expect(socket!.sendText("x")).toBe(false);
    client.says(frame(0x88, "\x0f\xa0"));
    expect(client.heard()).toBe("");
    expect(client.fate).toBe("shutdown ");
    expect(story).toBe("closed 4000 ");
  });

  test("by accident", () => {
    open().breaks(RESET);
    expect(story).toBe("closed 1006 ");
    open().ends();
    expect(story).toBe("closed 1006 closed 1006 ");
  });

  test("by silence, after a ping", () => {
    const client = open();
    step(limits.idleNs);
    expect(client.heard()).toBe("\x89\x00");
    client.says(frame(0x8a, ""));
    step(limits.idleNs);
    expect(client.heard()).toBe("\x89\x00");
    step(limits.idleNs);
    expect(client.fate).toBe("abort ");
    expect(story).toBe("closed 1006 ");
  });

  test("by us, when the client does not answer", () => {
    const client = open();
    socket!.close();
    step(limits.closeNs);
    expect(client.fate).toBe("abort ");
  });
});

let random: TestRandom = new TestRandom(11);
let client: TestConnection | null = null;

/** What is answered when `unfinished` comes in pieces of so many bytes, and what becomes of the connection. */
function answer(pieces: i32): string {
  client = open();
  settle();
  client!.forgets();
  for (let at = 0; at < unfinished.length; at += pieces)
    client!.says(unfinished.substring(at, min(at + pieces, unfinished.length)));
  // A collection may have come in between.
  settle();
  const heard = client!.heard() + client!.fate;
  client!.breaks(RESET);
  return heard;
}

describe("anything", () => {
  test("ends in nothing worse than a close, however it is cut (seed 11)", () => {
    random = new TestRandom(11);
    for (let round = 0; round < 3_000; round++) {
      unfinished = "";
      for (let frames = 1 + random.below(4); frames > 0; frames--) {
        let payload = "";
        for (let i = random.below(20); i > 0; i--)
          payload += String.fromCharCode(random.below(random.below(4) == 0 ? 256 : 128));
        const kinds: i32[] = [
          0x81,
          0x82,
          0x01,
          0x00,
          0x80,
          0x89,
          0x8a,
          0x88,
          <i32>random.below(256),
        ];
        unfinished += frame(kinds[random.below(kinds.length)], payload, random.u32());
      }
      unfinished = mutated(unfinished, random);
      whole = answer(max(unfinished.length, 1));
      const cut = answer(1 + random.below(6));
      if (cut != whole) expect(`round ${round}: ${cut}`).toBe(whole);
      if (round % 50 == 0) story = "";
    }
    expect(open().fate).toBe("");
    expect(server!.collectedBytes).toBe(0);
    expect(server!.unsentBytes).toBe(0);
  });
});

test("SHA-1 of FIPS 180-4", () => {
  const place = heap.alloc(200);
  const digest = heap.alloc(SHA1_BYTES);
  const texts: string[] = [
    "abc",
    "",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "a".repeat(119),
    "a".repeat(64),
  ];
  const digests: string[] = [
    "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
    "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    "hJg+RBw70m66rkqh+VEp5eVGcPE=",
    "7pcQZaqgF+BjKoymx3uzv4sd/FY=",
    "AJi6gktcFkJ716ESKlpEKiXsZE0=",
  ];
  for (let i = 0; i < texts.length; i++) {
    for (let j = 0; j < texts[i].length; j++)
      store<u8>(place + <usize>j, <u8>texts[i].charCodeAt(j));
    sha1(place, texts[i].length, digest);
    expect(base64(digest, SHA1_BYTES)).toBe(digests[i]);
  }
});
