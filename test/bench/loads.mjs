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

/** Requests a second, and the median latency in microseconds. @param more options of wrk */
export async function requests(lab, url, connections, more = []) {
  const words = ["-t1", `-c${connections}`, `-d${SECONDS}s`, "--latency", ...more, url];
  const text = await lab.run("wrk", ...words);
  const [, value, unit] = /50%\s+([\d.]+)(us|ms|s)/.exec(text);
  if (/Non-2xx|Socket errors/.test(text)) console.error(text);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    medianUs: Number(value) * UNITS[unit],
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
