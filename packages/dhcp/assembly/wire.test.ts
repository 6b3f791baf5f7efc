import { describe, expect, test } from "@phantasm/testing";
import { ADDRESS, Answer, MAC, SERVER, octets } from "./testing";
import { MessageType, OPTION_BYTES_MAX, REQUEST_BYTES_MAX, Reply, Request } from "./wire";

const reply = new Reply();
const buffer = new Uint8Array(REQUEST_BYTES_MAX + 8);

function parse(answer: Answer): bool {
  return reply.parse(answer.start, answer.length, MAC.dataStart);
}

function value(bytes: i32): u8[] {
  const list: u8[] = [];
  for (let at = 0; at < bytes; at++) list.push(load<u8>(reply.value + at));
  return list;
}

/** A message of ours in hexadecimal, from `at`. */
function hex(at: usize, bytes: i32): string {
  let text = "";
  for (let i = 0; i < bytes; i++)
    text += load<u8>(at + i)
      .toString(16)
      .padStart(2, "0");
  return text;
}

describe("a reply", () => {
  test("as a usual server sends it", () => {
    expect(parse(Answer.usual(2, 7).end())).toBe(true);
    expect(reply.messageType).toBe(MessageType.OFFER);
    expect(reply.xid).toBe(7);
    expect(reply.address).toBe(ADDRESS);
    expect(reply.server).toBe(SERVER);
    expect(reply.u32(51, 0)).toBe(3600);
    expect(reply.option(6)).toBe(-1);
  });

  test("unknown options and padding are skipped; a missing END is forgiven", () => {
    const answer = new Answer(0, 1).option(200, [1, 2, 3]);
    answer.length += 5;
    answer.option(201, []).option(53, [5]);
    expect(parse(answer)).toBe(true);
    expect(reply.messageType).toBe(MessageType.ACK);
    expect(reply.option(201)).toBe(0);
  });

  test("behind END nothing counts", () => {
    expect(parse(new Answer(5, 1).end().option(51, octets(60)))).toBe(true);
    expect(reply.option(51)).toBe(-1);
  });

  test("for another host, of another kind, or cut off: refused", () => {
    expect(parse(new Answer(2, 1))).toBe(true);
    for (const at of [0, 1, 2, 28, 33, 236, 239]) {
      const answer = new Answer(2, 1);
      answer.bytes[at] ^= 0x10;
      expect(parse(answer)).toBe(false);
    }
    const answer = Answer.usual(2, 1);
    for (let length = 0; length < 240; length++)
      expect(reply.parse(answer.start, length, MAC.dataStart)).toBe(false);
  });

  test("an option that reaches beyond the end, or has no length: refused", () => {
    const whole = new Answer(2, 1).option(15, [1, 2, 3, 4]);
    expect(parse(whole)).toBe(true);
    for (let cut = 1; cut <= 5; cut++)
      expect(reply.parse(whole.start, whole.length - cut, MAC.dataStart)).toBe(false);
  });

  test("our client identifier may be echoed, another one is not for us (RFC 6842)", () => {
    expect(parse(new Answer(2, 1).option(61, [1, 2, 0, 0, 0, 0, 1]))).toBe(true);
    expect(parse(new Answer(2, 1).option(61, [1, 2, 0, 0, 0, 0, 2]))).toBe(false);
    expect(parse(new Answer(2, 1).option(61, [0, 2, 0, 0, 0, 0, 1]))).toBe(false);
    expect(parse(new Answer(2, 1).option(61, [1, 2, 0, 0, 0, 0]))).toBe(false);
  });

  test("without a type, or with a type of two bytes: refused", () => {
    expect(parse(new Answer(0, 1))).toBe(false);
    expect(parse(new Answer(0, 1).option(53, [2, 2]))).toBe(false);
    // Twice is two bytes as well (RFC 3396).
    expect(parse(new Answer(2, 1).option(53, [2]))).toBe(false);
  });
});

