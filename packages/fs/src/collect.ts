/** Reads a directory of the machine that builds, for what an image will hold. */
import { lstatSync, readFileSync, readdirSync, realpathSync, statSync, type Stats } from "node:fs";
import { join, relative, sep } from "node:path";
import { ConfigurationError, type DataContext } from "phantasm";

export interface CollectedFile {
  /** `docs/index.html`: without a `/` in front. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface CollectOptions {
  readonly includes: (path: string) => boolean;
  readonly hidden: boolean;
  readonly bytesMax: number;
}

/** Files, and directories inside each other. */
const FILES_MAX = 65_536;
const DEPTH_MAX = 64;
const NAME_BYTES_MAX = 255;

/** The one name with a dot in front that servers are asked for (RFC 8615). */
const WELL_KNOWN = ".well-known";

// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** What went wrong, in words, from an error of Node's file system. */
function reason(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES" || code === "EPERM") return "may not be read";
  if (code === "ELOOP") return "is a symbolic link that leads in a circle";
  return `cannot be read: ${code ?? String(error)}`;
}

class Collector {
  readonly #files: CollectedFile[] = [];
  readonly #context: DataContext;
  readonly #root: string;
  readonly #options: CollectOptions;
  #bytes = 0;

  /** @param root real path of the directory */
  constructor(context: DataContext, root: string, options: CollectOptions) {
    this.#context = context;
    this.#root = root;
    this.#options = options;
  }

  get files(): readonly CollectedFile[] {
    return this.#files;
  }

  /** @param above real paths of the directories around, to find a link that leads back */
  directory(folder: string, path: string, above: readonly string[]): void {
    if (above.length > DEPTH_MAX)
      this.#refuse(folder, `lies more than ${DEPTH_MAX} directories deep`);
    this.#context.input(folder);
    for (const name of this.#names(folder)) {
      if (!this.#options.hidden && name.startsWith(".") && name !== WELL_KNOWN) continue;
      this.#entry(join(folder, name), path === "" ? name : `${path}/${name}`, above);
    }
  }

  #names(folder: string): string[] {
    let names: Buffer[];
    try {
      names = readdirSync(folder, { encoding: "buffer" });
    } catch (error) {
      this.#refuse(folder, reason(error));
    }
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return names.map((bytes) => {
      let name = "";
      try {
        name = decoder.decode(bytes);
      } catch {
        this.#refuse(join(folder, bytes.toString("latin1")), "has a name that is not UTF-8");
      }
      if (CONTROL.test(name))
        this.#refuse(
          folder,
          `has an entry with a control character in its name: ${JSON.stringify(name)}`,
        );
      if (bytes.length > NAME_BYTES_MAX)
        this.#refuse(join(folder, name), `has a name of more than ${NAME_BYTES_MAX} bytes`);
      return name;
    });
  }

  #entry(file: string, path: string, above: readonly string[]): void {
    let stats: Stats;
    let real = file;
    let link = false;
    try {
      stats = lstatSync(file);
      link = stats.isSymbolicLink();
      if (link) {
        real = realpathSync(file);
        stats = statSync(real);
      } else if (stats.isDirectory()) {
        real = realpathSync(file);
      }
    } catch (error) {
      const broken = (error as { code?: string }).code === "ENOENT";
      this.#refuse(file, broken ? "is a symbolic link to nothing" : reason(error));
    }
    if (stats.isDirectory()) {
      if (link) this.#stay(file, real);
      if (above.includes(real)) this.#refuse(file, "is a symbolic link to a directory around it");
      this.directory(file, path, [...above, real]);
      return;
    }
    if (!this.#options.includes(path)) return;
    if (link) this.#stay(file, real);
    if (!stats.isFile()) this.#refuse(file, "is neither a file nor a directory");
    if (this.#files.length === FILES_MAX) this.#refuse(file, `is one file more than ${FILES_MAX}`);
    this.#room(file, stats.size);
    this.#context.input(file);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(real);
    } catch (error) {
      this.#refuse(file, reason(error));
    }
    this.#room(file, bytes.length);
    this.#bytes += bytes.length;
    this.#files.push({ path, bytes });
  }

  #room(file: string, bytes: number): void {
    const { bytesMax } = this.#options;
    if (this.#bytes + bytes <= bytesMax) return;
    this.#refuse(
      file,
      `is too much: ${this.#bytes + bytes} bytes with the files before it, bytesMax is ${bytesMax}`,
    );
  }

  #stay(file: string, real: string): void {
    if (real !== this.#root && !real.startsWith(this.#root + sep))
      this.#refuse(file, "is a symbolic link that leaves the directory");
  }

  #refuse(file: string, problem: string): never {
    // A link is put right where it lies.
    this.#context.input(file);
    throw new ConfigurationError(`files: ${relative(this.#context.directory, file)} ${problem}`);
  }
}

/**
 * All files below a directory. The order is that of the file system.
 *
 * @param folder absolute
 * @throws ConfigurationError for whatever is not a plain file inside the directory
 */
export function collect(
  context: DataContext,
  folder: string,
  options: CollectOptions,
): readonly CollectedFile[] {
  const shown = relative(context.directory, folder) || ".";
  let root: string;
  try {
    root = realpathSync(folder);
    if (!statSync(root).isDirectory())
      throw new ConfigurationError(`files: ${shown} is not a directory`);
    // The image would lie in itself, with the sources and all packages.
    if (`${realpathSync(context.directory)}${sep}`.startsWith(`${root}${sep}`))
      throw new ConfigurationError(
        `files: ${shown} holds the configuration itself; put the files into a directory of their own`,
      );
  } catch (error) {
    // It may be made, or become one.
    context.input(folder);
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`files: ${shown} ${reason(error)}`);
  }
  const collector = new Collector(context, root, options);
  collector.directory(folder, "", [root]);
  return collector.files;
}
