import { HostClock } from "@phantasm/clock";
import { Errno, RESET, SECOND } from "@phantasm/interfaces";
import { describe, expect, test, world } from "@phantasm/testing";
import { HttpServer } from "../server/server";
import { TestConnection, TestTcp, step, withoutDate } from "../testing";
import { Site, SiteOptions } from "./site";
import { TestFiles } from "./testing-files";

/** Sun, 06 Nov 1994 08:49:37 GMT */
const THEN: i64 = 784_111_777;

const clock = new HostClock(4096);
const files = new TestFiles();
const options = new SiteOptions();
const tcp = new TestTcp();
let server: HttpServer | null = null;
let site: Site | null = null;

files
  .addDirectory("/")
  .add("/index.html", "<h1>", "aabb")
  .addDirectory("/docs")
  .add("/docs/index.html", "docs", "cc")
  .add("/a.txt", "0123456789", "dd", THEN * SECOND)
  .add("/a.txt.gz", "GZ", "ee")
  .add("/a.txt.br", "B", "ff")
  .add("/old.bin", "old", "", THEN * SECOND)
  .add("/big", "z".repeat(100_000), "big")
  .add("/with space", "space", "")
  .add("/nothing", "")
  .addDirectory("/c++")
  .addDirectory("/empty");

function connect(): TestConnection {
  if (server === null) {
    world.setWallClock((THEN + 1000) * SECOND);
    site = new Site(files, options);
    server = new HttpServer(clock, site!);
    server!.listen(tcp, 80);
  }
  return tcp.arrives();
}

