/** What the configuration says; see src/index.ts for the limits. */
export enum Format {
  BLANK,
  ALWAYS,
  NEVER,
}


@final
export class Settings {
  cacheBytes: i32 = 4 << 20;
  operationsMax: i32 = 256;
  snapshotsMax: i32 = 16;
  streamsMax: i32 = 8;
  writersMax: i32 = 4;
  watchersMax: i32 = 16;
  watchBytes: i32 = 16384;
  format: i32 = Format.BLANK;
}
