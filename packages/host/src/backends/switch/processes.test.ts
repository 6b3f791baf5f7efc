/** Several processes on one wire. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BROADCAST, frame, Station, until } from "../testing/frames.js";
import { program, type Program } from "../testing/processes.js";
import { openSwitch, type SwitchLink } from "./client.js";

/** Opens COUNT devices at once, says who is the switch, and answers each broadcast to its sender. */
const DEVICES = `
const { openSwitch } = await backend("switch/client");
const [path, count] = argument;
const links = await Promise.all(Array.from({ length: count }, () => openSwitch(path)));
const into = new Uint8Array(65559);
for (const link of links) {
  link.attach(() => {
    for (let n = link.receive(into); n > 0; n = link.receive(into)) {
      if (into[10] !== 255) continue;
      const reply = into.slice(0, n);
      reply.copyWithin(10, 16, 22);
      reply.set(link.mac, 16);
      link.send(reply);
    }
  });
}
console.log(links.filter((link) => link.server !== null).length);
process.stdin.resume();
process.stdin.on("end", async () => {
  await Promise.all(links.map((link) => link.close()));
  process.exit(0);
});
`;

let directory: string;
let path: string;
let programs: Program[];
let links: SwitchLink[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "phantasm-processes-"));
  path = join(directory, "lan");
  programs = [];
  links = [];
});

afterEach(async () => {
  await Promise.all(links.map((link) => link.close()));
  await Promise.all(programs.map((each) => each.kill()));
  rmSync(directory, { recursive: true });
});

function devices(count: number): Program {
  const started = program(DEVICES, [path, count]);
  programs.push(started);
  return started;
}

async function join_(): Promise<SwitchLink> {
  const link = await openSwitch(path);
  links.push(link);
  return link;
}

/** How many devices answer a broadcast. */
async function answers(station: Station, count: number): Promise<number> {
  station.drain();
  const senders = new Set<string>();
  await until(`${count} answers`, () => {
    // Again and again: right after a change of switch a frame may be lost.
    station.link.send(frame(BROADCAST, station.link.mac, 1));
    for (const bytes of station.drain()) senders.add(bytes.subarray(16, 22).join());
    return senders.size === count;
  });
  return senders.size;
}

describe("a switch between processes", () => {
  it("makes one wire of many that start at the same moment", async () => {
    const started = Array.from({ length: 4 }, () => devices(8));
    const own = await Promise.all(Array.from({ length: 8 }, join_));
    const switches = await Promise.all(started.map((each) => each.line()));
    const here = own.filter(({ server }) => server !== null).length;
    expect(switches.reduce((sum, line) => sum + Number(line), here)).toBe(1);
    const station = new Station(own[0]!);
    for (const link of own.slice(1)) {
      link.attach(() => {
        const into = new Uint8Array(65_559);
        for (let n = link.receive(into); n > 0; n = link.receive(into)) {
          if (into[10] === 255) link.send(frame(into.slice(16, 22), link.mac, 1));
        }
      });
    }
    expect(await answers(station, 39)).toBe(39);
    expect(readdirSync(directory)).toEqual(["lan"]);
  });

  it("survives kill -9 of the process that is the switch", async () => {
    const owner = devices(1);
    expect(await owner.line()).toBe("1");
    const others = [devices(2), devices(2)];
    expect(await Promise.all(others.map((each) => each.line()))).toEqual(["0", "0"]);
    const station = new Station(await join_());
    expect(await answers(station, 5)).toBe(5);
    await owner.kill();
    expect(await answers(station, 4)).toBe(4);
    expect(station.link.gone).toBe(false);
    expect(readdirSync(directory)).toEqual(["lan"]);
  });

  it("is left without a trace when all end properly", async () => {
    const started = [devices(1), devices(1)];
    await Promise.all(started.map((each) => each.line()));
    for (const each of started) each.child.stdin!.end();
    await Promise.all(started.map((each) => new Promise((done) => each.child.once("close", done))));
    expect(readdirSync(directory)).toEqual([]);
  });
});
