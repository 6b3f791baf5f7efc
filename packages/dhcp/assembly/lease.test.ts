import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Lease, NEVER, ROUTES_MAX, isAcceptable, leaseOf } from "./lease";
import { ADDRESS, Answer, MAC, SERVER, octets } from "./testing";
import { Reply } from "./wire";

const reply = new Reply();

function accepts(answer: Answer): bool {
  expect(reply.parse(answer.start, answer.length, MAC.dataStart)).toBe(true);
  return isAcceptable(reply);
}

function lease(answer: Answer, sinceNs: i64 = 0, early: f64 = 0): Lease {
  expect(accepts(answer)).toBe(true);
  return leaseOf(reply, sinceNs, early);
}

/** An ACK without a mask, a router or times but the lease's. */
function bare(address: u32 = ADDRESS): Answer {
  return new Answer(5, 1, address).option32(54, SERVER).option32(51, 3600);
}

/** Of a lease whose server says so. */
function domainOf(text: string): string {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  const value = new Array<u8>();
  for (let i = 0; i < bytes.length; i++) value.push(bytes[i]);
  return lease(bare().option(15, value)).domain;
}

/** Routes as text. */
function routes(one: Lease): string {
  let text = "";
  for (const route of one.routes)
    text += `${route.destination.toString(16)}/${route.prefixLength} ${route.gateway.toString(16)};`;
  return text;
}

describe("refused", () => {
  test("addresses that no host can have", () => {
    expect(accepts(bare())).toBe(true);
    for (const address of [0, 0x00000001, 0x7f000001, 0xe0000001, 0xf0000001, 0xffffffff] as u32[])
      expect(accepts(bare(address))).toBe(false);
  });

  test("the address of the network, and its broadcast address", () => {
    expect(accepts(bare(0x0a000000).option32(1, 0xffffff00))).toBe(false);
    expect(accepts(bare(0x0a0000ff).option32(1, 0xffffff00))).toBe(false);
    // RFC 3021: a link with two ends has neither.
    expect(accepts(bare(0x0a000000).option32(1, 0xfffffffe))).toBe(true);
    expect(accepts(bare(0x0a0000ff).option32(1, 0xffffffff))).toBe(true);
  });

  test("masks with holes, of everything, of the wrong size", () => {
    expect(accepts(bare().option32(1, 0xff00ff00))).toBe(false);
    expect(accepts(bare().option32(1, 0x00ffffff))).toBe(false);
    expect(accepts(bare().option32(1, 0))).toBe(false);
    expect(accepts(bare().option(1, [255, 255, 255]))).toBe(false);
  });

  test("no server, a server that is no host, no lease time, one too short", () => {
    expect(accepts(new Answer(5, 1).option32(51, 3600))).toBe(false);
    expect(accepts(new Answer(5, 1).option32(51, 3600).option32(54, 0xe0000001))).toBe(false);
    expect(accepts(new Answer(5, 1).option32(54, SERVER))).toBe(false);
    expect(accepts(new Answer(5, 1).option32(54, SERVER).option32(51, 9))).toBe(false);
    expect(accepts(new Answer(5, 1).option32(54, SERVER).option32(51, 10))).toBe(true);
  });
});

describe("the prefix", () => {
  test("is the mask's; without one, the class's", () => {
    expect(lease(bare().option32(1, 0xfffff000)).prefixLength).toBe(20);
    expect(lease(bare()).prefixLength).toBe(8);
    expect(lease(bare(0xac100005)).prefixLength).toBe(16);
    expect(lease(bare(0xc0a80005)).prefixLength).toBe(24);
  });
});

describe("times", () => {
  test("a half and seven eighths, counted from the request", () => {
    const one = lease(bare(), 5 * SECOND);
    expect(one.renewNs).toBe(1805 * SECOND);
    expect(one.rebindNs).toBe(3155 * SECOND);
    expect(one.expiresNs).toBe(3605 * SECOND);
  });

  test("clients are spread over a 32nd part of T1", () => {
    expect(lease(bare(), 0, 1).renewNs).toBe(1800 * SECOND - (1800 * SECOND) / 32);
  });

  test("as the server says, if they are in order", () => {
    const said = lease(bare().option32(58, 100).option32(59, 200), 0, 1);
    expect(said.renewNs).toBe(100 * SECOND);
    expect(said.rebindNs).toBe(200 * SECOND);
    const late = lease(bare().option32(58, 100).option32(59, 3600));
    expect(late.rebindNs).toBe(3150 * SECOND);
    expect(late.renewNs).toBe(100 * SECOND);
    const crossed = lease(bare().option32(58, 300).option32(59, 200));
    expect(crossed.renewNs).toBe(100 * SECOND);
    expect(crossed.rebindNs).toBe(200 * SECOND);
  });

  test("for ever", () => {
    const one = lease(new Answer(5, 1).option32(54, SERVER).option32(51, 0xffffffff));
    expect(one.renewNs).toBe(NEVER);
    expect(one.expiresNs).toBe(NEVER);
  });
});

