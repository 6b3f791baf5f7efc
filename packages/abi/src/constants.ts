/** The constants of the specification as plain numbers, for code that uses them. */
import {
  ABORT_REASONS,
  BLOCK_FLAGS,
  BLOCK_OPERATIONS,
  ERRORS,
  EVENTS,
  EXIT,
  LIMITS,
  NET_FEATURES,
  OBSERVATION_BLOCK,
} from "./specification.js";

type Table = Readonly<Record<string, { readonly value: number; readonly meaning: string }>>;
type Values<T extends Table> = { readonly [K in keyof T]: T[K]["value"] };

function values<T extends Table>(table: T): Values<T> {
  return Object.freeze(
    Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value])),
  ) as Values<T>;
}

export const Errno = values(ERRORS);
export const Event = values(EVENTS);
export const Exit = values(EXIT);
export const AbortReason = values(ABORT_REASONS);
export const BlockOperation = values(BLOCK_OPERATIONS);
export const BlockFlag = values(BLOCK_FLAGS);
export const NetFeature = values(NET_FEATURES);
export const ObservationBlock = values(OBSERVATION_BLOCK);
export const Limit = values(LIMITS);
