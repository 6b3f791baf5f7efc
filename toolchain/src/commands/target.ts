/** DIR or IMAGE: whatever a command takes, it gets the bytes of an image. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BuildOptions } from "../build.js";
import { UserError } from "./errors.js";
import { explain, fileError, shown } from "./files.js";
import type { Terminal } from "./terminal.js";

const CONFIGURATION_FILE = "phantasm.config.ts";

/** No image is larger than what the seal allows; reading more would only cost memory. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

export interface Target {
  /** Absolute path of the image. */
  readonly path: string;
  /** What the user named: the folder or the image, for the next command. */
  readonly shown: string;
}

export interface OpenTarget extends Target {
  readonly bytes: Uint8Array;
}

/** The absolute folder of a project. */
export function projectFolder(given: string, program: string): string {
  const path = resolve(given);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true)
    throw new UserError(
      stat ? `${shown(path)} is not a folder` : `${shown(path)}: no such folder`,
      { hint: `Make a project: ${program} new hello my-app` },
    );
  if (!existsSync(join(path, CONFIGURATION_FILE)))
    throw new UserError(`no ${CONFIGURATION_FILE} in ${shown(path)}`, {
      hint: `Name a folder that has one, or make one: ${program} new hello my-app`,
    });
  return path;
}

/**
 * Finds an image, after building it when `given` is a folder and a source is newer.
 *
 * @param more of a folder: a profile in the place of its own, whose image is always built; and who looks at what
 *   an image declares before it is built
 * @throws UserError when there is none, BuildError when it does not build
 */
export async function findTarget(
  given: string,
  terminal: Terminal,
  more: Pick<BuildOptions, "profile" | "onDeclared"> = {},
): Promise<Target> {
  const path = resolve(given);
  if (look(path, terminal.program) === "file") return { path, shown: shown(path) };
  const folder = projectFolder(given, terminal.program);
  return { path: await imageOfProject(folder, terminal, more), shown: shown(folder) };
}

/** `findTarget`, and the bytes of the image. */
export async function openTarget(given: string, terminal: Terminal): Promise<OpenTarget> {
  const target = await findTarget(given, terminal);
  try {
    return { ...target, bytes: readFileSync(target.path) };
  } catch (error) {
    throw fileError(target.path, error);
  }
}

function look(path: string, program: string): "directory" | "file" {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return "directory";
    if (!stat.isFile()) throw new UserError(`${shown(path)} is neither a folder nor a file`);
    if (stat.size > FILE_BYTES_MAX)
      throw new UserError(`${shown(path)}: ${stat.size} bytes are more than an image may have`);
    return "file";
  } catch (error) {
    throw explain(error) === "no such file or directory"
      ? new UserError(`${shown(path)}: no such file or directory`, {
          hint: `Name an image, or a folder with a ${CONFIGURATION_FILE}. Make one: ${program} new hello my-app`,
        })
      : fileError(path, error);
  }
}

async function imageOfProject(
  folder: string,
  terminal: Terminal,
  more: Pick<BuildOptions, "profile" | "onDeclared">,
): Promise<string> {
  if (more.profile === undefined) {
    const { readStamp, stampHolds } = await import("../stamp.js");
    const stamp = readStamp(folder);
    if (stamp && stampHolds(stamp)) return stamp.image;
  }
  const { buildInPassing } = await import("./build.js");
  return (await buildInPassing(folder, terminal, more)).path;
}
