/** From a path and options to an image that may boot. Loaded while the thread starts. */
import { Exit } from "@phantasm/abi";
import { SealError } from "@phantasm/seal";
import { escapeTerminal } from "@phantasm/seal/escape";
import { ArgumentsError } from "../arguments/parse.js";
import { BootError, checkMemory, memoryBytesMax } from "../attach.js";
import { Image } from "../image.js";
import { nameDevices } from "./devices.js";
import type { BootOptions } from "./isolated-domain.js";
import { say, USAGE_STATUS, type RunOptions } from "./run.js";

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
    if (asksForHelp(image, argv)) {
      process.stdout.write(image.argumentsHelp);
      return 0;
    }
    const { net = [], block = [], pcap = [], netTrace = [], impair = [] } = options;
    const { blockFaults = [], blockLog = [] } = options;
    const { publish = [], egress = [] } = options;
    const links = { net, pcap, netTrace, impair, publish, egress };
    const wanted = { ...links, block, blockFaults, blockLog };
    const devices = nameDevices(image.manifest, wanted);
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

function asksForHelp(image: Image, argv: readonly string[]): boolean {
  if (image.manifest.arguments.some(({ name }) => name === "help")) return false;
  return argv.includes("--help") || argv.includes("-h");
}
