/** `--cpu-prof`: the file, the names, and the profile at the end. */
import { closeSync, openSync, writeSync } from "node:fs";
import { escapeTerminal } from "@phantasm/seal/escape";
import type { Image } from "../image.js";
import type { RunnableImage } from "../runnable.js";
import { debuggable } from "../symbolise/debug-module.js";
import { explainProfile, type CpuProfile } from "../symbolise/profile.js";
import { readSideFiles, type SideFiles } from "../symbolise/side-files.js";
import { Symboliser } from "../symbolise/symbolise.js";
import { say, USAGE_STATUS, type RunOptions } from "./run.js";

export class Profiling {
  /** The image with the names of its functions, which the engine takes over into a profile. */
  readonly image: RunnableImage;
  readonly #original: Image;
  readonly #path: string;
  readonly #fd: number;
  readonly #files: SideFiles;
  readonly #imagePath: string;

  private constructor(path: string, fd: number, imagePath: string, image: Image) {
    this.#path = path;
    this.#fd = fd;
    this.#imagePath = imagePath;
    this.#original = image;
    this.#files = readSideFiles(imagePath, image.digest);
    this.image = debuggable(image, { names: this.#files.names, sourceMap: null });
  }

  /** Opens the file that the operator named; or the status to end with. The reason has been printed. */
  static open(path: string, { imagePath }: RunOptions, image: Image): Profiling | number {
    let fd: number;
    try {
      fd = openSync(path, "w");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say(escapeTerminal(`the profile ${path} cannot be written: ${reason}`));
      return USAGE_STATUS;
    }
    const profiling = new Profiling(path, fd, imagePath, image);
    for (const problem of profiling.#files.problems) say(escapeTerminal(problem));
    if (profiling.#files.names === null) say("there are no names: the profile shows numbers");
    return profiling;
  }

  /** @param profile null: the engine has made none */
  close(profile: CpuProfile | null): void {
    try {
      if (profile === null) {
        say(escapeTerminal(`there is no profile for ${this.#path}: the thread did not answer`));
        return;
      }
      const symboliser = new Symboliser(this.#original.verified, this.#files);
      const text = JSON.stringify(explainProfile(profile, symboliser, this.#imagePath));
      writeSync(this.#fd, text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say(escapeTerminal(`the profile ${this.#path} cannot be written: ${reason}`));
    } finally {
      closeSync(this.#fd);
    }
  }
}
