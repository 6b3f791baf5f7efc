/** What an image and nginx are asked, by hand. */
export interface Case {
  readonly text: string;
  /** Of its requests, if one is not GET: answers to HEAD have no content. */
  readonly methods?: readonly string[];
  /** Why we answer otherwise than nginx; a row of the table in packages/http/README.md. */
  readonly differs?: string;
}

const plain = (lines: string): Case => ({
  text: `${lines.replaceAll("\n", "\r\n")}\r\n\r\n`,
  methods: [lines.slice(0, lines.indexOf(" "))],
});

/** A GET of that path, with more lines. */
const get = (path: string, lines = ""): Case =>
  plain(`GET ${path} HTTP/1.1\nHost: a${lines === "" ? "" : `\n${lines}`}`);

const raw = (text: string): Case => ({ text });

const POST = "POST /digits.bin HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

const METHODS: readonly Case[] = [
  get("/digits.bin"),
  plain("HEAD /digits.bin HTTP/1.1\nHost: a"),
  plain("HEAD / HTTP/1.1\nHost: a"),
  plain("HEAD /none HTTP/1.1\nHost: a"),
  plain("HEAD /docs HTTP/1.1\nHost: a"),
  plain("POST /digits.bin HTTP/1.1\nHost: a\nContent-Length: 0"),
  plain("PUT /digits.bin HTTP/1.1\nHost: a\nContent-Length: 0"),
  plain("DELETE /digits.bin HTTP/1.1\nHost: a"),
  plain("PATCH /digits.bin HTTP/1.1\nHost: a"),
  plain("G@T / HTTP/1.1\nHost: a"),
];