describe("routes (RFC 3442)", () => {
  test("the first router that can be one", () => {
    const routers = octets(0).concat(octets(ADDRESS)).concat(octets(SERVER)).concat(octets(3));
    expect(lease(bare().option(3, routers)).gateway).toBe(SERVER);
    expect(lease(bare()).gateway).toBe(0);
  });

  test("classless routes take the place of the routers", () => {
    // Default by 10.0.0.1; 10.17.0.0/16 by 10.0.0.2, with bits beyond the prefix; 192.168.0.0/24 on the link.
    const one = lease(
      bare()
        .option32(3, 0x0a0000fe)
        .option(121, [0, 10, 0, 0, 1, 12, 10, 31, 10, 0, 0, 2, 24, 192, 168, 0, 0, 0, 0, 0]),
    );
    expect(one.gateway).toBe(SERVER);
    expect(routes(one)).toBe("a100000/12 a000002;c0a80000/24 0;");
    const none = lease(bare().option32(3, SERVER).option(121, [8, 10, 10, 0, 0, 2]));
    expect(none.gateway).toBe(0);
  });

  test("a malformed option counts for nothing", () => {
    const router = octets(SERVER);
    for (const bad of [
      [33, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      [24, 10, 0, 0, 10, 0, 0],
      [0, 10, 0, 0],
    ] as u8[][]) {
      const one = lease(bare().option(3, router).option(121, bad));
      expect(one.gateway).toBe(SERVER);
      expect(routes(one)).toBe("");
    }
  });

  test("gateways and destinations that make no sense are left out", () => {
    const one = lease(
      bare().option(
        121,
        [8, 127, 10, 0, 0, 1, 4, 224, 10, 0, 0, 1, 8, 20, 224, 0, 0, 1, 0, 127, 0, 0, 1],
      ),
    );
    expect(routes(one)).toBe("");
    expect(one.gateway).toBe(0);
  });

  test("at most ROUTES_MAX", () => {
    const answer = bare();
    for (let i = 0; i < 40; i++) answer.option(121, [16, 20, <u8>i, 10, 0, 0, 1]);
    expect(lease(answer.option(121, octets(0))).routes.length).toBe(0);
    const fine = bare();
    for (let i = 0; i < 40; i++) fine.option(121, [16, 20, <u8>i, 10, 0, 0, 1]);
    expect(lease(fine).routes.length).toBe(ROUTES_MAX);
  });
});

describe("other values", () => {
  test("name servers: hosts only, each once, three at most", () => {
    const list = octets(0x7f000001).concat(octets(1)).concat(octets(0x08080808));
    const one = lease(bare().option(6, list.concat(octets(0x08080808)).concat(octets(0x01010101))));
    expect(one.nameServers).toEqual([0x08080808, 0x01010101]);
    const many = bare();
    for (let i = 0; i < 20; i++) many.option32(6, 0x08080800 + i);
    expect(lease(many).nameServers).toEqual([0x08080800, 0x08080801, 0x08080802]);
  });

  test("MTU", () => {
    expect(lease(bare().option(26, [5, 220])).mtu).toBe(1500);
    expect(lease(bare().option(26, [2, 64])).mtu).toBe(576);
    expect(lease(bare().option(26, [2, 63])).mtu).toBe(0);
    expect(lease(bare().option(26, [5])).mtu).toBe(0);
    expect(lease(bare()).mtu).toBe(0);
  });

  test("domain", () => {
    expect(lease(bare().option(15, [0x65, 0x78, 0x2e, 0x63, 0])).domain).toBe("ex.c");
    expect(lease(bare().option(15, [0x65, 0x20])).domain).toBe("");
    expect(lease(bare().option(15, [0])).domain).toBe("");
  });

  test("a domain that is no host name is left out", () => {
    const label63 = "a".repeat(63);
    const long = `${label63}.${label63}.${label63}.${"a".repeat(61)}`;
    const fine = ["a", "A-9.b", "1.2", label63, long];
    for (let i = 0; i < fine.length; i++) {
      expect(domainOf(fine[i])).toBe(fine[i]);
      expect(domainOf(fine[i] + ".")).toBe(fine[i]);
      expect(domainOf(fine[i] + ".\0")).toBe(fine[i]);
    }
    const wrong = [".", "..", ".a", "a..b", "a..", "-a", "a-", "a.-b", "a-.b", "a_b", "a b", "a/b"];
    wrong.push(label63 + "a");
    wrong.push(long + "a");
    wrong.push("a\0b");
    wrong.push("\u00e9");
    wrong.push("@[`{");
    for (let i = 0; i < wrong.length; i++)
      expect(wrong[i] + "=" + domainOf(wrong[i])).toBe(wrong[i] + "=");
    // Bytes that are no UTF-8.
    expect(lease(bare().option(15, [0x61, 0xc3])).domain).toBe("");
    expect(lease(bare().option(15, [0xff])).domain).toBe("");
  });
});
