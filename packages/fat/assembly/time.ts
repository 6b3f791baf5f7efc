/** Times of a directory entry: two seconds fine, from 1980 to 2107; taken as UTC. */
import { SECOND } from "@phantasm/interfaces";

const DAY_SECONDS: i64 = 86_400;
/** 1980-01-01, in days since 1970. */
const EPOCH_DAYS: i64 = 3652;
/** Of 2107-12-31T23:59:58Z, in seconds since 1970. */
const LAST_SECONDS: i64 = 4_354_819_198;

/** Date in the upper half, time in the lower; what lies outside becomes the first or the last. */
export function dosTime(wallNs: i64): u32 {
  const seconds = min(max(wallNs / SECOND, EPOCH_DAYS * DAY_SECONDS), LAST_SECONDS);
  const day = seconds % DAY_SECONDS;
  // Days to a date: years begin in March, so that a leap day is the last (Richards 2013).
  const shifted = seconds / DAY_SECONDS + 719_468;
  const century = shifted / 146_097;
  const inCentury = shifted % 146_097;
  const year = (inCentury - inCentury / 1460 + inCentury / 36_524 - inCentury / 146_096) / 365;
  const inYear = inCentury - (365 * year + year / 4 - year / 100);
  const month = (5 * inYear + 2) / 153;
  const date = inYear - (153 * month + 2) / 5 + 1;
  const calendarMonth = month < 10 ? month + 3 : month - 9;
  const calendarYear = century * 400 + year + (calendarMonth <= 2 ? 1 : 0);
  return <u32>(
    (((calendarYear - 1980) << 25) |
      (calendarMonth << 21) |
      (date << 16) |
      ((day / 3600) << 11) |
      (((day / 60) % 60) << 5) |
      ((day % 60) / 2))
  );
}

/** In ns since 1970; 0 for what is no date. */
export function fromDosTime(time: u32): i64 {
  const month = <i64>((time >> 21) & 15);
  const date = <i64>((time >> 16) & 31);
  if (month < 1 || month > 12 || date < 1) return 0;
  const year = <i64>(1980 + (time >> 25)) - (month <= 2 ? 1 : 0);
  const century = year / 400;
  const inCentury = year % 400;
  const inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1;
  const days =
    century * 146_097 + inCentury * 365 + inCentury / 4 - inCentury / 100 + inYear - 719_468;
  const seconds =
    <i64>((time >> 11) & 31) * 3600 + <i64>((time >> 5) & 63) * 60 + <i64>(time & 31) * 2;
  return (days * DAY_SECONDS + seconds) * SECOND;
}
