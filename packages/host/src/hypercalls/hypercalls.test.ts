/** Every hypercall: what it does, and what it refuses. */
import { HYPERCALLS } from "@phantasm/abi";
import { describe, expect, test } from "vitest";
import { receiveTcp, superFrame } from "../backends/testing/packets.js";
import { EVERYTHING, image, step } from "../../test/images.js";
import {
  SECOND,
  simulate,
  VirtualDisk,
  VirtualHost,
  VirtualLink,
  VirtualTime,
} from "../testing/index.js";
import type { VirtualHostOptions } from "../testing/index.js";

const DONE = "(call $exit (i32.const 0))";
/** Ends with the low bits of a result as status, so that a test can see it. */
const status = (expression: string): string => `(call $exit ${expression})`;
const negated = (expression: string): string => `(i32.sub (i32.const 0) ${expression})`;

function run(code: string, options: VirtualHostOptions = {}, body = "") {
  return simulate(image(`${body} ${step(code)}`, EVERYTHING), options).exit;
}

/** The message of the bug that `code` is. */
function bug(code: string): string {
  const exit = run(`${code} ${DONE}`);
  expect(exit.status).toBe(100);
  expect(exit.reason).toBe("guest-bug");
  expect(exit.trace.length).toBeGreaterThan(0);
  return exit.message;
}

const i = (value: number): string => `(i32.const ${value})`;
const call = (name: string, ...values: (number | string)[]): string =>
  `(call $${name} ${values.map((value) => (typeof value === "number" ? i(value) : value)).join(" ")})`;
const drop = (expression: string): string => `(drop ${expression})`;

