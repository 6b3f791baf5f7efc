import { FileList, OpenFlag, SECOND, errorText } from "@phantasm/interfaces";
import { Volume } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

/** Prints the names in the root. 0, or what went wrong. */
function printRoot(os: Devices, volume: Volume): i32 {
  const list = new FileList();
  do {
    const count = volume.list("/", list);
    if (count < 0) return count;
    for (let i = 0; i < count; i++) {
      const what = list.directories[i] ? "directory" : `${list.sizes[i]} bytes`;
      os.console.writeLine(`${list.names[i]}: ${what}`);
    }
  } while (list.next != "");
  return 0;
}

/** Adds a line to a file, which is made if it is not there; on the disk when it returns 0. */
function append(volume: Volume, path: string, line: string): i32 {
  const file = volume.open(path, OpenFlag.WRITE | OpenFlag.CREATE);
  if (file === null) return volume.lastError;
  file.position = file.size;
  let status = file.write(Uint8Array.wrap(String.UTF8.encode(line + "\n")));
  if (status == 0) status = file.sync();
  file.close();
  return status;
}

export function main(os: Devices): void {
  const volume = new Volume(os.files);
  let status = printRoot(os, volume);
  if (status == 0) {
    const text = volume.readText(os.arguments.show);
    os.console.writeLine(
      `${os.arguments.show}: ${text === null ? errorText(volume.lastError) : text}`,
    );
    const seconds = os.clock.wall() / SECOND;
    status = append(volume, os.arguments.log, `booted ${seconds} s after 1970`);
  }
  if (status == 0) return;
  os.console.writeLine(`fat: ${errorText(status)}`);
  os.exit(1);
}
