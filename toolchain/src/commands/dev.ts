/** `phantasm dev`: builds and boots, and again on every change. */
import type { Profile } from "../configuration/unikernel.js";
import type { BuildError } from "../diagnostics.js";
import { buildInPassing } from "./build.js";
import { Child } from "./dev-child.js";
import { ChangeWatcher } from "./dev-watcher.js";
import { usageError } from "./errors.js";
import type { Invocation } from "./parse.js";
import { sayBuildError } from "./report.js";
import { projectFolder } from "./target.js";
import type { Terminal } from "./terminal.js";

const PROFILES: readonly string[] = ["debug", "speed", "size"] satisfies Profile[];

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** See `phantasm run`. */
const DESCRIBE_SIGNALS = ["SIGQUIT", "SIGUSR1"] as const;

/** `phantasm dev [DIR] [OPTIONS] [-- ARGS]`: until SIGINT or SIGTERM. */
export async function dev(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [given = "."] = invocation.operands;
  if (invocation.help === "operand") {
    const { run } = await import("./run.js");
    return run(invocation, terminal);
  }
  const profile = invocation.value("profile") ?? "debug";
  if (!isProfile(profile))
    throw usageError(
      `--profile ${profile}: expected ${PROFILES.join(", ")}`,
      `See: ${terminal.program} help dev`,
    );
  const directory = projectFolder(given, terminal.program);
  return new Development(directory, profile, bootWords(invocation), terminal).untilStopped();
}

function isProfile(text: string): text is Profile {
  return PROFILES.includes(text);
}

/** The other options of `dev` are options of `run`, and go there as they are. */
function bootWords(invocation: Invocation): string[] {
  const { definition, words } = invocation;
  const booting = definition.options.filter(({ name }) => name !== "profile");
  const options = booting.flatMap(({ name, value }) =>
    invocation
      .values(name)
      .flatMap((given) => (value === undefined ? [`--${name}`] : [`--${name}`, given])),
  );
  return [...options, ...(words.length > 0 ? ["--", ...words] : [])];
}

class Development {
  readonly #directory: string;
  readonly #profile: Profile;
  readonly #words: readonly string[];
  readonly #terminal: Terminal;
  readonly #watcher: ChangeWatcher;
  #child: Child | null = null;
  #building = false;
  #again = false;
  #stopped = false;
  #finish: () => void = () => undefined;
  #failed: (error: unknown) => void = () => undefined;

  constructor(directory: string, profile: Profile, words: readonly string[], terminal: Terminal) {
    this.#directory = directory;
    this.#profile = profile;
    this.#words = words;
    this.#terminal = terminal;
    this.#watcher = new ChangeWatcher(() => void this.#rebuild());
    this.#watcher.watch([`${directory}/phantasm.config.ts`, `${directory}/main.ts`]);
  }

  async untilStopped(): Promise<number> {
    const end = new Promise<void>((resolve, reject) => {
      this.#finish = resolve;
      this.#failed = reject;
    });
    const stop = (signal: NodeJS.Signals): void => void this.#stop(signal);
    for (const signal of SIGNALS) process.on(signal, stop);
    for (const signal of DESCRIBE_SIGNALS) process.on(signal, this.#describe);
    try {
      void this.#rebuild();
      await end;
    } finally {
      for (const signal of SIGNALS) process.off(signal, stop);
      for (const signal of DESCRIBE_SIGNALS) process.off(signal, this.#describe);
      this.#watcher.close();
      await this.#child?.end();
    }
    return 0;
  }

  /** A change while a build runs asks for one more, however many there were. */
  async #rebuild(): Promise<void> {
    if (this.#building) {
      this.#again = true;
      return;
    }
    this.#building = true;
    try {
      do {
        this.#again = false;
        await this.#build();
      } while (this.#again && !this.#stopped);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#building = false;
    }
  }

  async #build(): Promise<void> {
    try {
      // A line that is replaced would mix with what the image prints meanwhile.
      const interactive = this.#terminal.interactive && this.#child?.running !== true;
      const { path, inputs } = await buildInPassing(
        this.#directory,
        { ...this.#terminal, interactive },
        { profile: this.#profile },
      );
      this.#watcher.watch(inputs);
      if (!this.#again && !this.#stopped) await this.#boot(path);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "BuildError") throw error;
      const { diagnostics, inputs } = error as BuildError;
      const places = diagnostics.flatMap(({ file }) => (file === undefined ? [] : [file]));
      this.#watcher.watch([...this.#watcher.files, ...places, ...inputs], true);
      await sayBuildError(error as BuildError, this.#terminal);
      this.#say(
        this.#child?.running ? "the image before this change goes on" : "waits for a change",
      );
    }
  }

  async #boot(path: string): Promise<void> {
    await this.#child?.end();
    if (this.#stopped) return;
    this.#child = new Child(path, this.#words, (status) => {
      if (!this.#stopped)
        this.#say(`ended with status ${status}; waits for a change, Ctrl-C ends dev`);
    });
  }

  /** The terminal has sent Ctrl-C to the image as well; other signals are passed on. */
  async #stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#child?.end(signal);
    this.#finish();
  }

  /** The image tells what it is doing. */
  readonly #describe = (signal: NodeJS.Signals): void => {
    if (this.#child?.running === true) this.#child.describe(signal);
    else this.#say("no image runs");
  };

  #say(text: string): void {
    this.#terminal.say(`${this.#terminal.sayStyle.dim(`phantasm dev: ${text}`)}\n`);
  }
}
