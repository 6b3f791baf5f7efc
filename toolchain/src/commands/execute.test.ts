/** What is printed for wrong use, and for help: the whole text. */
import { expect, test } from "vitest";
import { COMMANDS, usage } from "./definitions.js";
import { transcript } from "./memory-terminal.js";
import { version } from "./version.js";

test.each([
  [["biuld"], 'phantasm: there is no command "biuld"; did you mean build?\n  See: phantasm help\n'],
  [["frobnicate"], 'phantasm: there is no command "frobnicate"\n  See: phantasm help\n'],
  [["--verbose"], 'phantasm: there is no command "--verbose"\n  See: phantasm help\n'],
  [["help", "build", "it"], 'phantasm: there is no command "build it"\n  See: phantasm help\n'],
  [
    ["kv", "chekc"],
    'phantasm: there is no command "kv chekc"; did you mean kv check?\n  See: phantasm help kv\n',
  ],
  [["kv", "--json"], 'phantasm: there is no command "kv --json"\n  See: phantasm help kv\n'],
  [["kv", "check"], "phantasm: kv check needs a FILE\n  See: phantasm help kv check\n"],
  [["help", "nothing"], 'phantasm: there is no command "nothing"\n  See: phantasm help\n'],
  [
    ["inspect", "--jsno"],
    "phantasm: unknown option --jsno; did you mean --json?\n  See: phantasm help inspect\n",
  ],
  [["doctor", "-x"], "phantasm: unknown option -x\n  See: phantasm help doctor\n"],
  [
    ["run", "image.wasm", "--port", "80"],
    'phantasm: unknown option --port\n  Arguments of the image go after "--": … -- --port\n',
  ],
  [["build", "-o"], "phantasm: -o needs a value: -o FILE\n  See: phantasm help build\n"],
  [
    ["build", "--output="],
    "phantasm: --output needs a value: --output FILE\n  See: phantasm help build\n",
  ],
  [
    ["run", "--net", "--stats"],
    "phantasm: --net needs a value: --net [NAME=]BACKEND\n  See: phantasm help run\n",
  ],
  [["doctor", "--json=yes"], "phantasm: --json takes no value\n  See: phantasm help doctor\n"],
  [
    ["run", "--memory", "1M", "--memory", "2M", "x"],
    "phantasm: --memory is given twice\n  See: phantasm help run\n",
  ],
  [
    ["keygen", "release"],
    'phantasm: keygen: one operand too many: "release"\n  See: phantasm help keygen\n',
  ],
  [["verify"], "phantasm: verify needs a folder or an image\n  See: phantasm help verify\n"],
  [["switch"], "phantasm: switch needs a PATH\n  See: phantasm help switch\n"],
  [
    ["sign", "x.wasm"],
    "phantasm: sign needs a private key: --key FILE\n  Make one: phantasm keygen\n",
  ],
  [
    ["run", "--restart", "always"],
    "phantasm: --restart always: only on-failure is known\n  See: phantasm help run\n",
  ],
  [
    ["dev", "--profile", "fast", "x"],
    "phantasm: --profile fast: expected debug, speed, size\n  See: phantasm help dev\n",
  ],
  [
    ["run", "--memory", "much", "x"],
    "phantasm: --memory much: expected a size in bytes such as 512, 64K or 16M\n  See: phantasm help run\n",
  ],
  [
    ["run", "--step-limit", "1", "x"],
    "phantasm: --step-limit 1: expected a duration such as 1500ms, 2s, 5m or 1h30m\n  See: phantasm help run\n",
  ],
  [
    ["inspect", "--json", "--wat", "x"],
    "phantasm: --json and --wat exclude each other\n  See: phantasm help inspect\n",
  ],
  [
    ["inspect", "x", "page.html"],
    "phantasm: only --html writes to a FILE\n  See: phantasm help inspect\n",
  ],
  [
    ["describe", "--dot", "--json"],
    "phantasm: --dot and --json exclude each other\n  See: phantasm help describe\n",
  ],
  [
    ["new", "helo"],
    'phantasm: there is no template "helo"; did you mean hello?\n  See the templates: phantasm new\n',
  ],
  [
    ["new", "hello", "My App"],
    'phantasm: "My App" cannot be the name of an image\n  Names start with a lower-case letter and hold lower-case letters, digits and hyphens: phantasm new hello my-app\n',
  ],
] as const)("wrong use: %j", async (args, err) => {
  expect(await transcript(...args)).toEqual({ status: 2, out: "", err });
});

