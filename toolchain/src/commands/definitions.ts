/**
 * Every command with its operands and options: the one source of the parser, the help pages and
 * `docs/reference/commands.md`.
 */

export interface OptionDefinition {
  /** Without its two hyphens. */
  readonly name: string;
  /** One letter, for `-p`. */
  readonly short?: string;
  /** What stands for the value in help; absent: a flag. */
  readonly value?: string;
  /** May be given more than once. */
  readonly repeatable?: boolean;
  readonly help: string;
}

export interface OperandDefinition {
  /** As it stands in the usage line. */
  readonly name: string;
  readonly optional?: boolean;
  readonly repeatable?: boolean;
}

export interface CommandDefinition {
  /** One word, or that of a group and another one: `kv check`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What the summary leaves out; each item is one paragraph. */
  readonly details?: readonly string[];
  readonly operands: readonly OperandDefinition[];
  readonly options: readonly OptionDefinition[];
  /** Takes words after `--`. */
  readonly words?: boolean;
  /** Not listed: for scripts of this repository. */
  readonly hidden?: boolean;
  readonly examples: readonly string[];
}

const DIR: OperandDefinition = { name: "DIR", optional: true };
const TARGET: OperandDefinition = { name: "DIR|IMAGE" };
const FILE: OperandDefinition = { name: "FILE" };
const DISK: OperandDefinition = { name: "DISK" };
const JSON_OPTION: OptionDefinition = { name: "json", help: "print JSON for a program" };
const KEY: OptionDefinition = {
  name: "key",
  value: "PUB",
  repeatable: true,
  help: "demand a signature by this public key (a file, or the text of the key)",
};

const ATTACHMENTS: readonly OptionDefinition[] = [
  {
    name: "net",
    value: "[NAME=]BACKEND",
    repeatable: true,
    help: "attach a net device: user (default), tap:IF, switch:PATH or loopback, then ,mac=02:00:00:00:00:01 or ,mtu=9000",
  },
  {
    name: "block",
    value: "[NAME=]FILE",
    repeatable: true,
    help: "attach a block device: a file, FILE:64M to create it, mem:16M, or overlay:FILE, which leaves the file as it is, and with ,changes=CHANGES remembers; :ro forbids writes; then ,sector=4096, ,direct (past the page cache) or ,async",
  },
  {
    name: "block-faults",
    value: "[NAME=]KEY=VALUE,…",
    repeatable: true,
    help: "let a block device fail: read-error=1%, write-error=1%, flush-error=1%, short=1%, torn=1%, read-flip=1%, write-flip=1%, slow=1%, delay=20ms, lose=50% (of what was not flushed), seed=7",
  },
  {
    name: "block-log",
    value: "[NAME=]FILE",
    repeatable: true,
    help: "record every write and flush of a block device, to replay crashes from",
  },
  {
    name: "pcap",
    value: "[NAME=]FILE",
    repeatable: true,
    help: "write the frames of a net device to a file that Wireshark reads",
  },
  {
    name: "net-trace",
    value: "[NAME=]FILE",
    repeatable: true,
    help: "write a readable line for every frame of a net device; - is standard error",
  },
  {
    name: "impair",
    value: "[NAME=]KEY=VALUE,…",
    repeatable: true,
    help: "treat frames badly: loss=2%, delay=50ms±10ms, reorder=1%, duplicate=1%, corrupt=0.1%, rate=10Mbit, seed=7, joined by commas",
  },
  {
    name: "publish",
    short: "p",
    value: "[NAME:][HOST_IP:]PORT:PORT[/udp]",
    repeatable: true,
    help: "let clients of a port of this machine reach one of the image, by what the image declares for it, or TCP: 8080:80; 0:80 takes a free one",
  },
  {
    name: "egress",
    value: "[NAME=]RULE",
    repeatable: true,
    help: "what the image may reach: none, allow:10.0.0.0/8:443/tcp, deny:any, allow:host-loopback:5432; the first that matches wins",
  },
  { name: "memory", value: "SIZE", help: "let the image have no more memory than this: 64M" },
  {
    name: "step-limit",
    value: "DURATION",
    help: "end an image that computes longer than this without a pause: 1s",
  },
];

const DIAGNOSIS: readonly OptionDefinition[] = [
  { name: "stats", help: "print what the image counted when it has ended" },
  {
    name: "trace",
    value: "FILE",
    help: "write what the image does, and when, to a file for ui.perfetto.dev",
  },
  {
    name: "trace-limit",
    value: "SIZE",
    help: "let the trace grow no larger than this; default: 256M",
  },
  {
    name: "cpu-prof",
    value: "FILE",
    help: "write where the image spends its time to a .cpuprofile for DevTools or VS Code",
  },
];

