/** From a path and options to an image that may boot. Loaded while the thread starts. */
import { Exit } from "@phantasm/abi";
import { SealError, type Manifest } from "@phantasm/seal";
import { escapeTerminal } from "@phantasm/seal/escape";
import { ArgumentsError, parseArguments } from "../arguments/parse.js";
import { BootError, checkMemory, memoryBytesMax } from "../attach.js";
import { Image } from "../image.js";
import { nameDevices, type Wanted } from "./devices.js";
import type { BootOptions } from "./isolated-domain.js";
import { say, USAGE_STATUS, type Declared, type RunOptions } from "./run.js";

export interface Prepared {
  readonly image: Image;
  readonly boot: BootOptions;
}

/**
 * Verifies the image and everything the operator said about it.
 *
 * @param read the bytes of the image, or a status when there are none
 * @returns the status to end with when it must not boot; the reason has been printed
 */
export function prepare(
  options: RunOptions,
  read: (path: string) => Uint8Array | number,
): Prepared | number {
  const { imagePath, keys, digest, detached, argv = [] } = options;
  const bytes = read(imagePath);
  if (typeof bytes === "number") return bytes;
  try {
    const image = Image.load(bytes, {
      ...(keys === undefined ? {} : { keys }),
      ...(digest === undefined ? {} : { digest }),
      ...(detached === undefined ? {} : { detached }),
    });
    if (asksForHelp(image.manifest, argv)) {
      process.stdout.write(image.argumentsHelp);
      return 0;
    }
    const devices = nameDevices(image.manifest, wantedOf(options));
    const limit = options.memoryBytesMax;
    checkMemory(image.manifest, memoryBytesMax(image.manifest, limit));
    const boot = {
      arguments: image.encodeArguments(argv),
      ...devices,
      observed: options.stats === true,
      ...(limit === undefined ? {} : { memoryBytesMax: limit }),
    };
    return { image, boot };
  } catch (error) {
    if (error instanceof SealError) {
      say(`${escapeTerminal(imagePath)} is refused: ${error.message} [${error.code}]`);
      return Exit.REFUSED;
    }
    if (error instanceof ArgumentsError) {
      say(error.message);
      return USAGE_STATUS;
    }
    if (error instanceof BootError) {
      say(error.message);
      return error.status;
    }
    throw error;
  }
}

/**
 * Refuses what a boot would refuse, as far as that is known before the image is compiled.
 *
 * @throws BootError, ArgumentsError
 */
export function checkDeclared(declared: Declared, options: Omit<RunOptions, "imagePath">): void {
  // Nothing else of it is looked at.
  const manifest = declared as Manifest;
  const { argv = [] } = options;
  if (asksForHelp(manifest, argv)) return;
  nameDevices(manifest, wantedOf(options));
  // A secret may come from a pipe, which can be read once.
  if (!manifest.arguments.some(({ type }) => type === "secret")) parseArguments(manifest, argv);
}

function wantedOf(options: Omit<RunOptions, "imagePath">): Wanted {
  const { net = [], block = [], pcap = [], netTrace = [], impair = [] } = options;
  const { blockFaults = [], blockLog = [], publish = [], egress = [] } = options;
  return { net, block, pcap, netTrace, impair, blockFaults, blockLog, publish, egress };
}

function asksForHelp(manifest: Manifest, argv: readonly string[]): boolean {
  if (manifest.arguments.some(({ name }) => name === "help")) return false;
  return argv.includes("--help") || argv.includes("-h");
}
