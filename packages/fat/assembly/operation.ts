/** What was asked for, and how far it has come. Made once, and used again. */
import { FileList, FileStat, FilesHandler, PENDING } from "@phantasm/interfaces";
import { Places } from "./directory";
import { Transfer } from "./disk";
import { ENTRY_BYTES } from "./entry";
import { FatFile } from "./file";
import { Node } from "./node";
import { Search } from "./search";

export enum Kind {
  MOUNT,
  SETTLE,
  OPEN,
  STAT,
  LIST,
  REMOVE,
  RENAME,
  MAKE_DIRECTORY,
  READ,
  WRITE,
  TRUNCATE,
  SYNC,
}

/** Clusters by which a directory grows for one name, at most: 21 entries, 16 in a cluster of 512 bytes. */
export const GROWTH_MAX: i32 = 2;


@final
export class Operation {
  next: Operation | null = null;
  kind: Kind = Kind.MOUNT;
  /** Nothing else goes on meanwhile. */
  exclusive: bool = false;
  handler: FilesHandler | null = null;
  tag: i32 = 0;
  /** It has a result, and waits for requests of its own. */
  ending: bool = false;
  result: i32 = 0;

  // ---- what was asked for
  path: string = "";
  /** Of a rename: where to. Of a list: where the page begins. */
  other: string = "";
  flags: i32 = 0;
  stat: FileStat | null = null;
  list: FileList | null = null;
  file: FatFile | null = null;
  buffer: Uint8Array | null = null;
  offset: i32 = 0;
  length: i32 = 0;
  position: u64 = 0;

  // ---- how far it is
  stage: i32 = 0;
  step: i32 = 0;
  /** Bytes moved. */
  done: i32 = 0;
  /** A place in the chain of its file: the cluster with this number. 0: none is known. */
  cluster: u32 = 0;
  index: u32 = 0;
  /** Clusters that the file has. */
  have: u32 = 0;
  /** Bytes up to which a gap was filled. */
  zeroed: u64 = 0;
  /** A cluster that was taken and is linked nowhere yet. */
  taken: u32 = 0;
  /** The first that was added to the file, and the one before it. */
  added: u32 = 0;
  before: u32 = 0;
  /** A chain that is to be given back. */
  rest: u32 = 0;
  /** What the operation returns once all is undone. */
  error: i32 = 0;
  /** The same, of a change of directories. */
  failure: i32 = 0;

  // ---- the way along a path
  walking: bool = false;
  looking: bool = false;
  start: i32 = 0;
  end: i32 = 0;
  /** The directory that is looked into. */
  directory: u32 = 0;
  /** A directory that must not be on the way. */
  forbidden: u32 = 0;
  attempt: i32 = 0;

  private searching: Search | null = null;

  // ---- entries that are changed
  readonly source: Places = new Places();
  sourceDirectory: u32 = 0;
  sourceFirst: u32 = 0;
  sourceSize: u32 = 0;
  sourceIsDirectory: bool = false;
  /** The short entry that is to be written. */
  readonly entry: Uint8Array = new Uint8Array(ENTRY_BYTES);
  readonly grown: StaticArray<u32> = new StaticArray<u32>(GROWTH_MAX);
  grownCount: i32 = 0;
  targetFirst: u32 = 0;
  /** The target of a rename is a file that goes. */
  replaces: bool = false;
  /** The file that was opened. */
  opened: Node | null = null;

  constructor(readonly transfer: Transfer) {}

  /** Set when the volume was found. */
  get search(): Search {
    return this.searching!;
  }

  set search(search: Search) {
    this.searching = search;
  }

  /** Clusters were taken for it that must be given back if it fails. Once its record is written they belong to it. */
  get owes(): bool {
    return this.kind != Kind.WRITE && (this.taken != 0 || this.grownCount > 0);
  }

  begin(kind: Kind, exclusive: bool, handler: FilesHandler | null, tag: i32): void {
    this.kind = kind;
    this.exclusive = exclusive;
    this.handler = handler;
    this.tag = tag;
    this.ending = false;
    this.stage = 0;
    this.step = 0;
    this.done = 0;
    this.cluster = 0;
    this.index = 0;
    this.have = 0;
    this.taken = 0;
    this.added = 0;
    this.before = 0;
    this.rest = 0;
    this.error = 0;
    this.failure = 0;
    this.walking = false;
    this.looking = false;
    this.source.count = 0;
    this.replaces = false;
    this.opened = null;
    this.forbidden = 0;
    this.attempt = 0;
    this.grownCount = 0;
    this.transfer.error = 0;
  }

  /** Lets go of what belongs to others. */
  release(): void {
    this.handler = null;
    this.path = "";
    this.other = "";
    this.stat = null;
    this.list = null;
    this.file = null;
    this.buffer = null;
    this.opened = null;
  }

  /** A result, or PENDING as long as requests are under way: they use the buffer. */
  settled(result: i32): i32 {
    if (result == PENDING || this.transfer.inFlight == 0) return result;
    this.ending = true;
    this.result = result;
    return PENDING;
  }
}
