/** Reads the headers of an archive, one after the other, and passes over what they describe. */
import {
  Block,
  BlockHandler,
  BlockWaiter,
  CORRUPT,
  EXHAUSTED,
  Errno,
  PENDING,
  WRONG_FORMAT,
} from "@phantasm/interfaces";
import { Tree } from "../tree";
import { arrange } from "./arrange";
import { BLOCK_BYTES, Block512, Header, MAP_IS_EXTENDED, MemberType, textBytes } from "./header";
import { MemberKind, Members } from "./members";
import { Extension, secondsToNs } from "./pax";

/** Told that the archive is read. */
export interface ScanHandler {
  onScanned(): void;
}

/** Read at a time: small members lie close together. */
const WINDOW_BYTES: i32 = 16_384;
/** Bytes of an extended header or a long name. */
const EXTENSION_BYTES_MAX: i64 = 65_536;

/** What the next block is. */
enum Expected {
  HEADER,
  /** A part of an extended header or a long name. */
  EXTENSION,
  /** More of GNU's map of holes. */
  MAP,
}


@final
export class Scan implements BlockHandler, BlockWaiter {
  /** PENDING, then 0 or why there is no tree. */
  state: i32 = PENDING;
  tree: Tree | null = null;
  private handler: ScanHandler | null = null;
  private bytes: u64 = 0;
  private readonly members: Members;
  private readonly header: Header = new Header();
  private readonly extension: Extension = new Extension();
  private readonly window: Uint8Array;
  private windowStart: u64 = 0;
  private windowBytes: i32 = 0;
  private position: u64 = 0;
  private expected: Expected = Expected.HEADER;
  /** Collects an extended header: its type, its bytes, and how many are there. */
  private collected: Uint8Array = new Uint8Array(0);
  private collecting: u8 = 0;
  private collectBytes: i32 = 0;
  private collectedBytes: i32 = 0;

  constructor(
    private readonly block: Block,
    private readonly entriesMax: i32,
    namesBytesMax: i32,
  ) {
    this.members = new Members(entriesMax, namesBytesMax);
    this.window = new Uint8Array(WINDOW_BYTES);
  }

  /** Members that are left out because their names cannot be paths. */
  get unnamed(): i32 {
    return this.members.unnamed;
  }

  /** Begins; with a disk that is gone it ends at once. */
  start(handler: ScanHandler): void {
    this.handler = handler;
    this.begin();
  }

  private begin(): void {
    const block = this.block;
    if (block.state == PENDING) return block.whenReady(this);
    if (block.state != 0) return this.end(block.state);
    this.bytes = block.sectors * block.sectorBytes;
    this.run();
  }

  onBlock(tag: i32, status: i32): void {
    if (status < 0) {
      this.windowBytes = 0;
      this.end(status);
    } else this.run();
  }

  onBlockReady(): void {
    this.begin();
  }

  private run(): void {
    while (this.state == PENDING) {
      if (!this.isLoaded()) return;
      const at = this.window.dataStart + <usize>(this.position - this.windowStart);
      let status = 0;
      if (this.expected == Expected.HEADER) status = this.takeHeader(at);
      else if (this.expected == Expected.EXTENSION) status = this.takeExtension(at);
      else status = this.takeMap(at);
      if (status != 0) this.end(status);
    }
  }

  /** True if the block at `position` is in the window; else it is being read, or cannot be. */
  private isLoaded(): bool {
    const position = this.position;
    if (
      position >= this.windowStart &&
      position + BLOCK_BYTES <= this.windowStart + this.windowBytes
    )
      return true;
    // An archive ends with zeros: this one was cut.
    if (position + BLOCK_BYTES > this.bytes) {
      this.end(position == 0 ? WRONG_FORMAT : CORRUPT);
      return false;
    }
    const block = this.block;
    const sector = position / block.sectorBytes;
    const most = min(WINDOW_BYTES / block.sectorBytes, block.requestSectorsMax);
    const sectors = <i32>min<u64>(<u64>most, block.sectors - sector);
    this.windowStart = sector * block.sectorBytes;
    this.windowBytes = sectors * block.sectorBytes;
    const status = block.read(sector, sectors, this.window, 0, this, 0);
    if (status == 0) return false;
    this.windowBytes = 0;
    if (status == Errno.AGAIN) block.whenReady(this);
    else this.end(status);
    return false;
  }

  private takeHeader(at: usize): i32 {
    const header = this.header;
    const block = header.read(at);
    if (block == Block512.HEADER) return this.takeMember();
    // An empty archive cannot be told from an empty disk.
    if (this.position == 0) return WRONG_FORMAT;
    if (block == Block512.DAMAGED || this.extension.isOpen) return CORRUPT;
    this.tree = arrange(this.members, this.entriesMax);
    this.end(this.tree === null ? EXHAUSTED : 0);
    return 0;
  }

