/** Disks that are a part of another one. */
import { ConfigurationError, checkOptions, type Device } from "phantasm";
import { disk, layer, whole } from "./values.js";

export interface SliceOptions {
  /** First sector. */
  readonly first: number;
  /** How many; default: up to the end of the disk. */
  readonly sectors?: number;
}

/**
 * Some sectors of a disk. A disk that is too small for them has the state RANGE.
 *
 * @example devices: { log: slice(block("disk"), { first: 2048, sectors: 65536 }) }
 */
export function slice(of: Device<"Block">, options: SliceOptions): Device<"Block"> {
  const what = "slice";
  checkOptions(what, options, ["first", "sectors"]);
  const { first, sectors } = options;
  const most = Number.MAX_SAFE_INTEGER;
  return layer("Slice", [
    disk("disk", of),
    { name: "first", value: whole(what, "first", first, 0, most) },
    {
      name: "count",
      value: sectors === undefined ? 0 : whole(what, "sectors", sectors, 1, most),
    },
  ]);
}

/** Which partition: exactly one of these. */
export interface PartitionChoice {
  /** 1 is the first; the logical ones of an MBR begin with 5. */
  readonly number?: number;
  /** The label of a GPT partition. */
  readonly name?: string;
  /**
   * The type: a GUID such as `"0fc63daf-8483-4772-8e79-3d69d8477de4"`, or `"linux"`, `"efi"`, `"data"`; of an MBR a
   * number such as `0x83`. The first partition that has it.
   */
  readonly type?: string | number;
}

const NAME_UNITS_MAX = 36;
const NUMBER_MAX = 1024;

/** As in packages/block/assembly/partition/choice.ts. */
const By = { NUMBER: 0, NAME: 1, TYPE_GUID: 2, TYPE_ID: 3 } as const;

const TYPES: Readonly<Record<string, string>> = {
  linux: "0fc63daf-8483-4772-8e79-3d69d8477de4",
  efi: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  data: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
};

const GUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/;

/** A GUID as it lies on a disk: its first three fields are little-endian (UEFI 2.10, appendix A). */
function guidBytes(type: string): string {
  const [, first, second, third, ...rest] = GUID.exec((TYPES[type] ?? type).toLowerCase()) ?? [];
  if (first === undefined || second === undefined || third === undefined)
    throw new ConfigurationError(
      `partition: type must be a GUID, a number, or one of ${Object.keys(TYPES).join(", ")}, got ${JSON.stringify(type)}`,
      "type",
    );
  const reversed = [first, second, third].map((field) =>
    (field.match(/../g) ?? []).reverse().join(""),
  );
  return [...reversed, ...rest].join("");
}

/**
 * A partition of a disk with a GPT or an MBR. The table is read when the device is made; until then, and when there
 * is no such partition, the device's `state` says so.
 *
 * @example devices: { data: partition(block("disk"), { name: "data" }) }
 */
export function partition(of: Device<"Block">, choice: PartitionChoice): Device<"Block"> {
  const what = "partition";
  checkOptions(what, choice, ["number", "name", "type"]);
  const keys = Object.keys(choice);
  if (keys.length !== 1)
    throw new ConfigurationError(`${what}: expected one of number, name and type`, keys[1]);
  let by: number = By.NUMBER;
  let number = 0;
  let text = "";
  if (choice.name !== undefined) {
    by = By.NAME;
    text = choice.name;
    if (typeof text !== "string" || text.length < 1 || text.length > NAME_UNITS_MAX)
      throw new ConfigurationError(
        `${what}: name must have 1 to ${NAME_UNITS_MAX} characters, got ${JSON.stringify(text)}`,
        "name",
      );
  } else if (typeof choice.type === "string") {
    by = By.TYPE_GUID;
    text = guidBytes(choice.type);
  } else if (choice.type !== undefined) {
    by = By.TYPE_ID;
    number = whole(what, "type", choice.type, 1, 255);
  } else {
    number = whole(what, "number", choice.number, 1, NUMBER_MAX);
  }
  return layer("Partition", [
    disk("disk", of),
    { name: "by", value: by },
    { name: "number", value: number },
    { name: "text", value: text },
  ]);
}
