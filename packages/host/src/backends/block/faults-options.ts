/** `--block-faults [NAME=]read-error=1%,torn=0.1%,…` as plain data. */
import type { Named } from "../option-text.js";
import { duration, parseSettings, seed, share, type Readers } from "../settings.js";

/** Shares are 0 to 1, of the requests they are about. */
export interface Faults {
  /** Answer "io", and nothing was read, written, flushed. */
  readonly readError?: number;
  readonly writeError?: number;
  readonly flushError?: number;
  /** Reads and writes that move only their first sectors, and answer "io". */
  readonly short?: number;
  /** Writes that end somewhere inside, at any byte, and answer "io". */
  readonly torn?: number;
  /** Reads that give one bit wrong, and writes that store one bit wrong; both answer "ok". */
  readonly readFlip?: number;
  readonly writeFlip?: number;
  /** Requests that take `delayNs` longer; all of them when there is a delay and no share. */
  readonly slow?: number;
  readonly delayNs?: number;
  /**
   * Writes stay in a cache of the disk, which a flush empties. When the disk is closed, each sector left
   * there is lost with this chance, as when the power fails.
   */
  readonly lose?: number;
}

export interface FaultsDescription extends Faults {
  /** Repeats what happened; random unless given. */
  readonly seed?: number;
}

const FORM =
  "--block-faults [NAME=]KEY=VALUE,… with any of read-error=1%, write-error=1%, flush-error=1%, short=1%, " +
  "torn=1%, read-flip=0.1%, write-flip=0.1%, slow=1%, delay=20ms, lose=50%, seed=7";

const DELAY_NS_MAX = 60e9;

/** Throws BackendError. The name is that of the device, or null. */
export function parseFaultsOption(text: string): Named<FaultsDescription> {
  return parseSettings("--block-faults", text, READERS, FORM);
}

const READERS: Readers<FaultsDescription> = {
  "read-error": (value) => part("readError", value),
  "write-error": (value) => part("writeError", value),
  "flush-error": (value) => part("flushError", value),
  short: (value) => part("short", value),
  torn: (value) => part("torn", value),
  "read-flip": (value) => part("readFlip", value),
  "write-flip": (value) => part("writeFlip", value),
  slow: (value) => part("slow", value),
  delay: (value) => {
    const delayNs = duration(value, DELAY_NS_MAX);
    return delayNs === null ? null : { delayNs };
  },
  lose: (value) => part("lose", value),
  seed: (value) => {
    const number = seed(value);
    return number === null ? null : { seed: number };
  },
};

function part(key: keyof Faults, value: string): FaultsDescription | null {
  const number = share(value);
  return number === null ? null : { [key]: number };
}