export const COMMANDS: readonly CommandDefinition[] = [
  {
    name: "new",
    summary: "make a project from a template; lists the templates when none is named",
    details: ["DIR becomes the name of the image; default: the name of the template."],
    operands: [{ name: "TEMPLATE", optional: true }, DIR],
    options: [],
    examples: ["new", "new hello my-app"],
  },
  {
    name: "build",
    summary: "build the image of a project",
    details: ["DIR holds a phantasm.config.ts; default: the current folder."],
    operands: [DIR],
    options: [
      {
        name: "output",
        short: "o",
        value: "FILE",
        help: "where the image goes; default: dist/NAME.wasm in DIR",
      },
      { name: "timings", help: "print what each stage of the build took" },
    ],
    examples: ["build", "build my-app -o my-app.wasm"],
  },
  {
    name: "run",
    summary: "boot an image, or the image of a project",
    details: [
      "A project is built first when a source is newer than its image.",
      "--help after DIR or IMAGE prints the arguments of the image itself; they go after --.",
      "The status is that of the image (0 to 99); 100 abort, 101 trap, 102 memory, 103 step limit, 104 image refused, 105 device failed.",
      "Ctrl-C asks the image to shut down, a second one ends it. Ctrl-\\ or SIGUSR1 prints what it is doing: its fibres with their stacks.",
    ],
    operands: [{ ...TARGET, optional: true }],
    options: [
      ...ATTACHMENTS,
      {
        name: "tap-fd",
        value: "[NAME=]N",
        repeatable: true,
        help: "attach a net device to a tap that is open as file descriptor N",
      },
      KEY,
      {
        name: "digest",
        value: "sha256:…",
        help: "boot this very image only, as build and inspect print its digest",
      },
      {
        name: "restart",
        value: "on-failure",
        help: "boot again when it fails, after 1 s, 2 s, … 30 s",
      },
      ...DIAGNOSIS,
      { name: "inspect", help: "wait for a debugger: breakpoints in AssemblyScript sources" },
    ],
    words: true,
    examples: [
      "run my-app",
      "run my-app --help",
      "run my-app -p 8080:80 --egress none",
      "run my-app.wasm --block disk=disk.img --net lan=switch:/tmp/lan.sock -- --verbose",
    ],
  },
  {
    name: "dev",
    summary: "build and boot a project, and again on every change",
    details: [
      "While a build fails, the image that runs goes on.",
      "Images are built without an optimiser, in .phantasm: fast, and every line of a trace is the one you wrote.",
    ],
    operands: [DIR],
    options: [
      {
        name: "profile",
        value: "PROFILE",
        help: "optimise for speed or size, as build does; default: debug",
      },
      ...ATTACHMENTS,
      ...DIAGNOSIS,
    ],
    words: true,
    examples: ["dev my-app", "dev my-app --profile speed"],
  },
  {
    name: "switch",
    summary: "join images with an Ethernet switch on a unix socket",
    details: ["The first run with --net NAME=switch:PATH opens one by itself."],
    operands: [{ name: "PATH" }],
    options: [],
    examples: ["switch /tmp/lan.sock"],
  },
  {
    name: "describe",
    summary: "show the devices of a project and what they are made of",
    operands: [DIR],
    options: [{ name: "dot", help: "print the graph for Graphviz" }, JSON_OPTION],
    examples: ["describe my-app", "describe my-app --dot | dot -Tsvg > my-app.svg"],
  },
  {
    name: "inspect",
    summary: "show what an image declares, imports and consists of",
    details: ["FILE is where --html goes; default: standard output."],
    operands: [
      { ...TARGET, optional: true },
      { name: "FILE", optional: true },
    ],
    options: [
      JSON_OPTION,
      { name: "html", help: "write a page with a map of the image by size" },
      { name: "wat", help: "print the WebAssembly text" },
    ],
    examples: ["inspect my-app", "inspect my-app.wasm --html my-app.html"],
  },
  {
    name: "verify",
    summary: "check the seal of an image",
    details: ["The status is 104 when the image is refused."],
    operands: [TARGET],
    options: [
      KEY,
      { name: "digest", value: "sha256:…", help: "demand this very image" },
      { name: "signature", value: "FILE", help: "a detached signature to check as well" },
    ],
    examples: ["verify my-app.wasm --key release.pub"],
  },
  {
    name: "keygen",
    summary: "make a key pair to sign images with",
    operands: [],
    options: [
      {
        name: "output",
        short: "o",
        value: "NAME",
        help: "write NAME.key and NAME.pub; default: phantasm",
      },
    ],
    examples: ["keygen -o release"],
  },
  {
    name: "sign",
    summary: "sign an image",
    operands: [TARGET],
    options: [
      { name: "key", value: "FILE", help: "the private key, as keygen writes it" },
      { name: "detached", help: "leave the image as it is and write the signature beside it" },
      {
        name: "output",
        short: "o",
        value: "FILE",
        help: "where the result goes; default: the image itself, or IMAGE.sig",
      },
    ],
    examples: ["sign my-app.wasm --key release.key"],
  },
  {
    name: "doctor",
    summary: "tell what this machine can do, and what enables the rest",
    operands: [],
    options: [JSON_OPTION],
    examples: ["doctor"],
  },
  {
    name: "kv check",
    summary: "check a key-value store on a disk, from outside",
    details: [
      "Reads everything that can be reached, and holds the rest against the map of free pages. Changes nothing.",
      "The status is 1 when the store is damaged.",
    ],
    operands: [FILE],
    options: [JSON_OPTION],
    examples: ["kv check disk.img"],
  },
  {
    name: "kv dump",
    summary: "print the entries of a key-value store as lines of JSON",
    details: ["What an interruption left in the log is part of it, as when the store is opened."],
    operands: [FILE],
    options: [
      { name: "keys", help: "keys, versions and sizes only: not to be restored" },
      { name: "prefix", value: "TEXT", help: "only keys that begin with this" },
    ],
    examples: ["kv dump disk.img > disk.jsonl", "kv dump disk.img --keys --prefix user/"],
  },
  {
    name: "kv restore",
    summary: "make a key-value store from a dump",
    details: ["DUMP is what kv dump printed; default: standard input."],
    operands: [FILE, { name: "DUMP", optional: true }],
    options: [
      { name: "size", value: "SIZE", help: "make the file, with this size: 64M" },
      { name: "force", help: "overwrite what is on the disk" },
      {
        name: "sector",
        value: "BYTES",
        help: "sector of the disk the store is for: 512 (default) or 4096",
      },
    ],
    examples: ["kv restore new.img disk.jsonl --size 64M"],
  },
  {
    name: "zones check",
    summary: "check the zones of a DNS server on a disk, from outside",
    details: [
      "Verifies the checksum and follows everything that the zones consist of. Changes nothing.",
      "The status is 1 when a server would refuse them.",
    ],
    operands: [DISK],
    options: [JSON_OPTION],
    examples: ["zones check zones.img"],
  },
  {
    name: "zones compile",
    summary: "compile zones to a disk that a DNS server reads",
    details: [
      "FILE is a master file (RFC 1035); its zone is called as the file without .zone, .db or .txt, or by $ORIGIN, or ORIGIN=FILE.",
      "Servers that have the disk attached (:ro) take the zones while they run, whole or not at all.",
    ],
    operands: [{ name: "FILE", repeatable: true }],
    options: [
      {
        name: "output",
        short: "o",
        value: "DISK",
        help: "where the zones go; made if it is absent",
      },
      {
        name: "size",
        value: "SIZE",
        help: "of a disk that is made; default: enough for any zones, mostly holes",
      },
      { name: "strict", help: "what may be wrong, such as MX that leads to an alias, is an error" },
      { name: "force", help: "overwrite a disk that has something else" },
    ],
    examples: [
      "zones compile example.org.zone -o zones.img",
      "zones compile zones/*.zone example.net=net.txt -o zones.img --strict",
    ],
  },
  {
    name: "zones dump",
    summary: "print the zones on a disk as master files",
    operands: [DISK],
    options: [{ name: "zone", value: "NAME", help: "this zone alone" }],
    examples: ["zones dump zones.img", "zones dump zones.img --zone example.org"],
  },
  {
    name: "help",
    summary: "explain a command",
    operands: [{ name: "COMMAND", optional: true, repeatable: true }],
    options: [],
    examples: ["help run"],
  },
  {
    name: "sync",
    summary: "write the generated sources and editor settings of every project below DIR",
    operands: [{ name: "DIR", repeatable: true }],
    options: [],
    hidden: true,
    examples: ["sync examples"],
  },
];

/** Commands of two words, by the first. */
export const GROUPS: Readonly<Record<string, string>> = {
  kv: "look after key-value stores on disks",
  zones: "look after zones of DNS servers on disks",
};

/** `phantasm run [DIR|IMAGE] [OPTIONS] [-- ARGS]`, without the program. */
export function usage({ name, operands, options, words }: CommandDefinition): string {
  const parts = operands.map((operand) => {
    const text = operand.repeatable ? `${operand.name}…` : operand.name;
    return operand.optional ? `[${text}]` : text;
  });
  if (options.length > 0) parts.push("[OPTIONS]");
  if (words) parts.push("[-- ARGS]");
  return [name, ...parts].join(" ");
}

/** `-o, --output FILE`. */
export function optionLabel({ name, short, value }: OptionDefinition): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? long : `-${short}, ${long}`;
}
