/** What the kernel is asked about tap interfaces. Structures and numbers are those of Linux. */
import { constants } from "node:fs";
import { NetFeature } from "@phantasm/abi";
import { BackendError } from "../error.js";
import { HEADER_BYTES } from "../link.js";
import { Errno, type Libc } from "./libc.js";

export const DEVICE_PATH = "/dev/net/tun";

const O_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | O_CLOEXEC;

/** struct ifreq: name at 0, a union at 16. */
const IFREQ_BYTES = 40;
const IFREQ_VALUE = 16;
/** Bytes of a name, without the zero after it. */
export const INTERFACE_NAME_BYTES_MAX = 15;

const SIOCGIFFLAGS = 0x8913;
const SIOCGIFMTU = 0x8921;
const IFF_UP = 1;

const TUNSETIFF = 0x400454ca;
const TUNGETIFF = 0x800454d2;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;
const TUNSETVNETLE = 0x400454dc;
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

const TUN_F_CSUM = 1;
const TUN_F_TSO4 = 2;
const TUN_F_TSO6 = 4;

export const SEND_FEATURES = NetFeature.CHECKSUM_SEND | NetFeature.SEGMENT_SEND;
export const RECEIVE_FEATURES = NetFeature.CHECKSUM_RECEIVE | NetFeature.SEGMENT_RECEIVE;

/** An open descriptor that reads and writes one frame a call. */
export interface TapDescriptor {
  readonly descriptor: number;
  /** What the interface is called, for the operator. */
  readonly label: string;
  /** Frames have a virtio_net_hdr. */
  readonly hasHeader: boolean;
  /** Bits of NetFeature that the kernel knows here. */
  readonly features: number;
  /** Null when it is not known. */
  readonly mtu: number | null;
  readonly isUp: boolean;
  /** Whether it is a tap, and not some socket that carries frames. */
  readonly isTap: boolean;
}

/** The commands that make an interface for this user. */
export function creation(name: string): string {
  return (
    `sudo ip tuntap add dev ${name} mode tap user $USER vnet_hdr && ` +
    `sudo ip addr add 10.0.0.1/24 dev ${name} && sudo ip link set ${name} up`
  );
}

/** Attaches to a tap interface that exists. Throws BackendError. */
export function openInterface(libc: Libc, name: string): TapDescriptor {
  // Looked up first: root would create an interface that is missing, without an address, and down.
  const { mtu, isUp } = examine(libc, name);
  const descriptor = libc.open(DEVICE_PATH, constants.O_RDWR | constants.O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) throw new BackendError(deviceProblem(name, libc.errno()));
  const refuse = (errno: number): never => {
    libc.close(descriptor);
    throw new BackendError(attachProblem(name, errno));
  };
  // The kernel takes a header for granted since 2.6.27; without one, frames are plain.
  const attempts = [IFF_VNET_HDR, 0, IFF_VNET_HDR | IFF_MULTI_QUEUE, IFF_MULTI_QUEUE];
  let errno: number = Errno.EINVAL;
  for (const flags of attempts) {
    const request = ifreq(name, IFF_TAP | IFF_NO_PI | flags);
    errno = libc.ioctl(descriptor, TUNSETIFF, request) < 0 ? libc.errno() : 0;
    // EINVAL: the flags do not fit this interface. Anything else will not be better with others.
    if (errno !== Errno.EINVAL) break;
  }
  if (errno !== 0) return refuse(errno);
  return { ...negotiate(libc, descriptor), descriptor, label: name, mtu, isUp, isTap: true };
}

/** Takes a copy of an inherited descriptor: the original stays whoever's it is. Throws BackendError. */
export function copyInherited(libc: Libc, inherited: number): TapDescriptor {
  const descriptor = libc.fcntl(inherited, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) throw new BackendError(`--tap-fd ${inherited}: this descriptor is not open`);
  const request = new Uint8Array(IFREQ_BYTES);
  if (libc.ioctl(descriptor, TUNGETIFF, request) < 0) {
    const label = `descriptor ${inherited}`;
    return {
      descriptor,
      label,
      hasHeader: false,
      features: 0,
      mtu: null,
      isUp: true,
      isTap: false,
    };
  }
  const flags = valueOf(request) & 0xffff;
  const name = nameOf(request);
  const problem =
    (flags & IFF_TUN) !== 0
      ? "is a tun, which carries no Ethernet frames; make a tap"
      : (flags & IFF_NO_PI) === 0
        ? "was opened without IFF_NO_PI: every frame has four bytes too many"
        : null;
  if (problem !== null) {
    libc.close(descriptor);
    throw new BackendError(`--tap-fd ${inherited}: ${name} ${problem}`);
  }
  const { mtu, isUp } = examine(libc, name);
  return { ...negotiate(libc, descriptor), descriptor, label: name, mtu, isUp, isTap: true };
}

