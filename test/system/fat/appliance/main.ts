import { FileList, OpenFlag, errorText } from "@phantasm/interfaces";
import { Terminal } from "@phantasm/fibre";
import { Volume } from "@phantasm/storage";
import { Bench } from "./assembly/bench";
import { Devices } from "./.phantasm/devices";

const PIECE_BYTES: i32 = 256 * 1024;

/** Does what the lines of the console say; words are separated by tabs. */
class Shell {
  private readonly volume: Volume;
  private readonly buffer: Uint8Array = new Uint8Array(PIECE_BYTES);

  constructor(
    private readonly os: Devices,
    private readonly terminal: Terminal,
  ) {
    this.volume = new Volume(os.files);
  }

  run(): void {
    let line = this.terminal.readLine();
    while (line !== null) {
      const words = line.split("\t");
      const status = this.perform(words);
      if (status < 0) this.terminal.writeLine(`${words.join(" ")}: ${errorText(status)}`);
      line = this.terminal.readLine();
    }
  }

  private perform(words: string[]): i32 {
    const command = words[0];
    if (command == "tree") return this.tree("");
    if (command == "mkdir") return this.volume.makeDirectory(words[1]);
    if (command == "remove") return this.volume.remove(words[1]);
    if (command == "rename") return this.volume.rename(words[1], words[2]);
    if (command == "put") return this.put(words[1], I32.parseInt(words[2]), I32.parseInt(words[3]));
    if (command == "cut") return this.cut(words[1], U64.parseInt(words[2]));
    if (command == "bench") return new Bench(this.os, this.terminal, this.volume).run();
    this.terminal.writeLine("what is " + command + "?");
    return 0;
  }

  /** Adds bytes to a file: byte n of it is n * 7 + (n >> 9) + seed. */
  private put(path: string, bytes: i32, seed: i32): i32 {
    const file = this.volume.open(path, OpenFlag.WRITE | OpenFlag.CREATE);
    if (file === null) return this.volume.lastError;
    const start = <i32>file.size;
    let status = 0;
    for (let done = 0; done < bytes && status == 0;) {
      const count = min(bytes - done, PIECE_BYTES);
      for (let i = 0; i < count; i++) {
        const n = start + done + i;
        this.buffer[i] = <u8>(n * 7 + (n >> 9) + seed);
      }
      status = file.writeAt(<u64>(start + done), this.buffer, 0, count);
      done += count;
    }
    if (status == 0) status = file.sync();
    file.close();
    return status;
  }

  private cut(path: string, size: u64): i32 {
    const file = this.volume.open(path, OpenFlag.WRITE);
    if (file === null) return this.volume.lastError;
    let status = file.truncate(size);
    if (status == 0) status = file.sync();
    file.close();
    return status;
  }

  /** Every path with its size and a hash (FNV-1a) of its content. */
  private tree(directory: string): i32 {
    const list = new FileList();
    do {
      const count = this.volume.list(directory == "" ? "/" : directory, list);
      if (count < 0) return count;
      for (let i = 0; i < count; i++) {
        const path = directory + "/" + list.names[i];
        let status = 0;
        if (list.directories[i]) {
          this.terminal.writeLine(path + "/");
          status = this.tree(path);
        } else status = this.hash(path);
        if (status < 0) return status;
      }
    } while (list.next != "");
    return 0;
  }

  private hash(path: string): i32 {
    const file = this.volume.open(path);
    if (file === null) return this.volume.lastError;
    let hash: u32 = 0x811c_9dc5;
    let count = file.read(this.buffer);
    while (count > 0) {
      for (let i = 0; i < count; i++) hash = (hash ^ (<u32>this.buffer[i])) * 0x0100_0193;
      count = file.read(this.buffer);
    }
    if (count == 0) this.terminal.writeLine(`${path}\t${file.size}\t${hash.toString(16)}`);
    file.close();
    return count;
  }
}

export function main(os: Devices): void {
  new Shell(os, new Terminal(os.console)).run();
}