describe("option overload (RFC 2132 §9.3)", () => {
  test("options in file, in sname, in both", () => {
    for (let where: u8 = 0; where <= 3; where++) {
      const answer = new Answer(2, 1);
      if (where > 0) answer.option(52, [where]);
      answer.optionAt(108, 6, octets(1));
      answer.optionAt(44, 3, octets(2));
      expect(parse(answer)).toBe(true);
      expect(reply.u32(6, 0)).toBe((where & 1) != 0 ? 1 : 0);
      expect(reply.u32(3, 0)).toBe((where & 2) != 0 ? 2 : 0);
    }
  });

  test("a value that means nothing, a field that is malformed: refused", () => {
    expect(parse(new Answer(2, 1).option(52, [0]))).toBe(false);
    expect(parse(new Answer(2, 1).option(52, [4]))).toBe(false);
    expect(parse(new Answer(2, 1).option(52, [1, 1]))).toBe(false);
    const file = new Answer(2, 1).option(52, [1]);
    file.bytes[108 + 126] = 9;
    file.bytes[108 + 127] = 1;
    expect(parse(file)).toBe(false);
    const sname = new Answer(2, 1).option(52, [2]);
    sname.bytes[44 + 63] = 9;
    expect(parse(sname)).toBe(false);
  });

  test("a second overload in a field leads nowhere", () => {
    const answer = new Answer(2, 1).option(52, [1]);
    const at = answer.optionAt(108, 52, [3]);
    answer.optionAt(at, 6, octets(5));
    answer.optionAt(44, 3, octets(2));
    expect(parse(answer)).toBe(true);
    expect(reply.u32(6, 0)).toBe(5);
    expect(reply.option(3)).toBe(-1);
  });
});

describe("long options (RFC 3396)", () => {
  test("parts are joined: options, then file, then sname", () => {
    const answer = new Answer(2, 1).option(121, [1, 2]).option(52, [3]).option(121, [3]);
    answer.optionAt(44, 121, [5]);
    answer.optionAt(108, 121, [4]);
    expect(parse(answer)).toBe(true);
    expect(value(reply.option(121))).toEqual([1, 2, 3, 4, 5]);
  });

  test("up to OPTION_BYTES_MAX, beyond it counts as absent", () => {
    const part: u8[] = new Array<u8>(128);
    const answer = new Answer(2, 1);
    for (let i = 0; i < 4; i++) answer.option(15, part);
    expect(parse(answer)).toBe(true);
    expect(reply.option(15)).toBe(OPTION_BYTES_MAX);
    expect(parse(answer.option(15, [1]))).toBe(true);
    expect(reply.option(15)).toBe(-1);
  });
});

describe("a request", () => {
  test("DISCOVER, byte for byte", () => {
    const name = Uint8Array.wrap(String.UTF8.encode("web-1"));
    const request = new Request();
    request.messageType = MessageType.DISCOVER;
    request.xid = 0x01020304;
    request.seconds = 5;
    request.wantsBroadcast = true;
    const to = buffer.dataStart;
    expect(request.emit(to, MAC.dataStart, name.dataStart, 5)).toBe(300);
    expect(hex(to, 12)).toBe("010106000102030400058000");
    expect(hex(to + 28, 16)).toBe("02000000000100000000000000000000");
    expect(hex(to + 236, 4)).toBe("63825363");
    expect(hex(to + 240, 60)).toBe(
      "350101" +
        "3d0701020000000001" +
        "390205c0" +
        "370901790306" +
        "0f1a333a3b" +
        "0c057765622d31" +
        "ff" +
        "00".repeat(25),
    );
  });

  test("with everything it fits, and writes no further", () => {
    buffer.fill(0xee);
    const request = new Request();
    request.messageType = MessageType.REQUEST;
    request.requestedAddress = ADDRESS;
    request.server = SERVER;
    const name = new Uint8Array(63);
    const bytes = request.emit(buffer.dataStart, MAC.dataStart, name.dataStart, 63);
    expect(bytes).toBe(345);
    expect(hex(buffer.dataStart + 252, 12)).toBe("32040a00004236040a000001");
    for (let at = REQUEST_BYTES_MAX; at < buffer.length; at++) expect(buffer[at]).toBe(0xee);
  });

  test("DECLINE and RELEASE ask for nothing (RFC 2131 table 5)", () => {
    const request = new Request();
    request.messageType = MessageType.RELEASE;
    request.clientAddress = ADDRESS;
    request.server = SERVER;
    request.emit(buffer.dataStart, MAC.dataStart, 0, 0);
    expect(hex(buffer.dataStart + 12, 4)).toBe("0a000042");
    expect(hex(buffer.dataStart + 240, 20)).toBe(
      "350107" + "3d0701020000000001" + "36040a000001" + "ff00",
    );
  });
});