describe("guest bugs", () => {
  const MEMORY = 65_536;
  const beyond = (name: string, ptr: string, bytes: number): string =>
    `${name}: ptr ${ptr} and ${bytes} bytes reach beyond the memory of ${MEMORY} bytes`;

  test.each([
    ["exit", call("exit", 100), "exit: status 100 is outside 0 to 99"],
    ["exit", call("exit", -1), "exit: status -1 is outside 0 to 99"],
    ["abort", call("abort", 2, 0, 0), "abort: reason 2 is neither 0 nor 1"],
    ["abort", call("abort", 0, MEMORY - 3, 4), beyond("abort", "0xfffd", 4)],
    ["arguments", drop(call("arguments", MEMORY, 1)), beyond("arguments", "0x10000", 1)],
    ["entropy", call("entropy", MEMORY - 7, 8), beyond("entropy", "0xfff9", 8)],
    ["entropy", call("entropy", 0, 1025), "entropy: length 1025 is more than 1024"],
    ["entropy", call("entropy", 0, -1), "entropy: length 4294967295 is more than 1024"],
    ["console_write", drop(call("console_write", 0, 0)), "console_write: length is 0"],
    [
      "console_write",
      drop(call("console_write", -16, 16)),
      beyond("console_write", "0xfffffff0", 16),
    ],
    [
      "console_write",
      drop(call("console_write", 0, -1)),
      beyond("console_write", "0x0", 4294967295),
    ],
    [
      "console_write",
      drop(call("console_write", -1, -1)),
      beyond("console_write", "0xffffffff", 4294967295),
    ],
    ["console_read", drop(call("console_read", 0, 0)), "console_read: capacity is 0"],
    ["console_read", drop(call("console_read", 1, MEMORY)), beyond("console_read", "0x1", MEMORY)],
    ["net_info", call("net_info", 1, 0), "net_info: handle 1 is not a net device"],
    ["net_info", call("net_info", -1, 0), "net_info: handle -1 is not a net device"],
    ["net_info", call("net_info", 2, 0), "net_info: handle 2 is not a net device"],
    ["net_info", call("net_info", 0, 2), "net_info: ptr 0x2 is not a multiple of 4"],
    ["net_info", call("net_info", 0, MEMORY - 12), beyond("net_info", "0xfff4", 16)],
    ["net_send", drop(call("net_send", 1, 0, 60)), "net_send: handle 1 is not a net device"],
    ["net_send", drop(call("net_send", 0, 0, 23)), "net_send: length 23 is outside 24 to 65559"],
    ["net_send", drop(call("net_send", 0, 0, -1)), "net_send: length -1 is outside 24 to 65559"],
    [
      "net_send",
      drop(call("net_send", 0, 0, 1525)),
      "net_send: length 1525 is more than 24 and the MTU of 1500",
    ],
    ["net_send", drop(call("net_send", 0, MEMORY - 10, 24)), beyond("net_send", "0xfff6", 24)],
    [
      "net_receive",
      drop(call("net_receive", 1, 0, 2000)),
      "net_receive: handle 1 is not a net device",
    ],
    [
      "net_receive",
      drop(call("net_receive", 0, 0, 1523)),
      "net_receive: capacity 1523 is less than the 1524 a frame may need",
    ],
    [
      "net_receive",
      drop(call("net_receive", 0, MEMORY - 1000, 1524)),
      beyond("net_receive", "0xfc18", 1524),
    ],
    ["block_info", call("block_info", 0, 0), "block_info: handle 0 is not a block device"],
    ["block_info", call("block_info", 1, 4), "block_info: ptr 0x4 is not a multiple of 8"],
    ["block_info", call("block_info", 1, MEMORY - 16), beyond("block_info", "0xfff0", 24)],
    [
      "block_submit",
      drop(submit(9, 0, 0, 0, 1, 0)),
      "block_submit: handle 9 is not a block device",
    ],
    ["block_submit", drop(submit(1, 4, 0, 0, 1, 0)), "block_submit: operation 4 is unknown"],
    [
      "block_submit",
      drop(submit(1, 0, 0, 0, 0, 0)),
      "block_submit: sectors 0 is outside 1 to 2048",
    ],
    [
      "block_submit",
      drop(submit(1, 0, 0, 0, 2049, 0)),
      "block_submit: sectors 2049 is outside 1 to 2048",
    ],
    [
      "block_submit",
      drop(submit(1, 0, 0, 0, -1, 0)),
      "block_submit: sectors -1 is outside 1 to 2048",
    ],
    [
      "block_submit",
      drop(submit(1, 1, 0, MEMORY - 511, 1, 0)),
      beyond("block_submit", "0xfe01", 512),
    ],
    [
      "block_submit",
      drop(submit(1, 2, 1, 0, 0, 0)),
      "block_submit: a flush has sector 1, ptr 0x0, sectors 0",
    ],
    ["block_submit", drop(submit(1, 3, 0, 8, 1, 0)), "block_submit: a discard has ptr 0x8"],
    [
      "block_complete",
      drop(call("block_complete", 0, 0)),
      "block_complete: handle 0 is not a block device",
    ],
    [
      "block_complete",
      drop(call("block_complete", 1, 2)),
      "block_complete: ptr 0x2 is not a multiple of 4",
    ],
    [
      "block_complete",
      drop(call("block_complete", 1, MEMORY - 4)),
      beyond("block_complete", "0xfffc", 8),
    ],
  ])("%s: %s", (_name, code, message) => {
    expect(bug(code)).toBe(message);
  });

  test("every hypercall with a pointer or a handle is in the table above", () => {
    const careless = HYPERCALLS.filter(({ parameters }) => parameters.length === 0);
    expect(careless.map(({ name }) => name)).toEqual(["wall_clock", "monotonic_clock"]);
  });

  test("a header must be zero, or ask for what the link offers", () => {
    const send = (header: string): string =>
      `(i32.store8 offset=0 (i32.const 64) (i32.const ${header.split(" ")[0]}))
       (i32.store8 offset=1 (i32.const 64) (i32.const ${header.split(" ")[1]}))
       (i32.store8 offset=9 (i32.const 64) (i32.const ${header.split(" ")[2]}))
       ${drop(call("net_send", 0, 64, 60))}`;
    expect(bug(send("0 0 7"))).toBe("net_send: byte 9 of an unused header is 7");
    expect(bug(send("2 0 0"))).toBe("net_send: flags 2 are unknown");
    expect(bug(send("1 0 0"))).toContain("does not offer CHECKSUM_SEND");
  });

  test("arguments: a capacity that is too small", () => {
    const declared = { ...EVERYTHING, arguments: [port("80")] };
    const guest = image(step(drop(call("arguments", 0, 8))), declared);
    expect(simulate(guest).exit.message).toBe("arguments: capacity 8 is less than the 9 needed");
  });

  test("init may call nothing but abort", () => {
    const body = `(func $init ${call("entropy", 0, 8)}) ${step(DONE)}`;
    expect(simulate(image(body, EVERYTHING)).exit.message).toBe(
      "entropy: init may call nothing but abort",
    );
    const aborting = `(data (i32.const 8) "early") (func $init ${call("abort", 0, 8, 5)}) ${step(DONE)}`;
    expect(simulate(image(aborting, EVERYTHING)).exit).toMatchObject({
      status: 100,
      reason: "abort",
      message: "early",
    });
  });
});

