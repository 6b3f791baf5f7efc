// A guest without an image: answers ARP, ping, UDP echo (port 7) and a TCP connection at a time (port 7:
// echoes; port 9: counts what comes; port 19: sends a megabyte) on a link, until standard input ends.
//
//   scripted-guest.mjs '{"net": {"kind": "tap", "interface": "tap0"}, "address": "10.0.0.2", "features": 15}'
//
// Prints a JSON line when it is attached, and one at the end. TCP here is what a lossless link needs, no more.
import { openNet } from "../dist/index.js";

const { net, address, features = 0 } = JSON.parse(process.argv[2]);
const IP = address.split(".").map(Number);
const SEND_BYTES = 1_048_576;
const WINDOW_BYTES = 60_000;
const FRAME_BYTES_MAX = 65_559;
const [ETH, IPH] = [10, 24];

const link = await openNet(net);
const agreed = features & link.features;
const into = new Uint8Array(FRAME_BYTES_MAX);
const out = new Uint8Array(FRAME_BYTES_MAX);
const view = new DataView(into.buffer);
const report = { frames: 0, superFrames: 0, partial: 0, tcpBytes: 0, gone: null };
let connection = null;

function sum(bytes, from, to, start = 0) {
  let total = start;
  for (let at = from; at < to; at += 2)
    total += bytes[at] * 256 + (at + 1 < to ? bytes[at + 1] : 0);
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 65_536);
  return total;
}

function ip(frame, length) {
  const data = new DataView(frame.buffer);
  data.setUint16(IPH + 2, length - IPH);
  data.setUint16(IPH + 10, 0);
  data.setUint16(IPH + 10, ~sum(frame, IPH, IPH + 20) & 0xffff);
}

/** Turns a request around in place and sends it. */
function turn(length) {
  into.fill(0, 0, ETH);
  into.copyWithin(ETH, ETH + 6, ETH + 12);
  into.set(link.mac, ETH + 6);
  if (view.getUint16(22) === 0x0800) {
    const peer = into.slice(IPH + 12, IPH + 16);
    into.set(peer, IPH + 16);
    into.set(IP, IPH + 12);
    ip(into, length);
  }
  link.send(into.subarray(0, length));
}

function arp(length) {
  if (view.getUint16(30) !== 1 || IP.some((byte, at) => into[48 + at] !== byte)) return;
  view.setUint16(30, 2);
  into.copyWithin(42, 32, 42);
  into.set(link.mac, 32);
  into.set(IP, 38);
  turn(length);
}

function icmp(end) {
  if (into[44] !== 8) return;
  into[44] = 0;
  view.setUint16(46, 0);
  view.setUint16(46, ~sum(into, 44, end) & 0xffff);
  turn(end);
}

function udp(end) {
  if (view.getUint16(46) !== 7) return;
  const port = view.getUint16(44);
  view.setUint16(44, 7);
  view.setUint16(46, port);
  view.setUint16(50, 0);
  turn(end);
}

/** Sends one segment of the connection, as large as the link has agreed to. */
function segment(flags, payload = 0, fill = null) {
  const { mac, peer, port, ours } = connection;
  const data = new DataView(out.buffer);
  const end = 64 + payload;
  out.fill(0, 0, 64);
  out.set(mac, ETH);
  out.set(link.mac, ETH + 6);
  data.setUint16(22, 0x0800);
  out.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6], IPH);
  out.set(IP, IPH + 12);
  out.set(peer, IPH + 16);
  ip(out, end);
  data.setUint16(44, ours);
  data.setUint16(46, port);
  data.setUint32(48, connection.next);
  data.setUint32(52, connection.expected);
  data.setUint16(56, 0x5000 | flags);
  data.setUint16(58, WINDOW_BYTES);
  if (fill !== null) out.set(fill, 64);
  const pseudo = sum(out, IPH + 12, IPH + 20, 6 + end - 44);
  if ((agreed & 2) !== 0) {
    data.setUint16(60, pseudo);
    out[0] = 1;
    data.setUint16(6, 34, true);
    data.setUint16(8, 16, true);
    if (payload > link.mtu - 40) {
      out[1] = 1;
      data.setUint16(2, 54, true);
      data.setUint16(4, link.mtu - 40, true);
    }
  } else {
    data.setUint16(60, ~sum(out, 44, end, pseudo) & 0xffff);
  }
  link.send(out.subarray(0, end));
  connection.next = (connection.next + payload + (flags & 3 ? 1 : 0)) >>> 0;
}