/** Lets the kernel deliver what these features say, and nothing else. */
export function setOffloads(libc: Libc, descriptor: number, features: number): boolean {
  let bits = 0;
  if ((features & RECEIVE_FEATURES) !== 0) bits |= TUN_F_CSUM;
  if ((features & NetFeature.SEGMENT_RECEIVE) !== 0) bits |= TUN_F_TSO4 | TUN_F_TSO6;
  return libc.ioctlValue(descriptor, TUNSETOFFLOAD, bits) >= 0;
}

/** The most that the kernel and the interface agree to. Leaves offloads off: frames wait already. */
function negotiate(libc: Libc, descriptor: number): Pick<TapDescriptor, "hasHeader" | "features"> {
  const state = new Uint8Array(IFREQ_BYTES);
  const hasHeader =
    libc.ioctl(descriptor, TUNGETIFF, state) >= 0 &&
    (valueOf(state) & IFF_VNET_HDR) !== 0 &&
    libc.ioctl(descriptor, TUNSETVNETHDRSZ, integer(HEADER_BYTES)) >= 0;
  // Harmless where it is not known: there the header has the byte order of the machine, which is this one.
  libc.ioctl(descriptor, TUNSETVNETLE, integer(1));
  let features = 0;
  if (hasHeader) {
    features = SEND_FEATURES;
    if (setOffloads(libc, descriptor, RECEIVE_FEATURES)) features |= RECEIVE_FEATURES;
    else if (setOffloads(libc, descriptor, NetFeature.CHECKSUM_RECEIVE)) {
      features |= NetFeature.CHECKSUM_RECEIVE;
    }
  }
  // An interface remembers what its last user asked for.
  setOffloads(libc, descriptor, 0);
  return { hasHeader, features };
}

function examine(libc: Libc, name: string): { mtu: number; isUp: boolean } {
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (socket < 0) throw new BackendError("this process has too many open files");
  try {
    const flags = ifreq(name, 0);
    if (libc.ioctl(socket, SIOCGIFFLAGS, flags) < 0) {
      throw new BackendError(
        `there is no network interface ${name}; make one, once after each boot of this machine:\n  ${creation(name)}`,
      );
    }
    const mtu = ifreq(name, 0);
    const bytes = libc.ioctl(socket, SIOCGIFMTU, mtu) < 0 ? 1500 : valueOf(mtu);
    return { mtu: bytes, isUp: (valueOf(flags) & IFF_UP) !== 0 };
  } finally {
    libc.close(socket);
  }
}

function deviceProblem(name: string, errno: number): string {
  if (errno === Errno.ENOENT || errno === Errno.ENODEV) {
    return `tap:${name}: this machine has no ${DEVICE_PATH}; load the driver:\n  sudo modprobe tun`;
  }
  if (errno === Errno.EACCES || errno === Errno.EPERM) {
    return `tap:${name}: this user may not open ${DEVICE_PATH}; allow it:\n  sudo setfacl -m u:$USER:rw ${DEVICE_PATH}`;
  }
  return `tap:${name}: ${DEVICE_PATH} cannot be opened (errno ${errno})`;
}

function attachProblem(name: string, errno: number): string {
  switch (errno) {
    case Errno.EBUSY:
      return `tap:${name}: another program uses this interface; end it, or make another one:\n  ${creation("tap1")}`;
    case Errno.EPERM:
      return (
        `tap:${name}: this interface belongs to another user; make it yours:\n` +
        `  sudo ip tuntap del dev ${name} mode tap && ${creation(name)}`
      );
    case Errno.EINVAL:
      return `tap:${name}: ${name} is not a tap interface; make one:\n  ${creation("tap0")}`;
    default:
      return `tap:${name}: the kernel refuses to attach to this interface (errno ${errno})`;
  }
}

function ifreq(name: string, value: number): Uint8Array {
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name, 0, INTERFACE_NAME_BYTES_MAX, "latin1");
  request.writeInt32LE(value, IFREQ_VALUE);
  return request;
}

function valueOf(request: Uint8Array): number {
  return new DataView(request.buffer, request.byteOffset).getInt32(IFREQ_VALUE, true);
}

function nameOf(request: Uint8Array): string {
  const end = request.indexOf(0);
  return Buffer.from(request.subarray(0, Math.min(end, IFREQ_VALUE))).toString("latin1");
}

function integer(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