  private takeMember(): i32 {
    const header = this.header;
    const type = header.type;
    this.position += BLOCK_BYTES;
    switch (type) {
      case MemberType.PAX:
      case MemberType.GNU_LONG_NAME:
      case MemberType.GNU_LONG_LINK:
        return this.collect(type);
      case MemberType.PAX_GLOBAL:
        return this.skip(header.size);
      case MemberType.GNU_SPARSE: {
        const status = this.addMember(MemberKind.OTHER, 0);
        if (status != 0 || !header.isExtended) return status != 0 ? status : this.skip(header.size);
        this.expected = Expected.MAP;
        return 0;
      }
      case MemberType.HARD_LINK:
        return this.addMember(MemberKind.HARD_LINK, 0);
      case MemberType.SYMBOLIC_LINK:
        return this.addMember(MemberKind.SYMBOLIC_LINK, 0);
      case MemberType.DIRECTORY:
        return this.addMember(MemberKind.DIRECTORY, 0);
      case 0x33:
      case 0x34:
      case 0x36:
        // Devices and pipes: what their field of the size says has no meaning.
        return this.addMember(MemberKind.OTHER, 0);
      case MemberType.FILE:
      case MemberType.OLD_FILE:
      case MemberType.CONTIGUOUS:
        return this.addFile();
      default:
        // Of a vendor, such as the label of a volume.
        this.extension.clear();
        return this.skip(header.size);
    }
  }

  private addFile(): i32 {
    const header = this.header;
    const extension = this.extension;
    const size = extension.size >= 0 ? extension.size : header.size;
    const isDirectory =
      header.nameBytes > 0 && load<u8>(header.name + header.nameBytes - 1) == 0x2f;
    if (<u64>size > this.bytes - this.position) return CORRUPT;
    let kind = MemberKind.FILE;
    // Before POSIX a slash at the end said what the type says today.
    if (header.type == MemberType.OLD_FILE && isDirectory) kind = MemberKind.DIRECTORY;
    else if (extension.sparse) kind = MemberKind.OTHER;
    const status = this.addMember(kind, size);
    return status != 0 ? status : this.skip(size);
  }

  private addMember(kind: MemberKind, size: i64): i32 {
    const header = this.header;
    const extension = this.extension;
    const ownPath = extension.pathBytes >= 0;
    const ownLink = extension.linkBytes >= 0;
    const link = ownLink ? extension.link : header.link;
    const linkBytes = ownLink ? extension.linkBytes : header.linkBytes;
    let status = 0;
    if (extension.tooLong) {
      this.members.unnamed++;
    } else {
      status = this.members.add(
        kind,
        header.prefix,
        ownPath ? 0 : header.prefixBytes,
        ownPath ? extension.path : header.name,
        ownPath ? extension.pathBytes : header.nameBytes,
        link,
        linkBytes,
        <u64>size,
        this.position,
        extension.modifiedNs >= 0 ? extension.modifiedNs : secondsToNs(header.modified),
      );
    }
    extension.clear();
    return status;
  }

  /** Goes to the block behind so many bytes. */
  private skip(bytes: i64): i32 {
    if (<u64>bytes > this.bytes - this.position) return CORRUPT;
    const padded = (<u64>bytes + (BLOCK_BYTES - 1)) & ~(<u64>BLOCK_BYTES - 1);
    this.position += padded;
    return 0;
  }

  private collect(type: u8): i32 {
    const size = this.header.size;
    if (<u64>size > this.bytes - this.position) return CORRUPT;
    if (size > EXTENSION_BYTES_MAX) return EXHAUSTED;
    this.collecting = type;
    this.collectBytes = <i32>size;
    this.collectedBytes = 0;
    this.extension.isOpen = true;
    if (this.collected.length < <i32>size)
      this.collected = new Uint8Array((<i32>size + 4095) & ~4095);
    if (size > 0) this.expected = Expected.EXTENSION;
    return 0;
  }

  private takeExtension(at: usize): i32 {
    const bytes = min(BLOCK_BYTES, this.collectBytes - this.collectedBytes);
    const start = this.collected.dataStart;
    memory.copy(start + this.collectedBytes, at, bytes);
    this.collectedBytes += bytes;
    this.position += BLOCK_BYTES;
    if (this.collectedBytes < this.collectBytes) return 0;
    this.expected = Expected.HEADER;
    const extension = this.extension;
    if (this.collecting == MemberType.PAX)
      return extension.read(start, this.collectBytes) ? 0 : CORRUPT;
    const text = textBytes(start, this.collectBytes);
    if (this.collecting == MemberType.GNU_LONG_NAME) extension.setPath(start, text);
    else extension.setLink(start, text);
    return 0;
  }

  private takeMap(at: usize): i32 {
    this.position += BLOCK_BYTES;
    if (load<u8>(at + MAP_IS_EXTENDED) != 0) return 0;
    this.expected = Expected.HEADER;
    return this.skip(this.header.size);
  }

  private end(status: i32): void {
    this.state = status;
    if (this.tree === null) this.members.release();
    this.collected = new Uint8Array(0);
    this.handler!.onScanned();
  }
}
