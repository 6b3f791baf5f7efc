/** `--trace`: the file, from before the boot until after the end. */
import { escapeTerminal } from "@phantasm/seal/escape";
import type { Image } from "../image.js";
import { readSideFiles } from "../symbolise/side-files.js";
import { unfinishedStep } from "../trace/domain-trace.js";
import { TraceError, TraceFile } from "../trace/file.js";
import { say, USAGE_STATUS, type RunOptions } from "./run.js";

export class Tracing {
  readonly file: TraceFile;
  readonly classes: readonly string[] | null;

  private constructor(file: TraceFile, classes: readonly string[] | null) {
    this.file = file;
    this.classes = classes;
  }

  /** Opens the file that the operator named; or the status to end with. The reason has been printed. */
  static open(path: string, options: RunOptions, image: Image): Tracing | number {
    const { traceBytesMax } = options;
    try {
      const file = TraceFile.open(
        path,
        traceBytesMax === undefined ? {} : { bytesMax: traceBytesMax },
      );
      return new Tracing(file, readSideFiles(options.imagePath, image.digest).classes);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      say(escapeTerminal(error.message));
      return USAGE_STATUS;
    }
  }

  /** @param stepNs how long the step has lasted in which the domain was ended; 0: in none */
  close(stepNs: number): void {
    this.file.close(stepNs > 0 ? [unfinishedStep(this.file, stepNs)] : []);
  }
}
