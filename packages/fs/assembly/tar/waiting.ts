/** An operation that waits for the archive to be read. */
import { FileList, FileStat, FilesHandler } from "@phantasm/interfaces";


@final
export class Waiting {
  constructor(
    readonly path: string,
    readonly handler: FilesHandler,
    readonly tag: i32,
    /** Exactly one of these is what the operation fills; an open has neither. */
    readonly stat: FileStat | null,
    readonly list: FileList | null,
    readonly next: string,
    readonly flags: i32,
  ) {}
}
