import { HttpServer, Site } from "@phantasm/http";
import { HeadLimits, RequestHead } from "@phantasm/http/wire";
import { Devices } from "./.phantasm/devices";
import { EndlessConnection } from "./assembly/connection";

const ROUNDS: i32 = 300_000;
const REPEATS: i32 = 5;

/** As wrk asks. */
const SHORT: Uint8Array = bytesOf("GET / HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\n");
/** As a browser asks. */
const LONG: Uint8Array = bytesOf(
  "GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n" +
    'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\n' +
    'sec-ch-ua-platform: "Linux"\r\nUpgrade-Insecure-Requests: 1\r\n' +
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n" +
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
    "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n" +
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n\r\n",
);

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

class Bench {
  text: string = "";

  constructor(private readonly os: Devices) {}

  private note(name: string, bestNs: f64): void {
    this.text += `${this.text.length > 0 ? ", " : ""}"${name}": ${bestNs}`;
  }

  parse(name: string, request: Uint8Array): void {
    const head = new RequestHead(new HeadLimits());
    let best: f64 = Infinity;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const start = this.os.clock.monotonic();
      let sum = 0;
      for (let round = 0; round < ROUNDS; round++)
        sum += head.parse(request.dataStart, request.length);
      best = min(best, <f64>(this.os.clock.monotonic() - start) / <f64>ROUNDS);
      assert(sum == ROUNDS * request.length, "a request was not understood");
    }
    this.note(name, best);
  }

  /** @param pipelined requests that come together */
  serve(name: string, request: Uint8Array, pipelined: i32): void {
    const server = new HttpServer(this.os.clock, new Site(this.os.pages));
    const connection = new EndlessConnection();
    const all = new Uint8Array(request.length * pipelined);
    for (let i = 0; i < pipelined; i++) all.set(request, i * request.length);
    server.accept(connection);
    let best: f64 = Infinity;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const start = this.os.clock.monotonic();
      for (let round = 0; round < ROUNDS / pipelined; round++)
        connection.arrive(all.dataStart, all.length);
      best = min(best, <f64>(this.os.clock.monotonic() - start) / <f64>ROUNDS);
    }
    assert(
      server.counters.requests == <u64>(REPEATS * (ROUNDS / pipelined) * pipelined),
      "a request was not answered",
    );
    this.note(name, best);
  }
}

export function main(os: Devices): void {
  const bench = new Bench(os);
  bench.parse("parseShort", SHORT);
  bench.parse("parseLong", LONG);
  bench.serve("serveShort", SHORT, 1);
  bench.serve("serveLong", LONG, 1);
  bench.serve("servePipelined", SHORT, 16);
  os.console.writeLine(`{${bench.text}}`);
  os.exit(0);
}
