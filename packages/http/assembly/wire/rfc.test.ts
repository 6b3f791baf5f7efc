/** Examples of RFC 9110 and RFC 9112, and calendars. */
import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { textOf } from "./characters";
import { Ranges, Validators } from "./conditions";
import { Content, ContentReader } from "./content-reader";
import { CivilDate, DATE_BYTES, NO_DATE, daysOf, putDate, readDate } from "./date";
import { HeadLimits } from "./head";
import { acceptedCoding } from "./quality";
import { RequestHead } from "./request-head";
import { percentDecode, queryValue } from "./target";

const area: usize = heap.alloc(4096);
const head = new RequestHead(new HeadLimits());

function place(text: string): i32 {
  for (let i = 0; i < text.length; i++) store<u8>(area + <usize>i, <u8>text.charCodeAt(i));
  return text.length;
}

/** A request with these lines. */
function parse(lines: string): void {
  expect(head.parse(area, place(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`))).toBeGreaterThan(
    0,
  );
}

describe("dates (RFC 9110 §5.6.7)", () => {
  test("in three forms", () => {
    const forms: string[] = [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
    ];
    for (let i = 0; i < forms.length; i++)
      expect(readDate(area, place(forms[i]), 1_700_000_000)).toBe(784_111_777);
    putDate(area, 784_111_777);
    expect(textOf(area, DATE_BYTES)).toBe(forms[0]);
  });

  test("of two digits are less than 50 years away", () => {
    const now: i64 = 1_795_000_000; // 2026
    expect(readDate(area, place("Sunday, 01-Jan-76 00:00:00 GMT"), now)).toBe(
      daysOf(2076, 1, 1) * 86_400,
    );
    expect(readDate(area, place("Sunday, 01-Jan-77 00:00:00 GMT"), now)).toBe(
      daysOf(1977, 1, 1) * 86_400,
    );
  });

  test("that are none", () => {
    const wrong: string[] = [
      "",
      "0",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08-49-37 GMT",
      "Sunday, 6-Nov-94 08:49:37 GMT",
      "Sun Nov 06 08:49:37 94",
    ];
    for (let i = 0; i < wrong.length; i++)
      expect(wrong[i] + readDate(area, place(wrong[i]), 0).toString()).toBe(
        wrong[i] + NO_DATE.toString(),
      );
  });

  test("of every day are written and read (seed 3)", () => {
    const random = new TestRandom(3);
    const civil = new CivilDate();
    for (let day: i64 = -200_000; day < 2_900_000; day += 1 + <i64>random.below(20)) {
      civil.setDays(day);
      expect(daysOf(civil.year, civil.month, civil.day)).toBe(day);
      if (civil.year < 1000) continue;
      const seconds = day * 86_400 + <i64>random.below(86_400);
      putDate(area, seconds);
      expect(readDate(area, DATE_BYTES, 0)).toBe(seconds);
    }
  });
});

test("ranges of 10 000 bytes (RFC 9110 §14.1.2)", () => {
  const ranges = new Ranges();
  const there = new Validators();
  const asked: string[] = [
    "0-499",
    "500-999",
    "-500",
    "9500-",
    "0-0,-1",
    "500-600,601-999",
    " , 0-1",
  ];
  const got: string[] = [
    "0-499",
    "500-999",
    "9500-9999",
    "9500-9999",
    "0-0 9999-9999",
    "500-600 601-999",
    "0-1",
  ];
  for (let i = 0; i < asked.length; i++) {
    parse(`Range: bytes=${asked[i]}`);
    expect(ranges.judge(head, there, 10_000, 0)).toBe(206);
    let text = "";
    for (let j = 0; j < ranges.count; j++)
      text += `${j > 0 ? " " : ""}${ranges.first[j]}-${ranges.end[j] - 1}`;
    expect(text).toBe(got[i]);
  }
});

test("If-Range by date (RFC 9110 §13.1.5)", () => {
  const ranges = new Ranges();
  const there = new Validators();
  there.modified = 784_111_777;
  parse("Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT");
  expect(ranges.judge(head, there, 10, there.modified + 1)).toBe(206);
  // It may change again in the same second.
  expect(ranges.judge(head, there, 10, there.modified)).toBe(200);
  there.modified--;
  expect(ranges.judge(head, there, 10, there.modified + 100)).toBe(200);
});

test("Accept-Encoding (RFC 9110 §12.5.3)", () => {
  const fields: string[] = [
    "compress, gzip",
    "",
    "*",
    "compress;q=0.5, gzip;q=1.0",
    "gzip;q=1.0, identity; q=0.5, *;q=0",
    "identity;q=0",
    "identity;q=0, *",
    "*;q=0",
    "X-GZip;q=0.001, br;q=0",
  ];
  const gzip: i32[] = [1000, 0, 1000, 1000, 1000, 0, 1000, 0, 1];
  const brotli: i32[] = [0, 0, 1000, 0, 0, 0, 1000, 0, 0];
  const identity: i32[] = [1, 1, 1000, 1, 500, 0, 0, 0, 1];
  for (let i = 0; i < fields.length; i++) {
    parse(`Accept-Encoding: ${fields[i]}`);
    expect(acceptedCoding(head, "gzip")).toBe(gzip[i]);
    expect(acceptedCoding(head, "br")).toBe(brotli[i]);
    expect(acceptedCoding(head, "identity")).toBe(identity[i]);
  }
});

test("chunks (RFC 9112 §7.1), cut anywhere", () => {
  const text =
    '4\r\nWiki\r\n6;a=b;c="d\\""\r\npedia \r\nE ;x\r\nin \r\n\r\nchunks.\r\n000\r\nX-Y: z\r\n\r\nGET';
  for (let cut = 1; cut < text.length; cut++) {
    const reader = new ContentReader();
    reader.beginChunked();
    place(text);
    let content = "";
    let at = 0;
    let end = cut;
    for (let found = Content.MORE; found != Content.END;) {
      found = reader.next(area + <usize>at, end - at);
      expect(found).not.toBe(Content.BROKEN);
      if (found == Content.DATA) content += textOf(reader.dataAt, reader.dataBytes);
      at += reader.taken;
      if (found == Content.MORE) end = min(end + cut, text.length);
    }
    expect(content).toBe("Wikipedia in \r\n\r\nchunks.");
    expect(text.substring(at)).toBe("GET");
    expect(reader.isDone).toBe(true);
  }
});

test("targets (RFC 3986 §2.1)", () => {
  expect(textOf(area, percentDecode(area, place("a%20b%2Fc%c3%bc+"), area, false))).toBe("a b/cü+");
  const wrong: string[] = ["%", "%1", "%g0", "%00", "a%"];
  for (let i = 0; i < wrong.length; i++)
    expect(percentDecode(area, place(wrong[i]), area, false)).toBe(-1);
  const bytes = place("a=1&b&c=x+y%26&=d&a=2&e=%zz");
  expect(queryValue(area, bytes, "a")).toBe("1");
  expect(queryValue(area, bytes, "b")).toBe("");
  expect(queryValue(area, bytes, "c")).toBe("x y&");
  expect(queryValue(area, bytes, "")).toBe("d");
  expect(queryValue(area, bytes, "d")).toBeNull();
  expect(queryValue(area, bytes, "e")).toBeNull();
  expect(queryValue(area, -1, "a")).toBeNull();
  const foreign: string[] = ["a=%ff", "a=x%80", "a=%c3", "a=%c0%af", "a=%ed%a0%80"];
  for (let i = 0; i < foreign.length; i++)
    expect(queryValue(area, place(foreign[i]), "a")).toBeNull();
});
