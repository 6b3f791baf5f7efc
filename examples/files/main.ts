import {
  Console,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  OpenFlag,
  PENDING,
  errorText,
} from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** What is under way: the tag of the operation. */
enum Stage {
  LIST,
  STAT,
  OPEN,
  READ,
}

const LINE_BYTES: i32 = 60;

/** Goes through a volume, one file at a time, and prints the beginning of each. */
class Tour implements FilesHandler {
  /** Directories that are still to be seen. */
  private readonly directories: string[] = ["/"];
  private directory: string = "";
  private readonly list: FileList = new FileList();
  private at: i32 = 0;
  private path: string = "";
  private readonly stat: FileStat = new FileStat();
  private file: File | null = null;
  private readonly buffer: Uint8Array = new Uint8Array(LINE_BYTES);

  constructor(
    private readonly console: Console,
    private readonly files: Files,
    private readonly then: Tour | null,
  ) {}

  start(title: string): void {
    this.console.writeLine(title);
    this.nextDirectory("");
  }

  onFiles(tag: i32, result: i32): void {
    if (result < 0) {
      this.console.writeLine(`  ${this.path}: ${errorText(result)}`);
      return this.end();
    }
    switch (tag) {
      case Stage.LIST:
        this.at = 0;
        return this.nextName();
      case Stage.STAT: {
        const type = this.stat.mediaType == "" ? "" : ", " + this.stat.mediaType;
        this.console.writeLine(`  ${this.path}: ${this.stat.size} bytes${type}`);
        return this.done(this.files.open(this.path, OpenFlag.READ, this, Stage.OPEN), Stage.OPEN);
      }
      case Stage.OPEN: {
        const file = this.files.takeFile();
        this.file = file;
        return this.done(file.readAt(0, this.buffer, 0, LINE_BYTES, this, Stage.READ), Stage.READ);
      }
      default: {
        const text = String.UTF8.decodeUnsafe(this.buffer.dataStart, result);
        this.console.writeLine("    " + text.split("\n")[0]);
        this.file!.close();
        this.nextName();
      }
    }
  }

  /** A result that is there already goes the same way as one that comes later. */
  private done(result: i32, stage: Stage): void {
    if (result != PENDING) this.onFiles(stage, result);
  }

  private nextDirectory(next: string): void {
    if (next == "") {
      if (this.directories.length == 0) return this.end();
      this.directory = this.directories.shift();
    }
    this.path = this.directory;
    this.done(this.files.list(this.directory, next, this.list, this, Stage.LIST), Stage.LIST);
  }

  private nextName(): void {
    const list = this.list;
    while (this.at < list.names.length) {
      const index = this.at++;
      const inside = this.directory == "/" ? "/" : this.directory + "/";
      this.path = inside + list.names[index];
      if (!list.directories[index])
        return this.done(this.files.stat(this.path, this.stat, this, Stage.STAT), Stage.STAT);
      this.directories.push(this.path);
    }
    this.nextDirectory(list.next);
  }

  private end(): void {
    const then = this.then;
    if (then !== null) then.start("On the disk:");
  }
}

export function main(os: Devices): void {
  const site = new Tour(os.console, os.site, null);
  new Tour(os.console, os.baked, site).start("In the image:");
}
