// The loads of the benchmarks of the network: each gives one rate.
import { setTimeout as delay } from "node:timers/promises";
import { SECONDS } from "./contest.mjs";

const ATTEMPTS = 3;

/** Bits a second that iperf3's server has received, or the client when the server sends. */
export async function bulk(lab, address, port, fromServer = false) {
  const words = ["iperf3", "-J", "-c", address, "-p", String(port), "-t", String(SECONDS)];
  if (fromServer) words.push("-R");
  for (let attempt = 1; ; attempt++) {
    const { error, end } = JSON.parse(await lab.run(...words));
    if (error === undefined) return end.sum_received.bits_per_second;
    // One test at a time: the server may not have seen the end of the last one.
    if (!error.includes("busy") || attempt === ATTEMPTS)
      throw new Error(`iperf3 to ${address} port ${port}: ${error}`);
    await delay(200);
  }
}

const UNITS = { us: 1, ms: 1e3, s: 1e6 };

/** Requests a second, and latencies in microseconds: the median, and what 99 of 100 are below. @param more options of wrk */
export async function requests(lab, url, connections, more = []) {
  const words = ["-t1", `-c${connections}`, `-d${SECONDS}s`, "--latency", ...more, url];
  const text = await lab.run("wrk", ...words);
  const latencyUs = (percent) => {
    const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(text);
    return Number(value) * UNITS[unit];
  };
  if (/Non-2xx|Socket errors/.test(text)) console.error(text);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    medianUs: latencyUs(50),
    worstUs: latencyUs(99),
  };
}

/** Datagrams of 64 bytes that came back, a second, 64 on their way. */
export async function datagrams(lab, program, address, port) {
  return JSON.parse(await lab.run(program, address, String(port), "64", String(SECONDS), "64"))
    .perSecond;
}

/** Connections a second, 64 at a time. */
export async function connects(lab, program, address, port) {
  const text = await lab.run(program, address, String(port), "64", String(SECONDS));
  const { perSecond, failed } = JSON.parse(text);
  if (failed > 0) console.error(`${failed} connections failed`);
  return perSecond;
}

const QUERIES_IN_FLIGHT = 64;

function dnsperf(lab, address, port, file, more = []) {
  const to = ["-s", address, "-p", String(port), "-d", file, "-l", String(SECONDS)];
  return lab.run("dnsperf", ...to, "-q", String(QUERIES_IN_FLIGHT), "-c", "1", "-T", "1", ...more);
}

/** Answers of a DNS server a second. @param file of queries, as dnsperf reads them */
export async function answers(lab, address, port, file) {
  const text = await dnsperf(lab, address, port, file);
  const lost = /Queries lost:\s+(\d+)/.exec(text)?.[1];
  if (lost !== "0") console.error(`${address} lost ${lost} queries`);
  return Number(/Queries per second:\s+([\d.]+)/.exec(text)[1]);
}

/** Latencies of a DNS server in microseconds: dnsperf says that of each query, which costs it time. */
export async function answerLatencies(lab, address, port, file) {
  const text = await dnsperf(lab, address, port, file, ["-v"]);
  const all = [...text.matchAll(/^> \w+ \S+ \w+ ([\d.]+)$/gm)].map(
    ([, value]) => Number(value) * 1e6,
  );
  all.sort((a, b) => a - b);
  return { medianUs: all[all.length >> 1], worstUs: all[Math.floor(all.length * 0.99)] };
}