/** The whole answer to a GET. */
function get(path: string, more: string = "", method: string = "GET"): string {
  const client = connect();
  client.says(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`);
  for (let i = 0; i < 40; i++) step();
  const text = withoutDate(client.heard());
  client.breaks(RESET);
  return text;
}

/** The status of an answer. */
function status(path: string, more: string = "", method: string = "GET"): string {
  return get(path, more, method).substring(9, 12);
}

/** What follows the head. */
function content(answer: string): string {
  return answer.substring(answer.indexOf("\r\n\r\n") + 4);
}

describe("files", () => {
  test("as they lie in memory", () => {
    expect(get("/")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 4\r\n" +
        'Accept-Ranges: bytes\r\nETag: "aabb"\r\n\r\n<h1>',
    );
    const operations = files.operations;
    expect(content(get("/"))).toBe("<h1>");
    expect(files.operations).toBe(operations);
    expect(content(get("/big"))).toBe("z".repeat(100_000));
    expect(files.openFiles).toBe(0);
  });

  test("as they lie in memory, where large ones are referred to", () => {
    const client = connect();
    client.says("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let i = 0; i < 40; i++) step();
    expect(content(client.heard())).toBe("z".repeat(100_000));
    expect(client.stayed).toBe(100_000);
  });

  test("as they are read, at once and later", () => {
    files.lies = false;
    for (let round = 0; round < 2; round++) {
      files.slow = round == 1;
      expect(content(get("/"))).toBe("<h1>");
      expect(content(get("/big"))).toBe("z".repeat(100_000));
      expect(content(get("/big", "Range: bytes=99990-\r\n"))).toBe("z".repeat(10));
      expect(content(get("/", "", "HEAD"))).toBe("");
      expect(files.openFiles).toBe(0);
    }
    // Looked at again when it may have changed.
    const operations = files.operations;
    step(2 * SECOND);
    get("/", "", "HEAD");
    expect(files.operations).toBeGreaterThan(operations);
  });

  test("as fast as the client reads", () => {
    files.lies = false;
    files.slow = true;
    const client = connect();
    client.room = 1000;
    client.says("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let i = 0; i < 200; i++) {
      step();
      client.reads(1000);
    }
    expect(content(client.heard())).toBe("z".repeat(100_000));
  });

  test("of a client that goes", () => {
    files.lies = false;
    files.slow = true;
    for (let steps = 0; steps < 12; steps++) {
      const client = connect();
      client.room = 1000;
      client.says("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
      for (let i = 0; i < steps; i++) step();
      client.breaks(RESET);
      for (let i = 0; i < 20; i++) step();
      expect(files.openFiles).toBe(0);
    }
    expect(content(get("/"))).toBe("<h1>");
  });

  test("that cannot be read to the end: the connection breaks", () => {
    files.lies = false;
    files.fails = Errno.IO;
    const client = connect();
    client.says("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(client.fate).toBe("abort ");
    expect(files.openFiles).toBe(0);
  });
});

describe("paths", () => {
  test("of directories", () => {
    expect(content(get("/docs/"))).toBe("docs");
    expect(get("/docs?x=1").includes("301 Moved Permanently\r\nLocation: /docs/?x=1\r\n")).toBe(
      true,
    );
    expect(get("//docs").includes("\r\nLocation: /docs/\r\n")).toBe(true);
    expect(content(get("/docs/."))).toBe("docs");
    expect(content(get("/docs/.."))).toBe("<h1>");
    expect(content(get("/docs/%2e%2e"))).toBe("<h1>");
    expect(status("/empty/")).toBe("404");
    expect(status("/a.txt/")).toBe("404");
  });

  test("in other words", () => {
    expect(content(get("/with%20space"))).toBe("space");
    expect(content(get("/docs/../%69ndex.html"))).toBe("<h1>");
    expect(content(get("/docs/%2e%2e/index.html"))).toBe("<h1>");
  });

  test("that are too long to be sent elsewhere", () => {
    expect(get("/c++?x").includes("\r\nLocation: /c%2B%2B/?x\r\n")).toBe(true);
    expect(status("/c++?" + "x".repeat(8_173))).toBe("414");
  });

  test("that are no UTF-8", () => {
    expect(status("/%ff")).toBe("404");
    expect(status("/a.txt%ff")).toBe("404");
    expect(status("/%c0%af")).toBe("404");
  });

  test("that lead out", () => {
    expect(status("/../index.html")).toBe("404");
    expect(status("/%2e%2e/%2e%2e/index.html")).toBe("404");
    expect(status("/%00")).toBe("404");
    expect(status("/%zz")).toBe("404");
    expect(status("/a.txt%0d%0aX:")).toBe("404");
    expect(status("/none")).toBe("404");
  });

  test("with other methods", () => {
    expect(status("/", "", "POST")).toBe("405");
    expect(get("/", "", "OPTIONS").includes("Allow: GET, HEAD, OPTIONS\r\n")).toBe(true);
  });
});

describe("what is not there", () => {
  test("has a page of its own", () => {
    options.notFound = "/docs/404.html";
    expect(content(get("/none")).includes("<h1>404 Not Found</h1>")).toBe(true);
    files
      .add("/docs/404.html", "nothing", "gg", THEN * SECOND)
      .add("/docs/404.html.gz", "NIL", "hh");
    for (let round = 0; round < 3; round++) {
      files.lies = round == 0;
      files.slow = round == 2;
      step(2 * SECOND);
      for (let again = 0; again < 2; again++) {
        expect(get("/none", 'If-None-Match: "gg"\r\nRange: bytes=0-1\r\n')).toBe(
          "HTTP/1.1 404 Not Found\r\nVary: Accept-Encoding\r\n" +
            "Content-Type: text/html; charset=utf-8\r\nContent-Length: 7\r\n\r\nnothing",
        );
        const packed = get("/%zz", "Accept-Encoding: gzip\r\n");
        expect(packed.startsWith("HTTP/1.1 404 ")).toBe(true);
        expect(packed.includes("\r\nContent-Encoding: gzip\r\n")).toBe(true);
        expect(content(packed)).toBe("NIL");
        expect(get("/none", "", "HEAD").endsWith("Content-Length: 7\r\n\r\n")).toBe(true);
        expect(get("/docs/404.html").startsWith("HTTP/1.1 200 OK\r\n")).toBe(true);
        expect(status("/none", "", "POST")).toBe("405");
      }
    }
    expect(files.openFiles).toBe(0);
  });

  test("has the page of the server if its own is a directory, or cannot be read", () => {
    options.notFound = "/docs";
    expect(content(get("/none")).includes("<h1>404 Not Found</h1>")).toBe(true);
  });
});

describe("conditions (RFC 9110 §13)", () => {
  test("by tag", () => {
    expect(get("/", 'If-None-Match: "aabb"\r\n')).toBe(
      'HTTP/1.1 304 Not Modified\r\nETag: "aabb"\r\n\r\n',
    );
    expect(status("/", 'If-None-Match: W/"aabb"\r\n')).toBe("304");
    expect(status("/", 'If-None-Match: "x", "aabb"\r\n')).toBe("304");
    expect(status("/", 'If-None-Match: "x"\r\nIf-None-Match: "aabb"\r\n')).toBe("304");
    expect(status("/", "If-None-Match: *\r\n")).toBe("304");
    expect(status("/", 'If-None-Match: "aab"\r\n')).toBe("200");
    expect(status("/", 'If-None-Match: "x\r\n')).toBe("200");
    expect(status("/", 'If-Match: "aabb"\r\n')).toBe("200");
    expect(status("/", "If-Match: *\r\n")).toBe("200");
    expect(status("/", 'If-Match: W/"aabb"\r\n')).toBe("412");
    expect(status("/", 'If-Match: "x"\r\n')).toBe("412");
  });

  test("by date", () => {
    const then = "Sun, 06 Nov 1994 08:49:37 GMT";
    expect(status("/a.txt", `If-Modified-Since: ${then}\r\n`)).toBe("304");
    expect(status("/a.txt", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n")).toBe("304");
    expect(status("/a.txt", "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n")).toBe("304");
    expect(status("/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n")).toBe("200");
    expect(status("/a.txt", "If-Modified-Since: yesterday\r\n")).toBe("200");
    expect(status("/a.txt", `If-Unmodified-Since: ${then}\r\n`)).toBe("200");
    expect(status("/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n")).toBe("412");
    // A tag counts for more (§13.2.2).
    expect(status("/a.txt", `If-None-Match: "x"\r\nIf-Modified-Since: ${then}\r\n`)).toBe("200");
    // Without a date, one is of no account.
    expect(status("/", `If-Modified-Since: ${then}\r\n`)).toBe("200");
    const old = get("/old.bin");
    const tag = old.substring(
      old.indexOf("ETag: ") + 6,
      old.indexOf("\r\n", old.indexOf("ETag: ")),
    );
    expect(tag.startsWith('W/"3-')).toBe(true);
    expect(status("/old.bin", `If-None-Match: ${tag}\r\n`)).toBe("304");
    expect(status("/old.bin", `If-Match: ${tag}\r\n`)).toBe("412");
  });
});

describe("ranges (RFC 9110 §14)", () => {
  test("one", () => {
    expect(get("/a.txt", "Range: bytes=2-4\r\n")).toBe(
      "HTTP/1.1 206 Partial Content\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
        'ETag: "dd"\r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\nContent-Range: bytes 2-4/10\r\n' +
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\n234",
    );
    expect(content(get("/a.txt", "Range: bytes=7-\r\n"))).toBe("789");
    expect(content(get("/a.txt", "Range: bytes=-3\r\n"))).toBe("789");
    expect(content(get("/a.txt", "Range: bytes=-30\r\n"))).toBe("0123456789");
    expect(content(get("/a.txt", "Range: bytes=9-99\r\n"))).toBe("9");
    expect(get("/a.txt", "Range: bytes=10-\r\n").includes(" 416 ")).toBe(true);
    const huge = "9".repeat(60);
    expect(content(get("/a.txt", `Range: bytes=8-${huge}\r\n`))).toBe("89");
    expect(content(get("/a.txt", `Range: bytes=-${huge}\r\n`))).toBe("0123456789");
    expect(status("/a.txt", `Range: bytes=${huge}-\r\n`)).toBe("416");
    expect(status("/nothing", "Range: bytes=0-\r\n")).toBe("200");
    expect(get("/a.txt", "Range: bytes=-0\r\n").includes("Content-Range: bytes */10\r\n")).toBe(
      true,
    );
  });

  test("several", () => {
    const answer = get("/a.txt", "Range: bytes=0-1, 4-5,-1\r\n");
    const boundary = answer.substring(
      answer.indexOf("boundary=") + 9,
      answer.indexOf("\r\nContent-Length"),
    );
    const part = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ";
    const body =
      `\r\n--${boundary}\r\n${part}0-1/10\r\n\r\n01` +
      `\r\n--${boundary}\r\n${part}4-5/10\r\n\r\n45` +
      `\r\n--${boundary}\r\n${part}9-9/10\r\n\r\n9` +
      `\r\n--${boundary}--\r\n`;
    expect(content(answer)).toBe(body);
    expect(answer.includes(`Content-Length: ${body.length}\r\n`)).toBe(true);
  });

  test("that make no sense, are too many, or overlap: everything", () => {
    const odd: string[] = [
      "bytes=",
      "bytes=a-b",
      "bytes=5-2",
      "bytes=-",
      "bytes 1-2",
      "lines=1-2",
      "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8",
      "bytes=0-8,0-8",
    ];
    for (let i = 0; i < odd.length; i++)
      expect(odd[i] + status("/a.txt", `Range: ${odd[i]}\r\n`)).toBe(odd[i] + "200");
    expect(status("/a.txt", "Range: bytes=0-0\r\nRange: bytes=1-1\r\n")).toBe("200");
    expect(status("/a.txt", "Range: bytes=0-0\r\n", "HEAD")).toBe("200");
  });

  test("under a condition", () => {
    expect(status("/a.txt", 'Range: bytes=0-0\r\nIf-Range: "dd"\r\n')).toBe("206");
    expect(status("/a.txt", 'Range: bytes=0-0\r\nIf-Range: W/"dd"\r\n')).toBe("200");
    expect(status("/a.txt", 'Range: bytes=0-0\r\nIf-Range: "x"\r\n')).toBe("200");
    expect(
      status("/a.txt", "Range: bytes=0-0\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
    ).toBe("206");
    expect(
      status("/a.txt", "Range: bytes=0-0\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n"),
    ).toBe("200");
  });
});

describe("compressed neighbours", () => {
  test("for those who take them", () => {
    expect(get("/a.txt", "Accept-Encoding: gzip, deflate, br\r\n")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\n" +
        'Accept-Ranges: bytes\r\nContent-Encoding: br\r\nETag: "ff"\r\nVary: Accept-Encoding\r\n\r\nB',
    );
    expect(content(get("/a.txt", "Accept-Encoding: gzip\r\n"))).toBe("GZ");
    expect(content(get("/a.txt", "Accept-Encoding: br;q=0.5, gzip;q=0.8\r\n"))).toBe("GZ");
    expect(content(get("/a.txt", "Accept-Encoding: *\r\n"))).toBe("B");
    expect(content(get("/a.txt", "Accept-Encoding: gzip;q=0.1\r\n"))).toBe("GZ");
    expect(content(get("/a.txt", "Accept-Encoding: gzip;q=0.1, identity\r\n"))).toBe("0123456789");
    expect(content(get("/a.txt", "Accept-Encoding: *, br;q=0\r\n"))).toBe("GZ");
    expect(content(get("/a.txt", "Accept-Encoding: br;q=0, gzip;q=0\r\n"))).toBe("0123456789");
    expect(content(get("/a.txt", "Accept-Encoding:\r\n"))).toBe("0123456789");
    expect(content(get("/a.txt"))).toBe("0123456789");
    expect(get("/", "Accept-Encoding: br\r\n").includes("Vary")).toBe(false);
  });
});

describe("what is remembered", () => {
  test("is bounded", () => {
    options.entries = 4;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++) files.add(`/f${i}`, i.toString());
      for (let i = 0; i < 9; i++) expect(content(get(`/f${i}`))).toBe(i.toString());
      for (let i = 8; i >= 0; i--) expect(content(get(`/f${i}`))).toBe(i.toString());
    }
  });
});

// Steps collect: what is needed behind one is held here.
const clients: TestConnection[] = [];
const heard: string[] = [];

/** So many clients ask at once; what they have heard. */
function together(count: i32): void {
  clients.length = 0;
  heard.length = 0;
  for (let i = 0; i < count; i++) {
    clients.push(connect());
    clients[i].says(`GET /${i % 2 == 0 ? "big" : "old.bin"} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }
  for (let i = 0; i < 100 * count; i++) step();
  for (let i = 0; i < count; i++) heard.push(content(clients[i].heard()));
}

