/** Replies from a server that means harm: nothing traps, and whatever becomes a lease makes sense. */
import { HOUR, SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Lease, NAME_SERVERS_MAX, NEVER, ROUTES_MAX, isHost } from "./lease";
import { DhcpMachine, DhcpState } from "./machine";
import { Answer, Dice, MAC } from "./testing";
import { OPTION_BYTES_MAX, Reply } from "./wire";

const ROUNDS: i32 = 100_000;
const CODES: u8[] = [0, 1, 3, 6, 15, 26, 51, 52, 53, 54, 58, 59, 61, 121, 200, 255];

let seed: u32 = 0x9e3779b9;

function dice(sides: u32): u32 {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed % sides;
}

function bytes(answer: Answer, at: i32, end: i32): void {
  for (; at < end; at++) answer.bytes[at] = <u8>dice(256);
}

/** Options that are nearly right, in the main field, `file` and `sname`. */
function options(answer: Answer, at: i32, end: i32): i32 {
  for (let count = dice(12); count > 0 && at < end - 34; count--) {
    const value: u8[] = [];
    const sizes: u32[] = [1, 2, 4, 4, 4, 8, 12, dice(32)];
    for (let size = sizes[dice(8)]; size > 0; size--) value.push(<u8>dice(dice(3) == 0 ? 256 : 8));
    at = answer.optionAt(at, CODES[dice(CODES.length)], value);
  }
  return at;
}

/** Of all options. */
function digest(reply: Reply): u32 {
  let sum: u32 = reply.address;
  for (const code of CODES) {
    const bytes = reply.option(code);
    expect(bytes <= OPTION_BYTES_MAX).toBe(true);
    sum = sum * 31 + bytes;
    for (let at = 0; at < bytes; at++) sum = sum * 31 + load<u8>(reply.value + at);
  }
  return sum;
}

function check(lease: Lease): void {
  const route = lease.routes.length;
  expect(isHost(lease.address)).toBe(true);
  expect(lease.prefixLength >= 1 && lease.prefixLength <= 32).toBe(true);
  expect(lease.gateway == 0 || isHost(lease.gateway)).toBe(true);
  const inOrder = lease.renewNs < lease.rebindNs && lease.rebindNs < lease.expiresNs;
  expect(inOrder || lease.renewNs == NEVER).toBe(true);
  expect(lease.nameServers.length <= NAME_SERVERS_MAX && route <= ROUTES_MAX).toBe(true);
  expect(lease.mtu == 0 || lease.mtu >= 576).toBe(true);
}

test("100 000 replies", () => {
  const machine = new DhcpMachine(new Dice());
  const reply = new Reply();
  let nowNs: i64 = 0;
  let parsed = 0;
  let leases = 0;
  machine.start(nowNs);
  for (let round = 0; round < ROUNDS; round++) {
    // i64 has 292 years, and some of these leases 136.
    if (machine.dueNs > 1000 * HOUR * 24 * 10) {
      nowNs = 0;
      machine.release(nowNs);
      machine.start(nowNs);
    } else if (machine.state == DhcpState.BOUND) nowNs = machine.dueNs;
    else nowNs += dice(20) * SECOND;
    machine.elapse(nowNs);
    const type: u8 = machine.state == DhcpState.SELECTING ? 2 : dice(8) == 0 ? 6 : 5;
    const xid = dice(50) == 0 ? dice(10) : machine.request.xid;
    const usual = dice(4) != 0;
    const answer = usual ? Answer.usual(type, xid) : new Answer(type, xid, dice(u32.MAX_VALUE));
    options(answer, 108, 236);
    options(answer, 44, 108);
    answer.length = options(answer, answer.length, 600);
    if (dice(3) == 0) answer.length = dice(answer.length + 20);
    if (dice(8) == 0) bytes(answer, 240, 240 + dice(300));
    for (let flips = dice(4); flips > 0 && dice(4) == 0; flips--)
      answer.bytes[dice(answer.length + 1)] = <u8>dice(256);
    if (!reply.parse(answer.start, answer.length, MAC.dataStart)) continue;
    parsed++;
    if (round % 8 == 0) {
      // What lies behind the message is never looked at.
      const before = digest(reply);
      answer.bytes.fill(<u8>dice(256), answer.length);
      expect(reply.parse(answer.start, answer.length, MAC.dataStart)).toBe(true);
      expect(digest(reply)).toBe(before);
    }
    machine.receive(nowNs, reply);
    if (!machine.isGranted) continue;
    leases++;
    check(machine.lease!);
  }
  // Or else the fuzzer has lost its way in.
  expect(parsed).toBeGreaterThan(10_000);
  expect(leases).toBeGreaterThan(1000);
  trace("parsed, leases", 2, parsed, leases);
});
