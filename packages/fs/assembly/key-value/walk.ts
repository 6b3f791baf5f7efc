/** Follows a path from the root, an entry at a time. */
import {
  BAD_NAME,
  CORRUPT,
  NOT_DIRECTORY,
  NOT_FOUND,
  PENDING,
  TOO_LARGE,
} from "@phantasm/interfaces";
import { checkPath } from "../paths";
import { Entry, ROOT } from "./format";
import { KeyValueFiles } from "./files";
import { Node } from "./node";
import { Operation } from "./operation";

/** It is at the end of its path. */
export const WALKED: i32 = 1;


@final
export class Walk {
  path: string = "";
  /** Of the last name; empty for the root. */
  key: Uint8Array = new Uint8Array(0);
  /** There is such an entry; false: only the directory that would have it. */
  found: bool = false;
  /** What it says, if it was found. */
  readonly entry: Entry = new Entry();
  /** The file, if it is open. */
  node: Node | null = null;
  /** A directory with this number was on the way, or is the end. */
  passed: bool = false;
  /** The store let it wait. */
  waited: bool = false;
  private avoided: u64 = 0;
  /** Where the name ends that was looked up last. */
  private end: i32 = 0;
  private directory: u64 = ROOT;
  /** Whose it is: told of what was pending. */
  private operation: Operation | null = null;

  constructor(private readonly volume: KeyValueFiles) {}

  get isRoot(): bool {
    return this.path.length == 1;
  }

  /** Starts; `avoided`: a directory that is noticed. Returns WALKED, PENDING, or why there is no such path. */
  begin(operation: Operation, path: string, avoided: u64): i32 {
    const bad = checkPath(path);
    if (bad != 0) return bad;
    this.operation = operation;
    this.path = path;
    this.avoided = avoided;
    this.passed = false;
    this.waited = false;
    this.node = null;
    this.directory = ROOT;
    this.end = 0;
    if (!this.isRoot) return this.next();
    this.found = true;
    this.entry.directory = true;
    this.entry.number = ROOT;
    this.entry.modifiedNs = 0;
    return WALKED;
  }

  /** Goes on with the result that was pending. */
  resume(result: i32): i32 {
    this.waited = true;
    const arrived = this.take(result);
    return arrived != 0 ? arrived : this.next();
  }

  private next(): i32 {
    const operation = this.operation!;
    let arrived = 0;
    do {
      const start = this.end + 1;
      const slash = this.path.indexOf("/", start);
      this.end = slash < 0 ? this.path.length : slash;
      const key = this.volume.keys.entry(this.directory, this.path, start, this.end);
      if (key === null) return BAD_NAME;
      this.key = key;
      if (this.isLast && this.adopt()) return WALKED;
      const result = this.volume.store.get(key, operation.value, operation, 0);
      arrived = result == PENDING ? PENDING : this.take(result);
    } while (arrived == 0);
    return arrived;
  }

  private get isLast(): bool {
    return this.end == this.path.length;
  }

  /** 0: the path goes on below. */
  private take(result: i32): i32 {
    const entry = this.entry;
    if (result == NOT_FOUND) {
      this.found = false;
      entry.version = 0;
      // It may have been made while this waited.
      if (this.isLast) this.adopt();
      return this.isLast ? WALKED : NOT_FOUND;
    }
    if (result < 0) return result == TOO_LARGE ? CORRUPT : result;
    if (!entry.parse(this.operation!.value, this.volume.sizeMax)) return CORRUPT;
    if (entry.directory && entry.number == this.avoided) this.passed = true;
    if (this.isLast) {
      this.found = true;
      this.adopt();
      return WALKED;
    }
    this.directory = entry.number;
    return entry.directory ? 0 : NOT_DIRECTORY;
  }

  /** Of a file that is open, what is in memory counts: the store may have been asked before it was changed. */
  private adopt(): bool {
    const node = this.volume.nodes.find(this.key);
    this.node = node;
    if (node === null) return false;
    this.found = true;
    node.describe(this.entry);
    return true;
  }
}