test.each([
  [
    ["-p", "8080"],
    "phantasm: -p 8080: the port of the host or that of the guest is missing\nthe form is -p [NAME:][HOST_IP:]HOST_PORT:GUEST_PORT[/udp], as in -p 8080:80, -p 0:80 or -p [::1]:5353:53/udp\n",
  ],
  [
    ["--egress", "allow:10.0.0.1/8"],
    'phantasm: --egress allow:10.0.0.1/8: "10.0.0.1/8" is no address, and no prefix without bits behind it\nthe form is --egress [NAME=]RULE; RULE is none, or allow: or deny: and any, dns, host-loopback, link-local, 10.0.0.0/8 or [fd00::/8], then optionally :80,8000-8100 and /tcp or /udp\n',
  ],
] as const)("an attachment that cannot be read: %j", async (args, err) => {
  expect(await transcript("run", ...args, "x")).toEqual({ status: 2, out: "", err });
});

test("--version", async () => {
  expect(await transcript("--version")).toEqual({
    status: 0,
    out: `phantasm ${version()}\n`,
    err: "",
  });
});

test("help, --help, -h and nothing print the overview", async () => {
  const { status, out, err } = await transcript("help");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatchInlineSnapshot(`
    "Unikernels for WebAssembly: builds an application into one sealed image, and runs it.

    Usage: phantasm COMMAND [OPERANDS] [OPTIONS]

    Commands
      new       make a project from a template; lists the templates when none is
                named
      build     build the image of a project
      run       boot an image, or the image of a project
      dev       build and boot a project, and again on every change
      switch    join images with an Ethernet switch on a unix socket
      describe  show the devices of a project and what they are made of
      inspect   show what an image declares, imports and consists of
      verify    check the seal of an image
      keygen    make a key pair to sign images with
      sign      sign an image
      doctor    tell what this machine can do, and what enables the rest
      kv        look after key-value stores on disks
      zones     look after zones of DNS servers on disks
      help      explain a command

    Begin with
      phantasm new hello my-app
      phantasm run my-app
    "
  `);
  for (const args of [[], ["--help"], ["-h"]]) expect((await transcript(...args)).out).toBe(out);
});

test("kv alone, its --help and help kv list its commands", async () => {
  const { status, out, err } = await transcript("kv");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatchInlineSnapshot(`
    "Usage: phantasm kv COMMAND [OPERANDS] [OPTIONS]

    Look after key-value stores on disks.

    Commands
      kv check    check a key-value store on a disk, from outside
      kv dump     print the entries of a key-value store as lines of JSON
      kv restore  make a key-value store from a dump

    Examples
      phantasm kv check disk.img
      phantasm kv dump disk.img > disk.jsonl
      phantasm kv dump disk.img --keys --prefix user/
      phantasm kv restore new.img disk.jsonl --size 64M
    "
  `);
  for (const args of [
    ["kv", "--help"],
    ["kv", "-h"],
    ["help", "kv"],
  ])
    expect((await transcript(...args)).out).toBe(out);
});

