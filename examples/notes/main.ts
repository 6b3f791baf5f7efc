import { KEY_BYTES_MAX, KeyValueSpace, NOT_FOUND, errorText } from "@phantasm/interfaces";
import { Terminal } from "@phantasm/fibre";
import { Store, View } from "@phantasm/storage";
import { Devices } from "./.phantasm/devices";

const HELP: string = `put NAME TEXT    keeps a note
get NAME         shows it
list [BEGINNING] the names, in their order
delete NAME      removes it
space            how much room there is
help, quit`;

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** Reads commands from the console, one a line, until there are no more. */
class Shell {
  private readonly terminal: Terminal;
  private readonly store: Store;

  constructor(os: Devices) {
    this.terminal = new Terminal(os.console);
    this.store = new Store(os.store);
  }

  run(): i32 {
    const outcome = this.store.opened();
    if (outcome != 0) {
      this.print(`The store cannot be opened: ${errorText(outcome)}.`);
      return 1;
    }
    for (
      let line = this.terminal.readLine();
      line !== null && line != "quit";
      line = this.terminal.readLine()
    ) {
      this.command(line.trim());
    }
    return 0;
  }

  private command(line: string): void {
    const blank = line.indexOf(" ");
    const verb = blank < 0 ? line : line.substring(0, blank);
    const rest = blank < 0 ? "" : line.substring(blank + 1).trim();
    if (verb == "put") this.put(rest);
    else if (verb == "get") this.get(rest);
    else if (verb == "list") this.list(rest);
    else if (verb == "delete") this.remove(rest);
    else if (verb == "space") this.space();
    else if (verb == "help") this.print(HELP);
    else if (verb != "") this.print(`There is no command ${verb}: try help.`);
  }

  private put(rest: string): void {
    const blank = rest.indexOf(" ");
    if (blank < 0) return this.print("What is the text? put NAME TEXT");
    const name = this.nameOf(rest.substring(0, blank));
    if (name === null) return;
    this.report(this.store.put(name, bytesOf(rest.substring(blank + 1).trim())), "Kept.");
  }

  private get(rest: string): void {
    if (this.nameOf(rest) === null) return;
    const text = this.store.getText(rest);
    if (text !== null) this.print(text);
    else this.report(this.store.lastError, "");
  }

  private remove(rest: string): void {
    const name = this.nameOf(rest);
    if (name === null) return;
    const found = this.store.has(name);
    if (found != 1) this.report(found == 0 ? NOT_FOUND : found, "");
    else this.report(this.store.delete(name), "Gone.");
  }

  /** Of a snapshot, so that the list is of one moment however long the console takes. */
  private list(beginning: string): void {
    const snapshot = this.store.snapshot();
    if (snapshot === null) return this.report(this.store.lastError, "");
    defer(snapshot.release());
    this.show(snapshot, bytesOf(beginning));
  }

  private show(view: View, beginning: Uint8Array): void {
    const scan = view.scan(beginning);
    let outcome = scan.next();
    for (; outcome == 1; outcome = scan.next()) {
      this.print(`${scan.keyText}  ${scan.value.size} bytes`);
    }
    if (outcome < 0) this.report(outcome, "");
  }

  private space(): void {
    const space = new KeyValueSpace();
    this.store.raw.space(space);
    const used = space.usedBytes >> 10;
    this.print(`${space.keys} notes, ${used} KiB used, ${space.freeBytes >> 10} KiB free`);
  }

  /** Null, and a word about it, when it cannot be a name. */
  private nameOf(text: string): Uint8Array | null {
    const name = bytesOf(text);
    if (name.length >= 1 && name.length <= KEY_BYTES_MAX) return name;
    this.print(name.length == 0 ? "Which note? Give its name." : "That name is too long.");
    return null;
  }

  private report(outcome: i32, success: string): void {
    if (outcome == NOT_FOUND) this.print("There is no such note.");
    else this.print(outcome < 0 ? `It did not work: ${errorText(outcome)}.` : success);
  }

  private print(text: string): void {
    this.terminal.writeLine(text);
  }
}

export function main(os: Devices): void {
  os.exit(new Shell(os).run());
}
