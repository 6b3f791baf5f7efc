/** Units of time: every instant and every duration is an i64 in nanoseconds. */

export const NANOSECOND: i64 = 1;
export const MICROSECOND: i64 = 1000;
export const MILLISECOND: i64 = 1000 * MICROSECOND;
export const SECOND: i64 = 1000 * MILLISECOND;
export const MINUTE: i64 = 60 * SECOND;
export const HOUR: i64 = 60 * MINUTE;