test("help run", async () => {
  const { status, out } = await transcript("help", "run");
  expect(status).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "Usage: phantasm run [DIR|IMAGE] [OPTIONS] [-- ARGS]

    Boot an image, or the image of a project.

    A project is built first when a source is newer than its image.
    --help after DIR or IMAGE prints the arguments of the image itself; they go
    after --.
    The status is that of the image (0 to 99); 100 abort, 101 trap, 102 memory, 103
    step limit, 104 image refused, 105 device failed.
    Ctrl-C asks the image to shut down, a second one ends it. Ctrl-\\ or SIGUSR1
    prints what it is doing: its fibres with their stacks.

    Options
      --net [NAME=]BACKEND          attach a net device: user (default), tap:IF,
                                    switch:PATH or loopback, then
                                    ,mac=02:00:00:00:00:01 or ,mtu=9000
      --block [NAME=]FILE           attach a block device: a file, FILE:64M to
                                    create it, mem:16M, or overlay:FILE, which
                                    leaves the file as it is, and with
                                    ,changes=CHANGES remembers; :ro forbids writes;
                                    then ,sector=4096, ,direct (past the page cache)
                                    or ,async
      --block-faults [NAME=]KEY=VALUE,…
                                    let a block device fail: read-error=1%,
                                    write-error=1%, flush-error=1%, short=1%,
                                    torn=1%, read-flip=1%, write-flip=1%, slow=1%,
                                    delay=20ms, lose=50% (of what was not flushed),
                                    seed=7
      --block-log [NAME=]FILE       record every write and flush of a block device,
                                    to replay crashes from
      --pcap [NAME=]FILE            write the frames of a net device to a file that
                                    Wireshark reads
      --net-trace [NAME=]FILE       write a readable line for every frame of a net
                                    device; - is standard error
      --impair [NAME=]KEY=VALUE,…   treat frames badly: loss=2%, delay=50ms±10ms,
                                    reorder=1%, duplicate=1%, corrupt=0.1%,
                                    rate=10Mbit, seed=7, joined by commas
      -p, --publish [NAME:][HOST_IP:]PORT:PORT[/udp]
                                    let clients of a port of this machine reach one
                                    of the image, by what the image declares for it,
                                    or TCP: 8080:80; 0:80 takes a free one
      --egress [NAME=]RULE          what the image may reach: none,
                                    allow:10.0.0.0/8:443/tcp, deny:any,
                                    allow:host-loopback:5432; the first that matches
                                    wins
      --memory SIZE                 let the image have no more memory than this: 64M
      --step-limit DURATION         end an image that computes longer than this
                                    without a pause: 1s
      --tap-fd [NAME=]N             attach a net device to a tap that is open as
                                    file descriptor N
      --key PUB                     demand a signature by this public key (a file,
                                    or the text of the key)
      --digest sha256:…             boot this very image only, as build and inspect
                                    print its digest
      --restart on-failure          boot again when it fails, after 1 s, 2 s, … 30 s
      --stats                       print what the image counted when it has ended
      --trace FILE                  write what the image does, and when, to a file
                                    for ui.perfetto.dev
      --trace-limit SIZE            let the trace grow no larger than this; default:
                                    256M
      --cpu-prof FILE               write where the image spends its time to a
                                    .cpuprofile for DevTools or VS Code
      --inspect                     wait for a debugger: breakpoints in
                                    AssemblyScript sources

    Examples
      phantasm run my-app
      phantasm run my-app --help
      phantasm run my-app -p 8080:80 --egress none
      phantasm run my-app.wasm --block disk=disk.img --net lan=switch:/tmp/lan.sock -- --verbose
    "
  `);
});

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  "help %s and --help agree, fit the line and mention every option",
  async (name, command) => {
    const { status, out } = await transcript("help", ...name.split(" "));
    expect(status).toBe(0);
    expect(out).toContain(`Usage: phantasm ${usage(command)}\n`);
    for (const option of command.options) expect(out).toContain(`--${option.name}`);
    const prose = out.slice(0, out.indexOf("Examples"));
    for (const line of prose.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect((await transcript(...name.split(" "), "--help")).out).toBe(out);
    expect((await transcript(...name.split(" "), "-h")).out).toBe(out);
  },
);
