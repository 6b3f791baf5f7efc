/**
 * The few calls of the C library that Node has no door to, through koffi, loaded when first needed.
 *
 * koffi is an optional dependency: whoever uses no tap device need not have it.
 */
import { BackendError } from "../error.js";
import { addressOf, loadKoffi } from "../koffi.js";

export interface Libc {
  open(path: string, flags: number): number;
  close(descriptor: number): number;
  socket(domain: number, type: number, protocol: number): number;
  fcntl(descriptor: number, command: number, argument: number): number;
  /** `argument` is read and written. */
  ioctl(descriptor: number, request: number, argument: Uint8Array): number;
  ioctlValue(descriptor: number, request: number, argument: number): number;
  /** Bytes, or -1: then `errno` says why. */
  read(descriptor: number, address: number, bytes: number): number;
  write(descriptor: number, address: number, bytes: number): number;
  /** Of the last call that failed. */
  errno(): number;
  /** Where a buffer lies. V8 moves no buffer that is outside its heap, as that of a memory is. */
  addressOf(buffer: ArrayBufferLike): number;
}

/** Numbers of Linux, the same on every architecture that Node runs on but MIPS. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  EBADFD: 77,
  ENOBUFS: 105,
} as const;

let loaded: Promise<Libc | null> | null = null;

/** Null when koffi is not installed, or not for this machine. */
export function loadLibc(): Promise<Libc | null> {
  loaded ??= load().catch(() => null);
  return loaded;
}

/** As `loadLibc`; throws BackendError that names who needs it, and the way out. */
export async function needLibc(who: string): Promise<Libc> {
  const libc = await loadLibc();
  if (libc !== null) return libc;
  throw new BackendError(
    `${who} needs the package koffi, which is not installed here; install it:\n` +
      "  npm install koffi\n" +
      "or inherit an open descriptor, which needs no package: --tap-fd N",
  );
}

async function load(): Promise<Libc | null> {
  const koffi = await loadKoffi();
  if (koffi === null) return null;
  const library = koffi.load(null);
  const func = <T>(name: string, result: string, parameters: string[]): T =>
    library.func(name, result, parameters) as T;
  return {
    open: func("open", "int", ["str", "int"]),
    close: func("close", "int", ["int"]),
    socket: func("socket", "int", ["int", "int", "int"]),
    fcntl: func("fcntl", "int", ["int", "int", "long"]),
    ioctl: func("ioctl", "int", ["int", "ulong", "void *"]),
    ioctlValue: func("ioctl", "int", ["int", "ulong", "ulong"]),
    // Addresses as numbers: passing a view costs 0.2 µs more.
    read: func("read", "long", ["int", "uintptr_t", "size_t"]),
    write: func("write", "long", ["int", "uintptr_t", "size_t"]),
    errno: () => koffi.errno(),
    addressOf: (buffer) => addressOf(koffi, buffer),
  };
}
