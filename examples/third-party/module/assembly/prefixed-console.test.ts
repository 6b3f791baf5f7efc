import { Console, ConsoleReader, ConsoleWriter, LineReader } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { PrefixedConsole } from "./prefixed-console";

/** Keeps what is written, up to a number of bytes. */
class Recorder implements Console {
  text: string = "";

  constructor(private room: i32 = 1000) {}

  write(text: string): bool {
    if (text.length > this.room) return false;
    this.room -= text.length;
    this.text += text;
    return true;
  }

  writeLine(text: string): bool {
    return this.write(text + "\n");
  }

  writeBytes(bytes: Uint8Array, offset: i32, length: i32): i32 {
    const taken = min(length, this.room);
    this.room -= taken;
    this.text += String.UTF8.decodeUnsafe(bytes.dataStart + offset, taken);
    return taken;
  }

  whenWritable(writer: ConsoleWriter): void {
    writer.onWritable();
  }

  read(reader: ConsoleReader): void {
    reader.onEnd();
  }

  readLines(reader: LineReader): void {
    reader.onEnd();
  }

  stopReading(): void {}
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

test("each line has the prefix", () => {
  const recorder = new Recorder();
  const console = new PrefixedConsole("> ", recorder);
  console.writeLine("one");
  console.write("two\nthree\n");
  expect(recorder.text).toBe("> one\n> two\n> three\n");
});

test("a line in parts has it once", () => {
  const recorder = new Recorder();
  const console = new PrefixedConsole("> ", recorder);
  console.write("half ");
  console.write("");
  console.write("whole\n");
  expect(recorder.text).toBe("> half whole\n");
});

test("bytes are marked like text", () => {
  const recorder = new Recorder();
  const console = new PrefixedConsole("> ", recorder);
  const bytes = bytesOf("xxone\ntwo\nthyy");
  expect(console.writeBytes(bytes, 2, 10)).toBe(10);
  console.writeLine("ree");
  expect(recorder.text).toBe("> one\n> two\n> three\n");
});

test("a text that does not fit is refused whole, and the line still begins", () => {
  const recorder = new Recorder(6);
  const console = new PrefixedConsole("> ", recorder);
  expect(console.writeLine("too long")).toBe(false);
  expect(recorder.text).toBe("");
  expect(console.writeLine("one")).toBe(true);
  expect(recorder.text).toBe("> one\n");
});

test("of bytes, as many are taken as fit", () => {
  const recorder = new Recorder(7);
  const console = new PrefixedConsole("> ", recorder);
  const bytes = bytesOf("one\ntwo\n");
  expect(console.writeBytes(bytes, 0, 8)).toBe(4);
  expect(recorder.text).toBe("> one\n");
});
