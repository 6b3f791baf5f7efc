import { Block } from "@phantasm/interfaces";
import { Kind } from "./operation";
import { Layer, Request } from "./layer";

/** Memory is taken in pieces of this size, when something is first written there. */
const PIECE_BYTES: i32 = 65_536;

/** Requests move up to this many bytes. */
const REQUEST_BYTES_MAX: i32 = 1 << 20;

/** A disk in the memory of the image: gone with it, as fast as a copy. What was never written is zeros. */
export class RamDisk extends Layer {
  private readonly bytesPerSector: i32;
  /** Address of each piece; 0: all zeros. */
  private readonly pieces: StaticArray<usize>;
  private taken: i32 = 0;

  /** @param sectorBytes 512 or 4096; `bytes` is a multiple of it */
  constructor(bytes: u64, sectorBytes: i32, requests: i32) {
    super(requests);
    this.bytesPerSector = sectorBytes;
    this.pieces = new StaticArray<usize>(<i32>((bytes + PIECE_BYTES - 1) / PIECE_BYTES));
    this.sectorCount = bytes / sectorBytes;
    this.openLayer();
  }

  get sectorBytes(): i32 {
    return this.bytesPerSector;
  }

  get requestSectorsMax(): i32 {
    return REQUEST_BYTES_MAX / this.bytesPerSector;
  }

  get writable(): bool {
    return true;
  }

  get discards(): bool {
    return true;
  }

  /** Memory it has taken from the heap, in bytes: pieces that are discarded as a whole are given back. */
  get memoryBytes(): u64 {
    return <u64>this.taken * PIECE_BYTES;
  }

  protected pendingBelow(): Block | null {
    return null;
  }

  protected begin(): void {
    this.decide(0);
  }

  protected start(request: Request): void {
    let at = request.from * this.bytesPerSector;
    let left = request.count * this.bytesPerSector;
    const target = request.target;
    let buffer: usize = target === null ? 0 : target.dataStart + request.targetOffset;
    while (left > 0) {
      const piece = <i32>(at / PIECE_BYTES);
      const within = <i32>(at % PIECE_BYTES);
      const bytes = min(left, PIECE_BYTES - within);
      this.movePart(request.wants, piece, within, bytes, buffer);
      at += bytes;
      left -= bytes;
      buffer += bytes;
    }
    this.finish(request, 0);
  }

  advance(request: Request, status: i32): void {}

  private movePart(kind: Kind, piece: i32, within: i32, bytes: i32, buffer: usize): void {
    const address = this.pieces[piece];
    if (kind == Kind.READ) {
      if (address == 0) memory.fill(buffer, 0, bytes);
      else memory.copy(buffer, address + within, bytes);
    } else if (kind == Kind.WRITE) {
      memory.copy((address == 0 ? this.takePiece(piece) : address) + within, buffer, bytes);
    } else if (address != 0) {
      if (bytes == PIECE_BYTES) {
        heap.free(address);
        this.pieces[piece] = 0;
        this.taken--;
      } else memory.fill(address + within, 0, bytes);
    }
  }

  private takePiece(piece: i32): usize {
    const address = heap.alloc(PIECE_BYTES);
    memory.fill(address, 0, PIECE_BYTES);
    this.pieces[piece] = address;
    this.taken++;
    return address;
  }
}
