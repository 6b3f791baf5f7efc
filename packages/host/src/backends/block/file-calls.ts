/**
 * Calls for disks that Node has no door to, or a slow one: through koffi, on Linux.
 *
 * pread(2) of 4 KiB that are cached takes 1.35 µs this way and 1.65 µs as `readSync`.
 */
import { getSystemErrorName } from "node:util";
import { addressOf, Addresses, loadKoffi, type Koffi } from "../koffi.js";

/** Of one descriptor. */
export interface FileCalls {
  /** As `DiskFile.read` and `write`. */
  read(into: Uint8Array, offset: number, length: number, position: number): number;
  write(from: Uint8Array, offset: number, length: number, position: number): number;
  /** Whether the file system of this file of so many bytes can take space out of its middle. Changes nothing. */
  canPunch(bytes: number): boolean;
  /** Gives the space of a range back, on another thread; it reads as zeros then. False: it cannot. */
  punch(position: number, length: number, done: (punched: boolean) => void): void;
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
/** Bytes behind the end of a file that the attempt asks for: there is nothing to lose there. */
const ATTEMPT_BYTES = 4096;

type Move = (fd: number, address: number, bytes: number, position: number) => number;
type Allocate = ((fd: number, mode: number, position: number, bytes: number) => number) & {
  async(
    fd: number,
    mode: number,
    position: number,
    bytes: number,
    done: (error: Error | null, result: number) => void,
  ): void;
};

/** Null where there is no koffi, and on other systems: Node's own calls do there. */
export async function loadFileCalls(): Promise<((fd: number) => FileCalls) | null> {
  if (process.platform !== "linux") return null;
  const koffi = await loadKoffi();
  // Positions are 64 bits; where a long is shorter, the plain names of these calls take less.
  return koffi === null || koffi.sizeof("long") !== 8 ? null : bind(koffi);
}

function bind(koffi: Koffi): (fd: number) => FileCalls {
  const library = koffi.load(null);
  const move = ["int", "uintptr_t", "size_t", "long"];
  const pread = library.func("pread", "long", move) as Move;
  const pwrite = library.func("pwrite", "long", move) as Move;
  const fallocate = library.func("fallocate", "int", ["int", "int", "long", "long"]) as Allocate;
  return (fd) => {
    const addresses = new Addresses({ addressOf: (buffer) => addressOf(koffi, buffer) });
    const mover =
      (call: Move): FileCalls["read"] =>
      (view, offset, length, position) => {
        // What lies behind an address nobody checks again.
        if (offset < 0 || length < 0 || offset + length > view.length)
          throw new Error(`${length} bytes at ${offset} are not in a buffer of ${view.length}`);
        const count = call(fd, addresses.of(view) + offset, length, position);
        if (count < 0) throw systemError(koffi.errno());
        return count;
      };
    return {
      read: mover(pread),
      write: mover(pwrite),
      canPunch: (bytes) => fallocate(fd, PUNCH, bytes, ATTEMPT_BYTES) === 0,
      punch: (position, length, done) =>
        fallocate.async(fd, PUNCH, position, length, (error, result) =>
          done(error === null && result === 0),
        ),
    };
  };
}

function systemError(errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(code), { code, errno: -errno });
}