function submit(...[handle, operation, sector, ptr, sectors, tag]: number[]): string {
  return `(call $block_submit ${i(handle!)} ${i(operation!)} (i64.const ${sector}) ${i(ptr!)} ${i(sectors!)} ${i(tag!)})`;
}

function port(value: string) {
  return { name: "port", type: "integer", help: "", required: false, default: value } as const;
}

describe("what they do", () => {
  test("exit gives the status", () => {
    expect(run(call("exit", 99))).toMatchObject({ status: 99, reason: "exit", message: "" });
  });

  test("abort carries a message, escaped and cut", () => {
    const body = `(data (i32.const 8) "bad \\1b[31m thing")`;
    expect(run(call("abort", 0, 8, 15), {}, body)).toMatchObject({
      status: 100,
      reason: "abort",
      message: "bad \\x1b[31m thing",
    });
    expect(run(call("abort", 1, 0, 0))).toMatchObject({ status: 102, reason: "memory" });
    const filled = `(memory.fill (i32.const 0) (i32.const 97) (i32.const 4096)) ${call("abort", 0, 0, 4096)}`;
    expect(run(filled).message).toBe("a".repeat(1024));
  });

  test("arguments: the size, then the bytes", () => {
    const declared = { ...EVERYTHING, arguments: [port("42")] };
    const size = image(step(status(call("arguments", 0, 0))), declared);
    expect(simulate(size).exit.status).toBe(9);
    const code = `${drop(call("arguments", 8, 9))} ${status("(i32.load8_u (i32.const 9))")}`;
    const bytes = image(step(code), declared);
    expect(simulate(bytes).exit.status).toBe(42);
    expect(simulate(bytes, { arguments: { port: 7 } }).exit.status).toBe(7);
  });

  test("clocks: guest time starts at 0, wall time where the host says", () => {
    const code = `${drop("(call $wall_clock)")}
      (if (i64.ne (call $monotonic_clock) (local.get $now)) (then ${call("exit", 1)}))
      (if (i64.ge_u (local.get $now) (i64.const 2000)) (then ${DONE}))`;
    const guest = image(step(code, "(i64.const 2000)"), EVERYTHING);
    expect(simulate(guest)).toMatchObject({ exit: { status: 0 }, elapsedNs: 2000n });
  });

  test("entropy follows the seed and never repeats", () => {
    const code = `(call $entropy (i32.const 0) (i32.const 16)) (call $entropy (i32.const 16) (i32.const 16))
      ${drop(call("console_write", 0, 32))} ${DONE}`;
    const guest = image(step(code), EVERYTHING);
    const bytes = (seed: number): string => {
      const host = new VirtualHost(guest, { seed });
      return Buffer.from(host.console.takeOutput()).toString("hex");
    };
    expect(bytes(1)).toBe(bytes(1));
    expect(bytes(1)).not.toBe(bytes(2));
    expect(bytes(1).slice(0, 32)).not.toBe(bytes(1).slice(32));
  });

  test("console_read answers 0 for ever after the end", () => {
    const code = `(if ${call("console_read", 0, 10)} (then ${call("exit", 1)}))
      (if ${call("console_read", 0, 10)} (then ${call("exit", 2)})) ${DONE}`;
    expect(run(code, { input: "" }).status).toBe(0);
    expect(run(code, { input: "x" }).status).toBe(1);
  });

  test("net_info: features are what both accept", () => {
    const time = new VirtualTime();
    const mac = Uint8Array.of(2, 1, 2, 3, 4, 5);
    const net = { net0: new VirtualLink(time, { mac, mtu: 9000, features: 15 }) };
    const code = `${call("net_info", 0, 8)} ${drop(call("console_write", 8, 16))} ${DONE}`;
    const declared = {
      ...EVERYTHING,
      devices: [{ name: "net0", type: "net", offloads: 6 }] as const,
    };
    const host = new VirtualHost(image(step(code), declared), { time, net });
    expect([...host.console.takeOutput()]).toEqual([
      ...[6, 0, 0, 0, 0x28, 0x23, 0, 0, 2, 1, 2, 3, 4, 5, 0, 0],
    ]);
  });

  test("net: AGAIN arms, a frame steps once, and it arrives whole", () => {
    const code = `(local $n i32)
      (local.set $n ${call("net_receive", 0, 4096, 2000)})
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then
        ${drop("(call $net_send (i32.const 0) (i32.const 4096) (local.get $n))")}))`;
    const time = new VirtualTime();
    const link = new VirtualLink(time);
    const sent: number[][] = [];
    link.listen((frame) => sent.push([...frame]));
    const host = new VirtualHost(image(step(code), EVERYTHING), { time, net: { net0: link } });
    expect(host.domain.stats.steps).toBe(1);
    const frame = Uint8Array.from({ length: 60 }, (_, at) => (at < 10 ? 0 : at));
    link.inject(frame);
    time.settle();
    expect(sent).toEqual([[...frame]]);
    expect(host.domain.stats.steps).toBe(2);
    // The guest has not asked again: nothing wakes it.
    link.inject(frame);
    time.settle();
    expect(host.domain.stats.steps).toBe(2);
  });

  /** Takes all frames and sends each back. */
  const echo = (capacity: number): string => `(local $n i32)
    (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 1)))))
    (loop $more
      (local.set $n ${call("net_receive", 0, 4096, capacity)})
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then
        ${drop("(call $net_send (i32.const 0) (i32.const 4096) (local.get $n))")}
        (br $more))))`;

  test("net: what an image has not agreed to is finished for it, or dropped", () => {
    const time = new VirtualTime();
    const link = new VirtualLink(time, { features: 15 });
    const payload = Uint8Array.from({ length: 3000 }, (_, at) => at);
    const segment = superFrame({ version: 4, sequence: 7, flags: 0x18, payload }, 1460);
    const small = superFrame(
      { version: 6, sequence: 9, flags: 0x18, payload: Uint8Array.of(1) },
      0,
    );
    small.set([0, 0, 0, 0, 0], 1);
    const wild = small.slice();
    wild.set([255, 255], 6);
    const received: ReturnType<typeof receiveTcp>[] = [];
    link.listen((frame) => received.push(receiveTcp(frame)));
    for (const frame of [segment, wild, small]) link.inject(frame);
    const host = new VirtualHost(image(step(echo(1524)), EVERYTHING), {
      time,
      net: { net0: link },
    });
    time.settle();
    expect(host.exit).toBeNull();
    expect(received.map(({ sequence, payload: { length } }) => [sequence, length])).toEqual([
      [7, 1460],
      [1467, 1460],
      [2927, 80],
      [9, 1],
    ]);
  });

  test("net: what an image has agreed to arrives as it was sent", () => {
    const time = new VirtualTime();
    const link = new VirtualLink(time, { features: 15 });
    const segment = superFrame(
      { version: 4, sequence: 7, flags: 0x18, payload: new Uint8Array(9000) },
      1460,
    );
    const received: Uint8Array[] = [];
    link.listen((frame) => received.push(frame.slice()));
    link.inject(segment);
    const declared = {
      ...EVERYTHING,
      devices: [{ name: "net0", type: "net", offloads: 15 }] as const,
    };
    new VirtualHost(image(step(echo(65_559)), declared), { time, net: { net0: link } });
    time.settle();
    expect(received).toEqual([segment]);
  });

  test("net: GONE after the last frame", () => {
    const time = new VirtualTime();
    const link = new VirtualLink(time);
    link.inject(new Uint8Array(60));
    link.unplug();
    const code = `${drop(call("net_receive", 0, 4096, 2000))}
      (if (i32.ne ${call("net_send", 0, 0, 60)} (i32.const -6)) (then ${call("exit", 1)}))
      ${status(negated(call("net_receive", 0, 4096, 2000)))}`;
    const host = new VirtualHost(image(step(code), EVERYTHING), { time, net: { net0: link } });
    expect(host.exit?.status).toBe(6);
  });

  test("block_info describes the disk", () => {
    const code = `${call("block_info", 1, 8)} ${drop(call("console_write", 8, 24))} ${DONE}`;
    const host = new VirtualHost(image(step(code), EVERYTHING));
    const record = new DataView(host.console.takeOutput().buffer);
    expect(record.getBigUint64(0, true)).toBe(2048n);
    expect([8, 12, 16, 20].map((at) => record.getUint32(at, true))).toEqual([512, 32, 2, 2048]);
  });

  test("block: what was written is read back during the completion", () => {
    const code = `(local $phase i32)
      (if (i32.eqz (local.get $events)) (then))
      (if (i32.eqz (i32.load (i32.const 32))) (then
        (i32.store (i32.const 32) (i32.const 1))
        (memory.fill (i32.const 4096) (i32.const 7) (i32.const 512))
        ${drop(submit(1, 1, 3, 4096, 1, 11))}
        (memory.fill (i32.const 4096) (i32.const 0) (i32.const 512))
        (return (i64.const 0x7fffffffffffffff))))
      (if (i32.eq (i32.load (i32.const 32)) (i32.const 1)) (then
        (if ${call("block_complete", 1, 8)} (then ${call("exit", 90)}))
        (if (i32.ne (i32.load (i32.const 8)) (i32.const 11)) (then ${call("exit", 91)}))
        (i32.store (i32.const 32) (i32.const 2))
        ${drop(submit(1, 0, 3, 8192, 1, 12))}
        (if (i32.load8_u (i32.const 8192)) (then ${call("exit", 92)}))
        (return (i64.const 0x7fffffffffffffff))))
      (if ${call("block_complete", 1, 8)} (then ${call("exit", 93)}))
      ${status("(i32.load8_u (i32.const 8703))")}`;
    const time = new VirtualTime();
    const disk = new VirtualDisk(time, 8192, { latencyNs: 1000 });
    const host = new VirtualHost(image(step(code), EVERYTHING), { time, block: { disk0: disk } });
    expect(host.exit).toBeNull();
    expect(host.run(SECOND).status).toBe(7);
    expect(disk.bytes.slice(3 * 512, 4 * 512)).toEqual(new Uint8Array(512).fill(7));
    expect(time.nowNs).toBe(2000n);
  });

  test.each([
    ["RANGE beyond the end", 5, submit(1, 0, 16, 0, 1, 0), {}],
    ["RANGE across the end", 5, submit(1, 0, 15, 0, 2, 0), {}],
    ["RANGE for a sector near 2^64", 5, submit(1, 0, -1, 0, 1, 0), {}],
    ["READONLY for a write", 4, submit(1, 1, 0, 0, 1, 0), { readonly: true }],
    ["READONLY for a discard", 4, submit(1, 3, 0, 0, 1, 0), { readonly: true }],
    [
      "AGAIN beyond the depth",
      1,
      `(block (result i32) ${drop(submit(1, 0, 0, 0, 1, 0))} ${submit(1, 0, 0, 0, 1, 0)})`,
      { depth: 1 },
    ],
    ["AGAIN without a completion", 1, call("block_complete", 1, 8), {}],
  ])("block: %s", (_name, errno, expression, options) => {
    const time = new VirtualTime();
    const disk0 = new VirtualDisk(time, 8192, options);
    const guest = image(step(status(negated(expression))), EVERYTHING);
    expect(new VirtualHost(guest, { time, block: { disk0 } }).exit?.status).toBe(errno);
  });

  test("block: what was asked of a disk is counted, with its bytes and errors", () => {
    const time = new VirtualTime();
    const disk0 = new VirtualDisk(time, 8192, { latencyNs: 1 });
    const code = `${drop(submit(1, 0, 0, 0, 2, 0))} ${drop(submit(1, 1, 4, 0, 1, 0))}
      ${drop(submit(1, 2, 0, 0, 0, 0))} ${drop(submit(1, 3, 8, 0, 1, 0))} ${drop(submit(1, 0, 99, 0, 1, 0))}
      ${DONE}`;
    const host = new VirtualHost(image(step(code), EVERYTHING), { time, block: { disk0 } });
    expect(host.domain.stats.block).toEqual({
      disk0: {
        reads: 1,
        readBytes: 1024,
        writes: 1,
        writtenBytes: 512,
        flushes: 1,
        discards: 1,
        errors: 0,
      },
    });
  });

  test("block: a device that throws ends the domain with 105", () => {
    const time = new VirtualTime();
    const disk0 = new VirtualDisk(time, 8192);
    disk0.submit = () => {
      throw new Error("the cable burns");
    };
    const guest = image(step(drop(submit(1, 0, 0, 0, 1, 0))), EVERYTHING);
    expect(new VirtualHost(guest, { time, block: { disk0 } }).exit).toMatchObject({
      status: 105,
      reason: "device",
      message: "device disk0 failed: the cable burns",
    });
  });
});
