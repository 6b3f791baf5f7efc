/** An operator who does anything at any time: types, reads, waits, looks, and in the end stops everything. */
import { Domain, type ArgumentRecord, type DomainExit, type Image } from "@phantasm/host";
import {
  MemoryConsole,
  SeededEntropy,
  VirtualDisk,
  VirtualLink,
  VirtualTime,
} from "@phantasm/host/testing";
import { Draw, Recording } from "./recording.js";
import { hashOf } from "./replay.js";

export interface Role {
  readonly image: Image;
  readonly arguments: ArgumentRecord;
}

export interface Performance {
  readonly recording: Recording;
  readonly output: string;
  readonly exit: DomainExit;
}

const ROUNDS_OF_INPUT = 150;
const ROUNDS_MAX = 4000;
const CONSOLE_BYTES = 300;
const WORDS = ["and", "a", "unikernel\n", "\n", "   ", "größer", "\t", "(none)", "x".repeat(90)];

class Player {
  readonly recording: Recording;
  readonly domain: Domain;
  readonly console = new MemoryConsole({ open: true, input: "", capacityBytes: CONSOLE_BYTES });
  readonly links: VirtualLink[] = [];
  readonly #draw: Draw;
  #ended = false;
  output = "";

  /** @param number of this player, from 0: in the addresses of its links */
  constructor(
    { image, arguments: values }: Role,
    time: VirtualTime,
    draw: Draw,
    moments: number,
    number: number,
  ) {
    this.#draw = draw;
    this.recording = new Recording(draw, moments);
    const latency = (): number => draw.below(3) * draw.below(200_000);
    const net: Record<string, VirtualLink> = {};
    const block: Record<string, VirtualDisk> = {};
    for (const { name, type } of image.manifest.devices) {
      if (type === "net") {
        const mac = Uint8Array.of(2, 0, 0, 0, number, this.links.length + 1);
        net[name] = new VirtualLink(time, { latencyNs: latency(), mac });
        this.links.push(net[name]);
      } else block[name] = new VirtualDisk(time, 2 ** 20, { latencyNs: latency() });
    }
    this.domain = new Domain(image, {
      arguments: values,
      net,
      block,
      console: this.console,
      clock: time.clock,
      scheduler: time,
      entropy: new SeededEntropy(draw.below(1_000_000)),
    });
  }

  start(): void {
    this.recording.during(() => {
      this.domain.start();
    });
  }

  read(): void {
    this.output += Buffer.from(this.console.takeOutput()).toString();
  }

  type(): void {
    if (this.#ended) return;
    const words = Array.from({ length: this.#draw.below(30) }, () => WORDS[this.#draw.below(9)]);
    this.console.feed(words.join(" "));
  }

  /** What the host captures is what was recorded. */
  look(): void {
    const state = this.domain.capture();
    if (state !== null && hashOf(state) !== this.recording.hash)
      throw new Error("a captured state is not that of the instance");
    this.domain.refresh();
  }

  end(): void {
    if (!this.#ended) this.console.end();
    this.#ended = true;
  }
}

/**
 * Boots one domain a role, all in one virtual time and those with a link on one cable, and plays with
 * them until all have ended.
 *
 * @param moments states to take of each
 */
export function perform(roles: readonly Role[], seed: number, moments: number): Performance[] {
  const draw = new Draw(seed);
  const time = new VirtualTime();
  const players = roles.map((role, number) => new Player(role, time, draw, moments, number));
  const [left, right] = players.flatMap(({ links }) => links);
  if (left && right) left.connect(right);
  for (const player of players) player.start();
  for (let round = 0; players.some(({ domain }) => domain.exit === null); round++) {
    if (round > ROUNDS_MAX) throw new Error("a domain does not end");
    const player = players[draw.below(players.length)];
    if (player === undefined) break;
    const late = round > ROUNDS_OF_INPUT;
    switch (draw.below(late ? 6 : 12)) {
      case 0:
        player.read();
        break;
      case 1:
        if (draw.below(10) === 0) player.look();
        break;
      case 2:
        if (late) player.end();
        else player.type();
        break;
      case 3:
        if (round > ROUNDS_MAX / 2) player.domain.shutdown();
        break;
      case 4:
        time.advance(BigInt(draw.below(1_000_000)));
        break;
      default:
        time.next();
    }
    time.settle();
  }
  return players.map(({ recording, output, console, domain: { exit } }) => {
    if (exit === null) throw new Error("a domain lives on");
    return { recording, output: output + Buffer.from(console.takeOutput()).toString(), exit };
  });
}
