/** Dates of fields: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7). Days are counted as in the proleptic Gregorian calendar. */
import { isDigit, putText } from "./characters";

/** Bytes of a date as we write it. */
export const DATE_BYTES: i32 = 29;

/** What is no date. */
export const NO_DATE: i64 = i64.MIN_VALUE;

const DAYS: string = "SunMonTueWedThuFriSat";
const MONTHS: string = "JanFebMarAprMayJunJulAugSepOctNovDec";

/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;

const GMT_LOWER: i32 = 0x746d67;

/** A day, apart: what both directions share. Years begin in March, so that the leap day is the last. */
export class CivilDate {
  year: i32 = 0;
  /** 1 to 12. */
  month: i32 = 0;
  /** 1 to 31. */
  day: i32 = 0;

  setDays(daysSince1970: i64): void {
    const days = daysSince1970 + EPOCH_DAYS;
    const era = (days >= 0 ? days : days - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
    const ofEra = <i32>(days - era * DAYS_OF_400_YEARS);
    const years = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365;
    const ofYear = ofEra - (365 * years + years / 4 - years / 100);
    const month = (5 * ofYear + 2) / 153;
    this.day = ofYear - (153 * month + 2) / 5 + 1;
    this.month = month < 10 ? month + 3 : month - 9;
    this.year = years + <i32>era * 400 + (this.month <= 2 ? 1 : 0);
  }
}

/** Days from 1970-01-01 to that day. */
export function daysOf(year: i32, month: i32, day: i32): i64 {
  const shifted = month <= 2 ? year - 1 : year;
  const era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const years = shifted - era * 400;
  const ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const ofEra = years * 365 + years / 4 - years / 100 + ofYear;
  return <i64>era * DAYS_OF_400_YEARS + <i64>ofEra - EPOCH_DAYS;
}

// @ts-ignore: decorator
@lazy
const civil = new CivilDate();

/** Writes a number with two digits. */
export function putTwo(to: usize, value: i32): usize {
  store<u8>(to, <u8>(0x30 + value / 10));
  store<u8>(to, <u8>(0x30 + (value % 10)), 1);
  return to + 2;
}

function putThree(to: usize, texts: string, index: i32): usize {
  for (let i = 0; i < 3; i++) store<u8>(to + <usize>i, <u8>texts.charCodeAt(index * 3 + i));
  return to + 3;
}

/** Writes a month's name, three letters. @param month 1 to 12 */
export function putMonth(to: usize, month: i32): usize {
  return putThree(to, MONTHS, month - 1);
}

/** Writes `08:49:37`. @param seconds of the day */
export function putTime(to: usize, seconds: i32): usize {
  to = putTwo(to, seconds / 3600);
  store<u8>(to, 0x3a);
  to = putTwo(to + 1, (seconds / 60) % 60);
  store<u8>(to, 0x3a);
  return putTwo(to + 1, seconds % 60);
}

/** Writes DATE_BYTES bytes. @param seconds since 1970 UTC, up to the year 9999 */
export function putDate(to: usize, seconds: i64): usize {
  const days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400;
  civil.setDays(days);
  const weekday = <i32>((((days + 4) % 7) + 7) % 7);
  to = putThree(to, DAYS, weekday);
  to = putText(to, ", ");
  to = putTwo(to, civil.day);
  to = putText(to, " ");
  to = putMonth(to, civil.month);
  to = putText(to, " ");
  to = putTwo(to, civil.year / 100);
  to = putTwo(to, civil.year % 100);
  to = putText(to, " ");
  to = putTime(to, <i32>(seconds - days * 86_400));
  return putText(to, " GMT");
}

function two(at: usize): i32 {
  const high = <i32>load<u8>(at);
  const low = <i32>load<u8>(at, 1);
  return isDigit(high) && isDigit(low) ? (high - 0x30) * 10 + low - 0x30 : -1;
}

function monthOf(at: usize): i32 {
  for (let month = 0; month < 12; month++) {
    let same = true;
    for (let i = 0; i < 3; i++)
      same = same && <i32>load<u8>(at + <usize>i) == MONTHS.charCodeAt(month * 3 + i);
    if (same) return month + 1;
  }
  return -1;
}

/** Seconds of `08:49:37`; -1: it is none. 60 is a leap second. */
function timeOf(at: usize): i32 {
  const hours = two(at);
  const minutes = two(at + 3);
  const seconds = two(at + 6);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60)
    return -1;
  if (load<u8>(at, 2) != 0x3a || load<u8>(at, 5) != 0x3a) return -1;
  return hours * 3600 + minutes * 60 + seconds;
}

function secondsOf(year: i32, month: i32, day: i32, time: i32): i64 {
  if (year < 0 || month < 1 || day < 1 || day > 31 || time < 0) return NO_DATE;
  const days = daysOf(year, month, day);
  civil.setDays(days);
  // The 31st of a short month.
  return civil.day == day ? days * 86_400 + <i64>time : NO_DATE;
}

function isGmt(at: usize): bool {
  return (
    (load<u8>(at) | ((<i32>load<u8>(at, 1)) << 8) | ((<i32>load<u8>(at, 2)) << 16) | 0x202020) ==
    GMT_LOWER
  );
}

/**
 * Reads a date in any of the three forms (RFC 9110 §5.6.7): seconds since 1970; NO_DATE.
 *
 * @param now seconds since 1970: two digits of a year mean the one that is less than 50 years away
 */
export function readDate(at: usize, bytes: i32, now: i64): i64 {
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (bytes == DATE_BYTES && load<u8>(at, 3) == 0x2c) {
    const century = two(at + 12);
    const year = two(at + 14);
    if (century < 0 || year < 0 || !isGmt(at + 26)) return NO_DATE;
    return secondsOf(century * 100 + year, monthOf(at + 8), two(at + 5), timeOf(at + 17));
  }
  // Sun Nov  6 08:49:37 1994
  if (bytes == 24 && load<u8>(at, 3) == 0x20) {
    const day = load<u8>(at, 8) == 0x20 ? <i32>load<u8>(at, 9) - 0x30 : two(at + 8);
    const century = two(at + 20);
    const year = two(at + 22);
    if (century < 0 || year < 0 || day > 31) return NO_DATE;
    return secondsOf(century * 100 + year, monthOf(at + 4), day, timeOf(at + 11));
  }
  // Sunday, 06-Nov-94 08:49:37 GMT
  let comma = 0;
  while (comma < bytes && comma < 10 && load<u8>(at + <usize>comma) != 0x2c) comma++;
  if (comma < 6 || bytes != comma + 24 || !isGmt(at + <usize>(bytes - 3))) return NO_DATE;
  const date = at + <usize>(comma + 2);
  const short = two(date + 7);
  if (short < 0) return NO_DATE;
  const month = monthOf(date + 3);
  civil.setDays(now / 86_400);
  let year = civil.year - (civil.year % 100) + short;
  if (year > civil.year + 50) year -= 100;
  return secondsOf(year, month, two(date), timeOf(date + 10));
}
