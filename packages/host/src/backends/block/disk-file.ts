/** What a disk asks of the file it lies in. */
import { closeSync, fdatasync, fstatSync, read, readSync, write, writeSync } from "node:fs";
import { errorCode } from "../error.js";
import type { BlockStatus } from "../types.js";
import type { FileCalls } from "./file-calls.js";
import { readStatusOf, statusOf } from "./status.js";

type Done = (error: Error | null) => void;
type Moved = (error: Error | null, bytes: number) => void;

/** Tests put failures here. */
export interface DiskFile {
  /** As pread(2): may be short, 0 at the end of the file. Throws system errors. */
  read(into: Uint8Array, offset: number, length: number, position: number): number;
  /** As pwrite(2): may be short. Throws system errors. */
  write(from: Uint8Array, offset: number, length: number, position: number): number;
  /** The same on another thread; the buffer stays untouched until `done`. */
  readLater(into: Uint8Array, offset: number, length: number, position: number, done: Moved): void;
  writeLater(from: Uint8Array, offset: number, length: number, position: number, done: Moved): void;
  /** As fdatasync(2), off this thread. */
  sync(done: Done): void;
  /** Makes a range zeros and gives its space back, off this thread. Absent: it cannot. */
  readonly punch?: (position: number, length: number, done: Done) => void;
  /** Closes the file and ends its lock. */
  close(): void;
}

export interface DescriptorOptions {
  /** Default: closes the descriptor. */
  readonly close?: () => void;
  /** Faster calls than Node's, and more; null: there are none here. */
  readonly calls?: FileCalls | null;
  /** Discards give space back: `calls` can do it for this file. */
  readonly punches?: boolean;
  /** Of a regular file: its size. A sync fails when somebody has cut it short. Default: not looked at. */
  readonly bytes?: number;
}

/** The file behind a descriptor. */
export function descriptorFile(fd: number, options: DescriptorOptions = {}): DiskFile {
  const { close = () => closeSync(fd), calls = null, punches = false, bytes = 0 } = options;
  return {
    read:
      calls?.read ??
      ((into, offset, length, position) => readSync(fd, into, offset, length, position)),
    write:
      calls?.write ??
      ((from, offset, length, position) => writeSync(fd, from, offset, length, position)),
    readLater: (into, offset, length, position, done) =>
      read(fd, into, offset, length, position, done),
    writeLater: (from, offset, length, position, done) =>
      write(fd, from, offset, length, position, done),
    sync: (done) => fdatasync(fd, (error) => done(error ?? cutShort(fd, bytes))),
    // A file system that refuses after all leaves things as they were, which a discard allows.
    ...(calls === null || !punches
      ? {}
      : { punch: (position, length, done) => calls.punch(position, length, () => done(null)) }),
    close,
  };
}

/** What was written before somebody did that is gone, and later writes have made a hole of it. */
function cutShort(fd: number, bytes: number): Error | null {
  if (bytes === 0 || fstatSync(fd).size >= bytes) return null;
  return Object.assign(new Error("the file was cut short"), { code: "EIO" });
}

/** Reads all of a range; "io" where the file was cut short. */
export function readWhole(
  file: DiskFile,
  into: Uint8Array,
  offset: number,
  length: number,
  position: number,
): BlockStatus {
  for (let done = 0; done < length;) {
    try {
      const count = file.read(into, offset + done, length - done, position + done);
      if (count === 0) return "io";
      done += count;
    } catch (error) {
      if (!interrupted(error)) return readStatusOf(error);
    }
  }
  return "ok";
}

export function writeWhole(file: DiskFile, data: Uint8Array, position: number): BlockStatus {
  for (let done = 0; done < data.length;) {
    try {
      const count = file.write(data, done, data.length - done, position + done);
      if (count === 0) return "io";
      done += count;
    } catch (error) {
      if (!interrupted(error)) return statusOf(error);
    }
  }
  return "ok";
}

/** A signal may interrupt a call on some file systems. */
export function interrupted(error: unknown): boolean {
  return errorCode(error) === "EINTR";
}
