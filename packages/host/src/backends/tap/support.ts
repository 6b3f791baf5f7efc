/** What this machine and this user can do with tap interfaces, for the operator. */
import { readdirSync, readFileSync } from "node:fs";
import { creation } from "./kernel.js";
import { loadLibc } from "./libc.js";

export interface TapInterface {
  readonly name: string;
  /** What keeps this user from attaching, or null: nothing does. */
  readonly obstacle: string | null;
  readonly isUp: boolean;
}

export interface TapSupport {
  /** koffi is installed, and works here. */
  readonly hasLibrary: boolean;
  readonly interfaces: readonly TapInterface[];
  /** The commands that make an interface for this user. */
  readonly creation: string;
}

const FOLDER = "/sys/class/net";
const IFF_UP = 1;
const IFF_TAP = 2;
const NOBODY = -1;

/** Looks, and changes nothing. */
export async function tapSupport(): Promise<TapSupport> {
  const hasLibrary = process.platform === "linux" && (await loadLibc()) !== null;
  return { hasLibrary, interfaces: tapInterfaces(FOLDER), creation: creation("tap0") };
}

/** The tap interfaces of a folder like /sys/class/net. */
export function tapInterfaces(folder: string): TapInterface[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const read = (file: string): number | null => {
      try {
        return Number(readFileSync(`${folder}/${name}/${file}`, "latin1"));
      } catch {
        return null;
      }
    };
    if (((read("tun_flags") ?? 0) & IFF_TAP) === 0) return [];
    const isUp = ((read("flags") ?? 0) & IFF_UP) !== 0;
    return [{ name, isUp, obstacle: obstacleOf(read) }];
  });
}

function obstacleOf(read: (file: string) => number | null): string | null {
  // A tap has a carrier while a program holds it. It cannot be read while the interface is down.
  if (read("carrier") === 1) return "in use";
  const isRoot = process.geteuid?.() === 0;
  const owner = read("owner") ?? NOBODY;
  if (!isRoot && owner !== NOBODY && owner !== process.geteuid?.()) return `of user ${owner}`;
  const group = read("group") ?? NOBODY;
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  if (!isRoot && group !== NOBODY && !groups.includes(group)) return `of group ${group}`;
  return null;
}
