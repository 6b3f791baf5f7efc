/** What is done by path: it has the lock of the names until it is over, shared if it only looks. */
import { Errno, PENDING } from "@phantasm/interfaces";
import { checkPath } from "../paths";
import { KeyValueFiles } from "./files";
import { Operation } from "./operation";
import { WALKED, Walk } from "./walk";

/** Steps of all; those of each kind come behind. */
export enum NameStep {
  BEGIN,
  LOCKED,
  WALK,
  OWN,
}

export abstract class NameOperation extends Operation {
  path: string = "";
  /** It changes names. */
  protected alone: bool = false;
  /** It needs a volume that can be written. */
  protected writes: bool = false;
  protected readonly walk: Walk;

  constructor(volume: KeyValueFiles) {
    super(volume);
    this.walk = new Walk(volume);
  }

  /** The walk is at the end of the path. */
  protected abstract walked(): i32;

  /** Goes on with a step of its own. */
  protected abstract own(result: i32): i32;

  protected advance(result: i32): i32 {
    switch (this.step) {
      case NameStep.BEGIN: {
        this.step = NameStep.LOCKED;
        return this.volume.names.take(this, this.alone) ? 0 : PENDING;
      }
      case NameStep.LOCKED: {
        const volume = this.volume;
        if (volume.state < 0) return this.finish(volume.state);
        const bad = checkPath(this.path);
        if (bad != 0) return this.finish(bad);
        if (this.writes && !volume.store.writable) return this.finish(Errno.READONLY);
        this.step = NameStep.WALK;
        return this.arrived(this.walk.begin(this, this.path, 0));
      }
      case NameStep.WALK:
        return this.arrived(this.walk.resume(result));
      default:
        return this.own(result);
    }
  }

  /** Gives the lock back, and ends. */
  protected finish(result: i32): i32 {
    this.unlock();
    return this.end(result);
  }

  protected unlock(): void {
    this.volume.names.release(this.alone, this.volume.ready);
  }

  private arrived(result: i32): i32 {
    if (result == PENDING) return PENDING;
    return result == WALKED ? this.walked() : this.finish(result);
  }
}