function pump() {
  const most = (agreed & 8) !== 0 ? 32_000 : link.mtu - 40;
  while (connection.left > 0) {
    const flying = (connection.next - connection.acked) >>> 0;
    const bytes = Math.min(most, connection.left, connection.window - flying);
    if (bytes <= 0) return;
    connection.left -= bytes;
    segment(0x18, bytes, new Uint8Array(bytes).fill(0x61));
  }
  if (!connection.finished) segment(0x11);
  connection.finished = true;
}

function tcp(end) {
  const [port, ours] = [view.getUint16(44), view.getUint16(46)];
  const data = 44 + (into[56] >> 4) * 4;
  const flags = into[57];
  if ((flags & 2) !== 0) {
    connection = {
      ...{ port, ours, next: 1000, acked: 1001, window: 0, left: 0, finished: false },
      ...{ mac: into.slice(ETH + 6, ETH + 12), peer: into.slice(IPH + 12, IPH + 16) },
      expected: (view.getUint32(48) + 1) >>> 0,
    };
    segment(0x12);
    return;
  }
  if (connection === null || connection.port !== port || (flags & 4) !== 0) return;
  connection.acked = view.getUint32(52);
  connection.window = view.getUint16(58);
  const payload = end - data;
  if (view.getUint32(48) !== connection.expected) return segment(0x10);
  connection.expected = (connection.expected + payload + (flags & 1)) >>> 0;
  report.tcpBytes += payload;
  if (ours === 19 && !connection.finished) {
    if (connection.left === 0) connection.left = SEND_BYTES;
    pump();
  } else if (ours === 7 && payload > 0) {
    const echoed = into.slice(data, end);
    const most = (agreed & 8) !== 0 ? 32_000 : link.mtu - 40;
    for (let at = 0; at < payload; at += most) {
      const part = echoed.subarray(at, at + most);
      segment(0x18, part.length, part);
    }
  } else if (payload > 0) segment(0x10);
  if ((flags & 1) !== 0 && !connection.finished) {
    segment(0x11);
    connection.finished = true;
  } else if ((flags & 1) !== 0) segment(0x10);
}

function step() {
  for (;;) {
    const length = link.receive(into);
    if (length === 0) break;
    report.frames++;
    if (into[1] !== 0) report.superFrames++;
    if ((into[0] & 1) !== 0) report.partial++;
    const type = view.getUint16(22);
    if (type === 0x0806) arp(length);
    if (type !== 0x0800 || IP.some((byte, at) => into[IPH + 16 + at] !== byte)) continue;
    const end = IPH + view.getUint16(IPH + 2);
    if (into[33] === 1) icmp(end);
    else if (into[33] === 17) udp(end);
    else if (into[33] === 6) tcp(end);
  }
  if (link.gone && report.gone === null) {
    report.gone = link.reason;
    void finish();
  }
}

let finishing = false;
async function finish() {
  if (finishing) return;
  finishing = true;
  process.stdin.destroy();
  await link.close();
  console.log(JSON.stringify({ ...report, counters: link.counters }));
}

link.attach(() => setImmediate(step), agreed);
const { mtu, notices = [] } = link;
const kind = link.constructor.name;
console.log(JSON.stringify({ kind, features: link.features, agreed, mtu, notices }));
process.stdin.on("end", () => void finish()).resume();