const VERSIONS: readonly Case[] = [
  plain("GET /digits.bin HTTP/1.0"),
  plain("GET /digits.bin HTTP/1.0\nConnection: keep-alive"),
  plain("GET /digits.bin HTTP/1.0\nHost: a\nConnection: keep-alive"),
  plain("GET /digits.bin HTTP/1.1\nHost: a\nConnection: close"),
  plain("GET /digits.bin HTTP/1.1\nHost: a\nConnection: Close"),
  plain("GET /digits.bin HTTP/1.1\nHost: a\nConnection: x, close"),
  plain("GET /digits.bin HTTP/1.2\nHost: a"),
  plain("GET /digits.bin HTTP/1.9\nHost: a"),
  plain("GET /digits.bin HTTP/2.0\nHost: a"),
  plain("GET /digits.bin HTTP/1\nHost: a"),
  plain("GET /digits.bin HTTP/1.1x\nHost: a"),
  plain("GET /digits.bin http/1.1\nHost: a"),
  plain("GET\t/digits.bin HTTP/1.1\nHost: a"),
  plain(" GET /digits.bin HTTP/1.1\nHost: a"),
  raw("\r\nGET /digits.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
  raw("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"),
];

const TARGETS: readonly Case[] = [
  get("/"),
  get("/index.html"),
  get("/index.html?"),
  get("/digits.bin?a=b&c"),
  get("/digits.bin??"),
  get("/docs"),
  get("/docs?x=1"),
  get("/docs/"),
  get("/docs/index.html"),
  get("/docs/."),
  get("/docs/.."),
  get("/docs/../docs"),
  get("/docs/./index.html"),
  get("/docs/x/../index.html"),
  get("//docs//index.html"),
  get("///"),
  get("//digits.bin"),
  get("/deep"),
  get("/deep/er/leaf.txt"),
  get("/digits.bin/"),
  get("/digits.bin/x"),
  get("/none"),
  get("/none/"),
  get("/docs/%2e%2e/digits.bin"),
  get("/docs/%2E./digits.bin"),
  get("/docs%2findex.html"),
  get("/docs%2Findex.html"),
  get("/docs%5cindex.html"),
  get("/docs\\index.html"),
  get("/%64igits.bin"),
  get("/%2564igits.bin"),
  get("/digits.bin?%zz"),
  get("/digits.bin%20"),
  get("/digits.bin%0a"),
  get("/digits.bin%7f"),
  get("/with%20space.txt"),
  get("/with+space.txt"),
  get("/with space.txt"),
  get("/a+b.txt"),
  get("/a%2bb.txt"),
  get("/%C3%A4.txt"),
  get("/%E4.txt"),
  get("/%ff"),
  get("/%c0%ae%c0%ae/digits.bin"),
  get("/digits.bin;x=1"),
  get("/DIGITS.BIN"),
  get("/nothing.txt"),
  get('/"<>^`{|}'),
  get(`/${"x".repeat(500)}`),
  get(`/${"x".repeat(4000)}`),
  get(`/${"x".repeat(9000)}`),
  get("http://a/digits.bin"),
  get("HTTP://a/digits.bin"),
  get("http://b:8080/digits.bin"),
  get("https://a/digits.bin"),
  get("http://a"),
  get("http://a?x"),
  get("http:///digits.bin"),
  get("digits.bin"),
  get("*"),
  get("?x"),
  get("\x01"),
  get("/\x7f"),
];

const HOSTS: readonly Case[] = [
  plain("GET /digits.bin HTTP/1.1\nX: y"),
  plain("GET /digits.bin HTTP/1.1\nHost: a\nHost: a"),
  plain("GET /digits.bin HTTP/1.1\nHost: a\nHost: b"),
  plain("GET /digits.bin HTTP/1.0\nHost: a\nHost: b"),
  plain("GET /digits.bin HTTP/1.1\nHost: a, b"),
  plain("GET /digits.bin HTTP/1.1\nHost: a b"),
  plain("GET /digits.bin HTTP/1.1\nHost: a/b"),
  plain("GET /digits.bin HTTP/1.1\nHost: a:80"),
  plain("GET /digits.bin HTTP/1.1\nHost: a:x"),
  plain("GET /digits.bin HTTP/1.1\nHost: [::1]"),
  plain("GET /digits.bin HTTP/1.1\nHost: [::1]:80"),
  plain("GET /digits.bin HTTP/1.1\nhOsT: a"),
  plain("GET /digits.bin HTTP/1.1\nHost : a"),
  plain("GET /digits.bin HTTP/1.1\nHost:a"),
];

const FIELDS: readonly Case[] = [
  get("/digits.bin", "X:"),
  get("/digits.bin", "X: y\n z"),
  get("/digits.bin", "X: y\n\tz"),
  plain("GET /digits.bin HTTP/1.1\n Host: a"),
  get("/digits.bin", ": y"),
  get("/digits.bin", "X y: z"),
  get("/digits.bin", "X\x00: y"),
  get("/digits.bin", "X: \x00"),
  get("/digits.bin", "X: \xff"),
  get("/digits.bin", "X_y: z"),
  get("/digits.bin", "X: y\rz"),
  get("/digits.bin", `X: ${"y".repeat(7000)}`),
  get("/digits.bin", Array.from({ length: 60 }, (_, i) => `X${i}: y`).join("\n")),
];

const LENGTHS: readonly Case[] = [
  raw(`${POST}Content-Length: 5\r\n\r\nhello`),
  raw(`${POST}Content-Length: 05\r\n\r\nhello`),
  raw(`${POST}Content-Length: +5\r\n\r\nhello`),
  raw(`${POST}Content-Length: -5\r\n\r\nhello`),
  raw(`${POST}Content-Length: 5 5\r\n\r\nhello`),
  raw(`${POST}Content-Length: 5, 5\r\n\r\nhello`),
  raw(`${POST}Content-Length: 0x5\r\n\r\nhello`),
  raw(`${POST}Content-Length:\r\n\r\nhello`),
  raw(`${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`),
  raw(`${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
  raw(`${POST}Content-Length: 99999999999999999999\r\n\r\nhello`),
  raw("GET /digits.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
  raw(
    "GET /digits.bin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  ),
  raw("GET /digits.bin HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  raw(`${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  raw(`${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`),
  raw(`${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  raw(`${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  raw(`${POST}Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n`),
  raw(`${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`),
];

const CHUNKS: readonly Case[] = [
  raw(`${CHUNKED}5\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}0\r\n\r\n`),
  raw(`${CHUNKED}000\r\n\r\n`),
  raw(`${CHUNKED}A\r\n0123456789\r\n0\r\n\r\n`),
  raw(`${CHUNKED}5;x=y\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}5;x="y;\\""\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n\r\n`),
  raw(`${CHUNKED}5\r\nhello0\r\n\r\n`),
  raw(`${CHUNKED}4\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}-5\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}g\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}ffffffffffffffff\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}10000000000000005\r\nhello\r\n0\r\n\r\n`),
  raw(`${CHUNKED}7fffffffffffffff\r\nhello\r\n0\r\n\r\n`),
];

const EXPECTATIONS: readonly Case[] = [plain("GET /digits.bin HTTP/1.0\nExpect: something")];

const RANGES = (
  [
    "bytes=0-0",
    "bytes=0-4",
    "bytes=5-",
    "bytes=-3",
    "bytes=-10",
    "bytes=-100",
    "bytes=9-9",
    "bytes=9-100",
    "bytes=10-",
    "bytes=10-20",
    "bytes=-0",
    "bytes=",
    "bytes= 0-4",
    "bytes=0-4 ",
    "Bytes=0-4",
    "items=0-4",
    "bytes 0-4",
    "bytes=0-1,3-4",
    "bytes=0-1, 3-4",
    "bytes=3-4,0-1",
    "bytes=0-1,20-30",
    "bytes=20-30,40-50",
    "bytes=0-5,3-8",
    "bytes=0-,0-",
    "bytes=0-0,-1",
    "bytes=99999999999999999999-",
    "bytes=0-9223372036854775807",
  ] as const
).map((range) => get("/digits.bin", `Range: ${range}`));

const MORE_RANGES: readonly Case[] = [
  get("/nothing.txt", "Range: bytes=0-"),
  get("/nothing.txt", "Range: bytes=-1"),
  get("/none", "Range: bytes=0-4"),
  get("/digits.bin", "Range: bytes=0-4\nIf-Range: {tag}"),
  get("/digits.bin", "Range: bytes=0-4\nIf-Range: W/{tag}"),
  get("/digits.bin", 'Range: bytes=0-4\nIf-Range: "x"'),
  get("/digits.bin", "Range: bytes=0-4\nIf-Range: x"),
  get("/digits.bin", "Range: bytes=0-4\nIf-Range: Sun, 02 Feb 2020 02:02:02 GMT"),
  get("/digits.bin", "Range: bytes=0-4\nIf-Range: Sun, 02 Feb 2020 02:02:03 GMT"),
  get("/digits.bin", "Range: bytes=0-4\nIf-Range: Sun, 02 Feb 2020 02:02:01 GMT"),
  get("/digits.bin", "Range: bytes=0-4\nIf-None-Match: {tag}"),
  get("/digits.bin", "Range: bytes=20-\nIf-Match: {tag}"),
];

const CONDITIONS = [
  "If-None-Match: {tag}",
  "If-None-Match: W/{tag}",
  'If-None-Match: "x"',
  'If-None-Match: "x", {tag}',
  'If-None-Match: "x",{tag},"y"',
  'If-None-Match: "a,b", {tag}',
  "If-None-Match: *",
  "If-None-Match: x",
  "If-Match: {tag}",
  'If-Match: "x", {tag}',
  "If-Match: *",
  "If-Modified-Since: Sun, 02 Feb 2020 02:02:02 GMT",
  "If-Modified-Since: Sun, 02 Feb 2020 02:02:01 GMT",
  "If-Modified-Since: Sun, 02 Feb 2020 02:02:03 GMT",
  "If-Modified-Since: Sunday, 02-Feb-20 02:02:02 GMT",
  "If-Modified-Since: Sun Feb  2 02:02:02 2020",
  "If-Modified-Since: Mon, 02 Feb 2020 02:02:02 GMT",
  "If-Modified-Since: never",
  "If-Modified-Since: Sun, 02 Feb 2099 02:02:02 GMT",
  "If-Unmodified-Since: Sun, 02 Feb 2020 02:02:02 GMT",
  'If-None-Match: "x"\nIf-Modified-Since: Sun, 02 Feb 2020 02:02:02 GMT',
  "If-Match: {tag}\nIf-None-Match: {tag}",
].map((lines) => get("/digits.bin", lines));

const MORE_CONDITIONS: readonly Case[] = [
  plain("HEAD /digits.bin HTTP/1.1\nHost: a\nIf-None-Match: {tag}"),
  get("/none", "If-None-Match: *"),
  get("/none", "If-Match: *"),
  get("/docs", "If-None-Match: *"),
  plain("POST /digits.bin HTTP/1.1\nHost: a\nContent-Length: 0\nIf-None-Match: *"),
  get("/index.html", "Accept-Encoding: gzip\nIf-None-Match: {gzip}"),
  get("/index.html", "If-None-Match: {gzip}"),
];

const CODINGS = [
  "gzip",
  "GZIP",
  "gzip, br",
  "gzip;q=1",
  "gzip;q=0.5",
  "gzip;q=0",
  "gzip;q=0.000",
  "gzip; q=0",
  "gzip;q=2",
  "*;q=0",
  "identity",
  "identity;q=0",
  "deflate",
  "",
  "gzipped",
].map((value) => get("/index.html", `Accept-Encoding: ${value}`));

const PIPELINES: readonly Case[] = [
  raw("GET /digits.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n"),
  raw("GET /digits.bin HTTP/1.1\r\nHost: a\r\n\r\ngarbage\r\n\r\n"),
  raw(`${POST}Content-Length: 5\r\n\r\nhelloGET /docs/ HTTP/1.1\r\nHost: a\r\n\r\n`),
  {
    text: "HEAD /digits.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /docs/ HTTP/1.1\r\nHost: a\r\n\r\n",
    methods: ["HEAD", "GET"],
  },
  raw("GET /digits.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
];

/** What we answer otherwise, and why: the rows of the table in packages/http/README.md. */
const DIFFERENT: Readonly<Record<string, readonly Case[]>> = {
  "a site answers OPTIONS": [
    plain("OPTIONS /digits.bin HTTP/1.1\nHost: a"),
    plain("OPTIONS * HTTP/1.1\nHost: a"),
  ],
  "a method that is not known, or not for servers, is 501": [
    plain("TRACE / HTTP/1.1\nHost: a"),
    plain("CONNECT a:443 HTTP/1.1\nHost: a:443"),
    plain("BREW / HTTP/1.1\nHost: a"),
    plain("get / HTTP/1.1\nHost: a"),
    plain("GeT / HTTP/1.1\nHost: a"),
  ],
  "a method that no file has is 405 whatever the path": [
    plain("POST /none HTTP/1.1\nHost: a\nContent-Length: 0"),
    raw(`${POST}Content-Length: 9999999999\r\n\r\nhello`),
  ],
  "versions are exact": [
    plain("GET /digits.bin HTTP/0.9\nHost: a"),
    plain("GET /digits.bin HTTP/11\nHost: a"),
    plain("GET /digits.bin HTTP/1.01\nHost: a"),
    raw("GET /digits.bin\r\n"),
    raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  ],
  "lines are exact": [
    plain("GET /digits.bin HTTP/1.1 \nHost: a"),
    plain("GET  /digits.bin HTTP/1.1\nHost: a"),
    plain("GET /digits.bin  HTTP/1.1\nHost: a"),
    raw("\r\n\r\nGET /digits.bin HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw("GET /digits.bin HTTP/1.1\nHost: a\n\n"),
    raw("GET /digits.bin HTTP/1.1\r\nHost: a\n\r\n"),
    raw("GET /digits.bin HTTP/1.1\r\nHost: a\r\r\n\r\n"),
    raw("GET /digits.bin HTTP/1.1\r\nHost: a\r\n\n"),
  ],
  "fields are exact": [
    get("/digits.bin", "X"),
    get("/digits.bin", "X: \x01"),
    get("/digits.bin", "X: \x7f"),
    get("/digits.bin", "X(: y"),
  ],
  "a path that is none is 404": [
    get("/.."),
    get("/../digits.bin"),
    get("/docs/../../digits.bin"),
    get("/%2e%2e/digits.bin"),
    get("/..%2fdigits.bin"),
    get("/digits.bin%zz"),
    get("/digits.bin%00"),
    get("/digits.bin%00.html"),
    get("/digits.bin%"),
    get("/digits.bin%2"),
  ],
  "a directory without an index is 404": [get("/deep/"), get("/deep/er/")],
  "targets are of visible ASCII": [
    get("/\xc3\xa4.txt"),
    get("/digits.bin#part"),
    get("ftp://a/digits.bin"),
  ],
  "media types are known by default": [get("/index.html.gz")],
  "Host may be empty or stand in white space, and names no user": [
    plain("GET /digits.bin HTTP/1.1\nHost:"),
    plain("GET /digits.bin HTTP/1.1\nHost: a@b"),
    plain("GET /digits.bin HTTP/1.1\nHost: \t a \t "),
  ],
  "limits of heads are our own": [
    get("/digits.bin", `X: ${"y".repeat(9000)}`),
    get("/digits.bin", `X: ${"y".repeat(40_000)}`),
    get("/digits.bin", Array.from({ length: 200 }, (_, i) => `X${i}: y`).join("\n")),
  ],
  "a request whose length cannot be known is 400": [
    raw(`${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`),
    raw(`${POST}Transfer-Encoding: identity\r\n\r\n`),
    raw(`${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`),
    raw(`${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`),
    raw(`${POST}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`),
    raw(`${POST}Transfer-Encoding:\r\n\r\n0\r\n\r\n`),
  ],
  "chunks are exact": [
    raw(`${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`),
    raw(`${CHUNKED}5\nhello\n0\n\n`),
    raw(`${CHUNKED}5\r\nhello\r\n0\r\nX y\r\n\r\n`),
    raw(`${CHUNKED}5\r\nhello\r\n0\r\n X: y\r\n\r\n`),
  ],
  "100 is said to those who send content that is wanted": [
    raw(`${POST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`),
    get("/digits.bin", "Expect: 100-continue"),
    get("/digits.bin", "Expect: 100-Continue"),
  ],
  "other expectations are 417": [get("/digits.bin", "Expect: something")],
  "a malformed Range is ignored": [
    get("/digits.bin", "Range: bytes=5-4"),
    get("/digits.bin", "Range: bytes=-"),
    get("/digits.bin", "Range: bytes=a-b"),
    get("/digits.bin", "Range: bytes=0-4x"),
    get("/digits.bin", "Range: bytes=0 - 4"),
    get("/digits.bin", "Range: bytes=0-1,x"),
  ],
  "lists may have empty members": [
    get("/digits.bin", "Range: bytes=0-1,,3-4"),
    get("/digits.bin", "Range: bytes=,0-1"),
    get("/digits.bin", "Range: bytes=0-1,"),
  ],
  "positions have no limit": [
    get("/digits.bin", "Range: bytes=0-99999999999999999999"),
    get("/digits.bin", "Range: bytes=-9223372036854775808"),
  ],
  "more than 8 ranges are answered with everything": [
    get("/digits.bin", "Range: bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8"),
  ],
  "two Range lines are none": [get("/digits.bin", "Range: bytes=0-1\nRange: bytes=3-4")],
  "a file of no bytes has no ranges": [get("/nothing.txt", "Range: bytes=5-")],
  "ranges are for GET": [
    plain("HEAD /digits.bin HTTP/1.1\nHost: a\nRange: bytes=0-4"),
    plain("HEAD /digits.bin HTTP/1.1\nHost: a\nRange: bytes=20-"),
  ],
  "a compressed representation has ranges": [
    get("/index.html", "Range: bytes=0-4\nAccept-Encoding: gzip"),
  ],
  "a list may come in two lines": [get("/digits.bin", 'If-None-Match: "x"\nIf-None-Match: {tag}')],
  "the connection outlives 412": [
    get("/digits.bin", "If-Match: W/{tag}"),
    get("/digits.bin", 'If-Match: "x"'),
    get("/digits.bin", "If-Unmodified-Since: Sun, 02 Feb 2020 02:02:01 GMT"),
  ],
  "a malformed date is ignored": [get("/digits.bin", "If-Unmodified-Since: never")],
  "a tag decides, not the date": [
    get("/digits.bin", "If-None-Match: {tag}\nIf-Modified-Since: Sun, 02 Feb 2020 02:02:01 GMT"),
    get("/digits.bin", "If-Match: {tag}\nIf-Unmodified-Since: Sun, 02 Feb 2020 02:02:01 GMT"),
  ],
  "Accept-Encoding is read in full": [
    get("/index.html", "Accept-Encoding: *"),
    get("/index.html", "Accept-Encoding: identity;q=0.5, gzip;q=0.1"),
    get("/index.html", "Accept-Encoding: x-gzip"),
  ],
};

export const HANDPICKED: readonly Case[] = [
  ...METHODS,
  ...VERSIONS,
  ...TARGETS,
  ...HOSTS,
  ...FIELDS,
  ...LENGTHS,
  ...CHUNKS,
  ...EXPECTATIONS,
  ...RANGES,
  ...MORE_RANGES,
  ...CONDITIONS,
  ...MORE_CONDITIONS,
  ...CODINGS,
  ...PIPELINES,
  ...Object.entries(DIFFERENT).flatMap(([differs, cases]) =>
    cases.map((one) => ({ ...one, differs })),
  ),
];
