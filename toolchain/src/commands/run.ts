/** `phantasm run`: boots an image on this terminal. */
import { checkRun, runIsolated, type RunOptions } from "@phantasm/host/isolated";
import { usageError } from "./errors.js";
import type { Invocation } from "./parse.js";
import { findTarget } from "./target.js";
import type { Terminal } from "./terminal.js";

/** `phantasm run [DIR|IMAGE] [OPTIONS] [-- ARGS]`. The status is that of the image. */
export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = "."] = invocation.operands;
  const hint = `See: ${terminal.program} help run`;
  const restart = invocation.value("restart");
  if (restart !== undefined && restart !== "on-failure")
    throw usageError(`--restart ${restart}: only on-failure is known`, hint);
  const options = await runOptions(invocation, hint);
  // A debugger shows lines as they were written only where nothing was optimised away.
  const { path } = await findTarget(given, terminal, {
    ...(options.inspect === true ? { profile: "debug" } : {}),
    // A build takes long: what is wrong with the command is said before.
    onDeclared: (declared) => checkRun(declared, options),
  });
  const image: RunOptions = { ...options, imagePath: path };
  if (restart === undefined) return runIsolated(image);
  const { runAgain } = await import("./restart.js");
  return runAgain(image, terminal);
}

/**
 * Reads the options that say what to attach. Each parser is loaded when its option is there.
 *
 * @throws UserError
 */
async function runOptions(
  invocation: Invocation,
  hint: string,
): Promise<Omit<RunOptions, "imagePath">> {
  const { words } = invocation;
  const argv = invocation.help === "operand" ? [...words, "--help"] : words;
  const digest = invocation.value("digest");
  return {
    argv,
    stats: invocation.flag("stats"),
    inspect: invocation.flag("inspect"),
    ...(digest === undefined ? {} : { digest }),
    ...(await readKeys(invocation.values("key"))),
    ...(await readAttachments(invocation)),
    ...(await readLimits(invocation, hint)),
    ...readDiagnosis(invocation, hint),
  };
}

function readDiagnosis(
  invocation: Invocation,
  hint: string,
): Pick<RunOptions, "trace" | "cpuProfile"> {
  const trace = invocation.value("trace");
  const cpuProfile = invocation.value("cpu-prof");
  if (invocation.flag("trace-limit") && trace === undefined)
    throw usageError("--trace-limit limits a trace: --trace FILE", hint);
  if (cpuProfile !== undefined && invocation.flag("inspect"))
    throw usageError("--cpu-prof and --inspect: a debugger makes its own profiles", hint);
  return {
    ...(trace === undefined ? {} : { trace }),
    ...(cpuProfile === undefined ? {} : { cpuProfile }),
  };
}

async function readKeys(given: readonly string[]): Promise<Pick<RunOptions, "keys">> {
  if (given.length === 0) return {};
  const { readPublicKey } = await import("./refused.js");
  return { keys: given.map(readPublicKey) };
}

async function readAttachments(
  invocation: Invocation,
): Promise<
  Pick<
    RunOptions,
    | "net"
    | "block"
    | "blockFaults"
    | "blockLog"
    | "pcap"
    | "netTrace"
    | "impair"
    | "publish"
    | "egress"
  >
> {
  const names = [
    "net",
    "tap-fd",
    "block",
    "block-faults",
    "block-log",
    "pcap",
    "net-trace",
    "impair",
    "publish",
    "egress",
  ] as const;
  if (names.every((name) => !invocation.flag(name))) return {};
  const parsers = await import("@phantasm/host/options");
  const parsed = <T>(name: (typeof names)[number], parse: (text: string) => T): T[] =>
    invocation.values(name).map(parse);
  return {
    net: [
      ...parsed("net", parsers.parseNetOption),
      ...parsed("tap-fd", parsers.parseTapDescriptorOption),
    ],
    block: parsed("block", parsers.parseBlockOption),
    blockFaults: parsed("block-faults", parsers.parseFaultsOption),
    blockLog: parsed("block-log", parsers.parseBlockLogOption),
    pcap: parsed("pcap", parsers.parsePcapOption),
    netTrace: parsed("net-trace", parsers.parseNetTraceOption),
    impair: parsed("impair", parsers.parseImpairOption),
    publish: parsed("publish", parsers.parsePublishOption),
    egress: parsed("egress", parsers.parseEgressOption),
  };
}

async function readLimits(
  invocation: Invocation,
  hint: string,
): Promise<Pick<RunOptions, "memoryBytesMax" | "stepLimitNs" | "traceBytesMax">> {
  const memory = invocation.value("memory");
  const step = invocation.value("step-limit");
  const trace = invocation.value("trace-limit");
  if (memory === undefined && step === undefined && trace === undefined) return {};
  const { parseDuration, parseSize } = await import("@phantasm/host/values");
  const read = (option: string, text: string, parse: (text: string) => bigint): bigint => {
    let value = 0n;
    let expected = "expected more than nothing";
    try {
      value = parse(text);
    } catch (error) {
      expected = error instanceof Error ? error.message : expected;
    }
    if (value > 0n) return value;
    throw usageError(`--${option} ${text}: ${expected}`, hint);
  };
  const bytes = memory === undefined ? undefined : read("memory", memory, parseSize);
  const traceBytes = trace === undefined ? undefined : read("trace-limit", trace, parseSize);
  const nanoseconds = step === undefined ? undefined : read("step-limit", step, parseDuration);
  return {
    ...(bytes === undefined ? {} : { memoryBytesMax: Number(bytes) }),
    ...(traceBytes === undefined ? {} : { traceBytesMax: Number(traceBytes) }),
    ...(nanoseconds === undefined ? {} : { stepLimitNs: Number(nanoseconds) }),
  };
}