describe("a volume with little room", () => {
  test("serves everybody in turn", () => {
    files.lies = false;
    files.slow = true;
    for (let round = 0; round < 3; round++) {
      files.pendingMax = round == 1 ? i32.MAX_VALUE : 2;
      files.openMax = round == 0 ? i32.MAX_VALUE : 3;
      together(20);
      for (let i = 0; i < heard.length; i++)
        expect(heard[i]).toBe(i % 2 == 0 ? "z".repeat(100_000) : "old");
      expect(files.openFiles).toBe(0);
      expect(files.pending).toBe(0);
      step(2 * SECOND);
    }
  });

  test("goes on when those who wait have gone", () => {
    files.lies = false;
    files.slow = true;
    files.pendingMax = 1;
    for (let i = 0; i < 10; i++) {
      clients.push(connect());
      clients[i].says("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (let i = 0; i < 10; i++) {
      step();
      if (i > 0) clients[i].breaks(RESET);
    }
    for (let i = 0; i < 200; i++) step();
    expect(content(clients[0].heard())).toBe("z".repeat(100_000));
    expect(files.openFiles).toBe(0);
  });

  test("that others have filled is an error", () => {
    files.lies = false;
    files.slow = true;
    expect(status("/big")).toBe("200");
    files.pendingMax = 0;
    expect(status("/big")).toBe("503");
    expect(status("/old.bin")).toBe("503");
    expect(files.openFiles).toBe(0);
  });
});
