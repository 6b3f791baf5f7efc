/** The net driver against a link that a test steers. */
import type { NetBackend } from "@phantasm/host";
import { beforeAll, expect, test } from "vitest";
import type { Image } from "@phantasm/host";
import { boot, imageOf, settle } from "./boot.js";

const CONFIGURATION = `import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { net } from "@phantasm/net";
import { string, unikernel } from "phantasm";
export default unikernel("net-driver", {
  devices: { link: net("link"), console: console(), clock: clock() },
  arguments: { script: string() },
});
`;

/** Each word of the script makes another use of the driver. */
const MAIN = `import { FrameHandler, LinkWaiter, Timer, TimerHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

class Receiver implements FrameHandler {
  frames: i32 = 0;

  constructor(private readonly os: Devices, private readonly max: i32) {}

  onFrame(buffer: Uint8Array, offset: i32, length: i32): void {
    this.frames++;
    const status = this.os.link.send(buffer, offset, length);
    this.os.console.writeLine(\`frame \${length} \${buffer[offset + 14]} \${status}\`);
    if (this.frames == this.max) this.os.link.stop();
  }

  onGone(): void {
    this.os.console.writeLine(\`gone, send answers \${this.os.link.send(new Uint8Array(64), 10, 20)}\`);
  }
}

class Sender implements LinkWaiter {
  private sent: i32 = 0;
  private readonly frame: Uint8Array = new Uint8Array(10 + 60);

  constructor(private readonly os: Devices, private readonly name: i32) {}

  onLinkReady(): void {
    while (this.sent < 3) {
      this.frame[10 + 14] = <u8>(this.name + this.sent);
      this.frame[9] = 0xff;
      if (this.os.link.send(this.frame, 10, 60) < 0) {
        this.os.link.whenReady(this);
        return;
      }
      this.sent++;
    }
    const counters = this.os.link.counters;
    this.os.console.writeLine(
      \`sent \${counters.sentFrames} \${counters.sentBytes} refused \${counters.refusedFrames}\`,
    );
  }
}

class Later implements TimerHandler {
  onTimer(timer: Timer): void {}
}

export function main(os: Devices): void {
  const script = os.arguments.script;
  if (script == "info") {
    const mac = os.link.mac;
    os.console.writeLine(\`\${mac.join("-")} mtu \${os.link.mtu}\`);
  } else if (script == "receive") {
    os.link.receive(new Receiver(os, 70));
  } else if (script == "receive in the background") {
    os.link.background();
    os.link.receive(new Receiver(os, 70));
    os.link.background();
    os.clock.after(1_000_000, new Later());
  } else if (script == "background and stop") {
    os.link.receive(new Receiver(os, 70));
    os.link.background();
    os.link.stop();
  } else if (script == "send") {
    new Sender(os, 10).onLinkReady();
    new Sender(os, 20).onLinkReady();
  } else if (script == "too long") {
    os.link.send(new Uint8Array(2000), 10, 1515);
  } else if (script == "too near") {
    os.link.send(new Uint8Array(2000), 9, 60);
  } else if (script == "two receivers") {
    os.link.receive(new Receiver(os, 1));
    os.link.receive(new Receiver(os, 1));
  }
}
`;

class ScriptedLink implements NetBackend {
  readonly mac = Uint8Array.of(2, 0, 0, 0, 0, 7);
  readonly mtu = 1500;
  readonly features = 0;
  readonly counters = {
    sentFrames: 0,
    sentBytes: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    droppedFrames: 0,
  };
  gone = false;
  closed = false;
  /** Frames that `send` accepts before it has no room. */
  room = Infinity;
  readonly incoming: Uint8Array[] = [];
  readonly sent: Uint8Array[] = [];
  /** How often the driver has asked without finding a frame. */
  emptyAsks = 0;
  wake: () => void = () => undefined;

  attach(wake: () => void): void {
    this.wake = wake;
  }

  send(frame: Uint8Array): boolean {
    if (this.room === 0) return false;
    this.room--;
    this.sent.push(frame.slice());
    return true;
  }

