/** Why a store could not be opened. */
export enum Problem {
  NONE,
  DEVICE,
  TOO_SMALL,
  BLANK,
  FOREIGN,
  VERSION,
  META,
  SHRUNK,
  SECTOR,
  MAP,
  LOG,
  VALUE,
  CACHE,
}

/** In words, for an operator: only images that ask have them. */
export function problemText(problem: Problem): string {
  switch (problem) {
    case Problem.NONE:
      return "none";
    case Problem.DEVICE:
      return "the device failed";
    case Problem.TOO_SMALL:
      return "the device has fewer than 64 pages of 4096 bytes, or moves less than one in a request";
    case Problem.BLANK:
      return "there is no store on the device, and none may be made";
    case Problem.FOREIGN:
      return 'something else is on the device; format: "always" overwrites it';
    case Problem.VERSION:
      return "the store was made by a newer version";
    case Problem.META:
      return "the meta page is damaged";
    case Problem.SHRUNK:
      return "the device is smaller than the store";
    case Problem.SECTOR:
      return "the store was made on a device with smaller sectors";
    case Problem.MAP:
      return "the map of free pages is damaged";
    case Problem.LOG:
      return "a record of the log that was durable is damaged";
    case Problem.VALUE:
      return "a value that the log refers to is damaged";
    default:
      return "the cache is too small for the batches in the log; raise cacheBytes";
  }
}
