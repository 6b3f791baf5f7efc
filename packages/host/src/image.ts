/** A sealed image: verified, compiled, ready to boot any number of domains. */
import {
  checkCompiled,
  engineRefusal,
  verifyImage,
  type Manifest,
  type VerifiedImage,
} from "@phantasm/seal";
import type { VerifyOptions } from "@phantasm/seal";
import {
  argumentsFromRecord,
  argumentsHelp,
  encodeArguments,
  parseArguments,
  type ArgumentRecord,
} from "./arguments/index.js";
import type { RunnableImage } from "./runnable.js";

export type ImageOptions = VerifyOptions;

/**
 * One image, many domains: verify and compile once.
 *
 * @example
 * const image = Image.load(await readFile("hello.wasm"));
 * new Domain(image, { console: memoryConsole() }).start();
 */
export class Image implements RunnableImage {
  readonly verified: VerifiedImage;
  readonly module: WebAssembly.Module;

  private constructor(verified: VerifiedImage, module: WebAssembly.Module) {
    this.verified = verified;
    this.module = module;
  }

  /**
   * Verifies the bytes and compiles the very copy that was verified.
   *
   * @throws SealError with the rule that was broken
   */
  static load(bytes: Uint8Array, options: ImageOptions = {}): Image {
    return Image.compile(verifyImage(bytes, options));
  }

  /** The same for an image that has been verified already. */
  static compile(verified: VerifiedImage): Image {
    try {
      return Image.#checked(verified, new WebAssembly.Module(verified.bytes));
    } catch (error) {
      throw engineRefusal(error);
    }
  }

  /** As `load`, but compiles off this thread: for large images in a program that must not pause. */
  static async loadAsync(bytes: Uint8Array, options: ImageOptions = {}): Promise<Image> {
    const verified = verifyImage(bytes, options);
    try {
      return Image.#checked(verified, await WebAssembly.compile(verified.bytes));
    } catch (error) {
      throw engineRefusal(error);
    }
  }

  static #checked(verified: VerifiedImage, module: WebAssembly.Module): Image {
    checkCompiled(module, verified);
    return new Image(verified, module);
  }

  get manifest(): Manifest {
    return this.verified.manifest;
  }

  /** `sha256:` and 64 hex digits: what `--digest` pins. */
  get digest(): string {
    return this.verified.digest;
  }

  /**
   * Boot arguments as the image reads them.
   *
   * @param values by name, or the words of a command line such as `["--port=80"]`
   * @throws ArgumentsError that lists every problem at once
   */
  encodeArguments(values: ArgumentRecord | readonly string[]): Uint8Array {
    const { manifest } = this;
    const parsed = isWords(values)
      ? parseArguments(manifest, values)
      : argumentsFromRecord(manifest, values);
    return encodeArguments(manifest, parsed);
  }

  /** The page that explains its boot arguments; safe to print. */
  get argumentsHelp(): string {
    return argumentsHelp(this.manifest);
  }
}

function isWords(values: ArgumentRecord | readonly string[]): values is readonly string[] {
  return Array.isArray(values);
}
