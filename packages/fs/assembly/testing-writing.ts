/** The cases of `testing.ts` that change a volume. */
import {
  BAD_NAME,
  EXISTS,
  Errno,
  IS_DIRECTORY,
  NOT_DIRECTORY,
  NOT_EMPTY,
  NOT_FOUND,
  OpenFlag,
} from "@phantasm/interfaces";
import { BAD_PATHS, PIECES, expectStat } from "./testing-reading";
import { Probe, bytesOf, expectResult, pattern, same, sameBytes } from "./testing-probe";

/** Everything that changes, on a volume that is empty; it is empty again afterwards. */
export function checkWriting(probe: Probe): void {
  expectResult("state", probe.state(), 0);
  same("writable", probe.files.writable, true);
  checkCreate(probe);
  checkSizes(probe);
  checkOverwrite(probe);
  checkDirectories(probe);
  checkRename(probe);
  checkRemove(probe);
  same("names in /", probe.names("/").join(), "");
}

function checkCreate(probe: Probe): void {
  const create = OpenFlag.WRITE | OpenFlag.CREATE;
  expectResult("open what is not there", probe.open("/a", OpenFlag.WRITE), NOT_FOUND);
  probe.file("/a", create | OpenFlag.EXCLUSIVE).close();
  expectStat(probe, "/a", false, 0);
  expectResult("exclusive", probe.open("/a", create | OpenFlag.EXCLUSIVE), EXISTS);
  probe.file("/a", create).close();
  expectResult("create in nothing", probe.open("/none/a", create), NOT_FOUND);
  expectResult("create in a file", probe.open("/a/b", create), NOT_DIRECTORY);
  expectResult("create the root", probe.open("/", create), IS_DIRECTORY);
  for (let i = 0; i < BAD_PATHS.length; i++)
    expectResult("create " + BAD_PATHS[i], probe.open(BAD_PATHS[i], create), BAD_NAME);
  const file = probe.file("/a", OpenFlag.READ);
  expectResult(
    "write what is open to read",
    probe.writeAt(file, 0, bytesOf("x"), 0, 1),
    Errno.READONLY,
  );
  file.close();
  expectResult("remove /a", probe.remove("/a"), 0);
  expectResult("stat /a", probe.stat("/a"), NOT_FOUND);
}

function checkSizes(probe: Probe): void {
  const file = probe.file("/s", OpenFlag.WRITE | OpenFlag.CREATE);
  expectResult("write", probe.writeAt(file, 0, bytesOf("abcdef"), 2, 3), 0);
  same("size", file.size, 3);
  // A gap is filled with zeros.
  expectResult("write behind", probe.writeAt(file, 5000, bytesOf("xyz"), 0, 3), 0);
  same("size", file.size, 5003);
  expectStat(probe, "/s", false, 5003);
  const whole = new Uint8Array(5003);
  whole.set(bytesOf("cde"), 0);
  whole.set(bytesOf("xyz"), 5000);
  sameBytes("/s", probe.content("/s"), whole);
  expectResult("cut", probe.truncate(file, 2), 0);
  expectResult("grow", probe.truncate(file, 1030), 0);
  expectResult("sync", probe.sync(file), 0);
  file.close();
  const grown = new Uint8Array(1030);
  grown.set(bytesOf("cd"), 0);
  sameBytes("/s", probe.content("/s"), grown);
  probe.file("/s", OpenFlag.WRITE | OpenFlag.TRUNCATE).close();
  expectStat(probe, "/s", false, 0);
  expectResult("remove /s", probe.remove("/s"), 0);
}

function checkOverwrite(probe: Probe): void {
  const content = pattern(40_000);
  probe.write("/o", content);
  const file = probe.file("/o", OpenFlag.WRITE);
  for (let i = 0; i < PIECES.length; i++) {
    const position = PIECES[i][0];
    const length = PIECES[i][1];
    if (length == 0 || position > content.length - length) continue;
    const piece = pattern(length + 3, i + 1);
    expectResult(
      `write ${length} at ${position}`,
      probe.writeAt(file, <u64>position, piece, 3, length),
      0,
    );
    content.set(piece.subarray(3), position);
  }
  expectResult("sync", probe.sync(file), 0);
  same("size", file.size, 40_000);
  file.close();
  sameBytes("/o", probe.content("/o"), content);
  expectResult("remove /o", probe.remove("/o"), 0);
}

function checkDirectories(probe: Probe): void {
  expectResult("make /d", probe.makeDirectory("/d"), 0);
  expectResult("make /d again", probe.makeDirectory("/d"), EXISTS);
  expectResult("make /d/e", probe.makeDirectory("/d/e"), 0);
  expectResult("make the root", probe.makeDirectory("/"), EXISTS);
  expectResult("make in nothing", probe.makeDirectory("/none/e"), NOT_FOUND);
  expectResult("make /d/..", probe.makeDirectory("/d/.."), BAD_NAME);
  probe.write("/d/f", bytesOf("f"));
  expectResult("make over a file", probe.makeDirectory("/d/f"), EXISTS);
  expectResult("make in a file", probe.makeDirectory("/d/f/g"), NOT_DIRECTORY);
  same("names in /d", probe.names("/d").join(), "e/,f");
  expectResult("remove what has entries", probe.remove("/d"), NOT_EMPTY);
  expectResult("remove /d/f", probe.remove("/d/f"), 0);
  expectResult("remove /d/e", probe.remove("/d/e"), 0);
  expectResult("remove /d", probe.remove("/d"), 0);
}

function checkRename(probe: Probe): void {
  probe.write("/x", bytesOf("x"));
  probe.write("/y", bytesOf("yy"));
  expectResult("make /d", probe.makeDirectory("/d"), 0);
  expectResult("rename what is not there", probe.rename("/none", "/z"), NOT_FOUND);
  expectResult("rename to a bad name", probe.rename("/x", "/z/"), BAD_NAME);
  expectResult("rename into nothing", probe.rename("/x", "/none/z"), NOT_FOUND);
  expectResult("rename", probe.rename("/x", "/d/z"), 0);
  expectResult("stat /x", probe.stat("/x"), NOT_FOUND);
  same("text of /d/z", probe.text("/d/z"), "x");
  expectResult("rename over a file", probe.rename("/d/z", "/y"), 0);
  same("text of /y", probe.text("/y"), "x");
  expectResult("rename to itself", probe.rename("/y", "/y"), 0);
  same("text of /y", probe.text("/y"), "x");
  expectResult("rename /y into /d", probe.rename("/y", "/d/y"), 0);
  expectResult("rename a directory", probe.rename("/d", "/e"), 0);
  same("names in /", probe.names("/").join(), "e/");
  same("text of /e/y", probe.text("/e/y"), "x");
  expectResult("remove /e/y", probe.remove("/e/y"), 0);
  expectResult("remove /e", probe.remove("/e"), 0);
}

function checkRemove(probe: Probe): void {
  expectResult("remove what is not there", probe.remove("/r"), NOT_FOUND);
  probe.write("/r", bytesOf("r"));
  expectResult("remove through a file", probe.remove("/r/s"), NOT_DIRECTORY);
  expectResult("remove", probe.remove("/r"), 0);
  same("names in /", probe.names("/").join(), "");
}