  receive(into: Uint8Array): number {
    const frame = this.incoming.shift();
    if (!frame) {
      this.emptyAsks++;
      return 0;
    }
    into.set(frame);
    return frame.length;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** Header of zeros, then a frame whose first byte of payload is `mark`. */
function frame(mark: number, bytes = 60): Uint8Array {
  const made = new Uint8Array(10 + bytes);
  made[10 + 14] = mark;
  return made;
}

let image: Image;

beforeAll(async () => {
  image = await imageOf({ "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN });
});

function run(script: string, link = new ScriptedLink()): ReturnType<typeof boot> {
  return boot(image, { net: { link }, arguments: { script } });
}

test("address and MTU are those of the link, and an unused link holds nobody", async () => {
  expect(await run("info").end()).toEqual({
    status: 0,
    message: "",
    lines: ["2-0-0-0-0-7 mtu 1500"],
  });
});

test("frames arrive in order, at most 64 in a step, and can be sent back where they lie", async () => {
  const link = new ScriptedLink();
  for (let mark = 0; mark < 70; mark++) link.incoming.push(frame(mark, 60 + mark));
  const { domain, end } = run("receive", link);
  const { status, lines } = await end();
  expect(status).toBe(0);
  expect(lines).toEqual(Array.from({ length: 70 }, (_, mark) => `frame ${60 + mark} ${mark} 0`));
  expect(link.sent.map((sent) => sent[24])).toEqual(Array.from({ length: 70 }, (_, mark) => mark));
  expect(link.sent[5]).toEqual(frame(5, 65));
  // Boot, the first 64, the rest.
  expect(domain.stats.steps).toBe(3);
});

test("an idle receiver sleeps until the link wakes it", async () => {
  const link = new ScriptedLink();
  const { domain, lines } = run("receive", link);
  await settle();
  expect(link.emptyAsks).toBe(1);
  const { steps } = domain.stats;
  await settle();
  expect(domain.stats.steps).toBe(steps);
  link.incoming.push(frame(9));
  link.wake();
  await settle();
  expect(lines()).toEqual(["frame 60 9 0"]);
  domain.kill();
  await domain.exited;
});

test("receiving in the background goes on, but does not keep the domain alive", async () => {
  const link = new ScriptedLink();
  link.incoming.push(frame(1));
  const { status, lines } = await run("receive in the background", link).end();
  expect(status).toBe(0);
  expect(lines).toEqual(["frame 60 1 0"]);
  expect((await run("background and stop").end()).status).toBe(0);
});

test("a link that goes is told once, and holds nobody any more", async () => {
  const link = new ScriptedLink();
  const { end } = run("receive", link);
  await settle();
  link.gone = true;
  link.wake();
  expect(await end()).toEqual({ status: 0, message: "", lines: ["gone, send answers -6"] });
  expect(link.closed).toBe(true);
});

test("a full link keeps its senders waiting, in order, and clears the header", async () => {
  const link = new ScriptedLink();
  link.room = 2;
  const { end, domain } = run("send", link);
  await settle();
  expect(link.sent.length).toBe(2);
  expect(domain.exit).toBeNull();
  link.room = 2;
  link.wake();
  await settle();
  link.room = Infinity;
  link.wake();
  const { status, lines } = await end();
  expect(status).toBe(0);
  expect(link.sent.map((sent) => sent[24])).toEqual([10, 11, 12, 20, 21, 22]);
  for (const sent of link.sent) expect(sent.subarray(0, 10)).toEqual(new Uint8Array(10));
  expect(lines[0]).toMatch(/^sent 3 180 refused \d+$/);
  expect(lines[1]).toMatch(/^sent 6 360 refused \d+$/);
});

test.for([
  ["too long", "longer than the MTU allows"],
  ["too near", "too near to its start"],
  ["two receivers", "there is a handler already"],
])("mistake of the application: %s", async ([script, message]) => {
  const end = await run(script ?? "").end();
  expect(end.status).toBe(100);
  expect(end.message).toContain(message);
});
