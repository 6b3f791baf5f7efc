/** Opens tap interfaces by name, and descriptors that were opened elsewhere. */
import { BackendError } from "../error.js";
import { checkMtu, MTU_DEFAULT, MTU_MAX } from "../link.js";
import { macOrRandom } from "../mac.js";
import type { NetBackend } from "../types.js";
import { inspectInherited, InheritedLink } from "./inherited.js";
import { copyInherited, openInterface, type TapDescriptor } from "./kernel.js";
import { loadLibc, needLibc, type Libc } from "./libc.js";
import { TapLink, type TapLinkOptions } from "./link.js";

export interface TapOptions {
  /** 6 bytes, unicast; random unless given. */
  readonly mac?: Uint8Array;
  /** Bytes; that of the interface unless given. */
  readonly mtu?: number;
}

/**
 * Attaches to the tap interface `name`, which must exist. Needs koffi.
 *
 * @throws BackendError, with the commands that make what is missing
 */
export async function openTap(name: string, options: TapOptions = {}): Promise<NetBackend> {
  if (process.platform !== "linux")
    throw new BackendError(`tap:${name}: tap devices are only on Linux`);
  const libc = await needLibc(`tap:${name}`);
  return attached(libc, openInterface(libc, name), options);
}

/**
 * Uses an open descriptor: a tap (IFF_NO_PI, with or without IFF_VNET_HDR), or a socket that carries
 * one plain Ethernet frame a message. With koffi it is copied and stays open; without, it is taken over.
 *
 * @throws BackendError when it is not open, or not of this kind
 */
export async function openTapDescriptor(
  descriptor: number,
  options: TapOptions = {},
): Promise<NetBackend> {
  if (process.platform !== "linux")
    throw new BackendError(`--tap-fd ${descriptor}: tap devices are only on Linux`);
  const libc = await loadLibc();
  if (libc !== null) return attached(libc, copyInherited(libc, descriptor), options);
  const tap = inspectInherited(descriptor);
  return new InheritedLink(tap, linkOptions(tap, options));
}

function attached(libc: Libc, tap: TapDescriptor, options: TapOptions): NetBackend {
  try {
    return new TapLink(libc, tap, linkOptions(tap, options));
  } catch (error) {
    libc.close(tap.descriptor);
    throw error;
  }
}

function linkOptions(tap: TapDescriptor, { mac, mtu }: TapOptions): TapLinkOptions {
  // An interface may be set to more than an IP packet can have.
  const own = Math.min(tap.mtu ?? MTU_DEFAULT, MTU_MAX);
  return { mac: macOrRandom(mac), mtu: checkMtu(mtu ?? own) };
}
