/**
 * A guest that does what a test says, packet by packet, and writes down what it gets as text. Sequence
 * numbers of the network are shown, and meant, from its SYN on.
 */
import { SeededEntropy } from "../../../entropy.js";
import { VirtualTime } from "../../../testing/virtual-time.js";
import { formatMac } from "../../mac.js";
import { Station, turn } from "../../testing/frames.js";
import { formatAddress, formatEndpoint, parseAddress } from "../address.js";
import { openUserNetwork, type UserNetwork, type UserNetworkOptions } from "../network.js";

export const GUEST_MAC = Uint8Array.of(2, 0, 0, 0, 0, 7);
export const GATEWAY_MAC = Uint8Array.of(0x52, 0x55, 10, 0, 2, 2);
const BROADCAST = new Uint8Array(6).fill(255);
const ETHERNET = 10;
const IP = 24;
const FLAGS = "FSRPA";

export interface TcpParts {
  /** `10.0.2.15:4000`, `[fd00::15]:4000` */
  readonly from: string;
  readonly to: string;
  /** Letters of FSRPA. */
  readonly flags: string;
  readonly seq: number;
  /** From the network's SYN on. */
  readonly ack?: number;
  readonly win?: number;
  readonly mss?: number;
  readonly scale?: number;
  readonly data?: string | Uint8Array;
}

export interface IpParts {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly hopLimit?: number;
  /** Of the IPv4 header. */
  readonly fragment?: number;
  /** Leaves this transport offset alone: nothing has a checksum there. */
  readonly checksumAt?: number;
  readonly mac?: Uint8Array;
}

export class ScriptGuest {
  readonly network: UserNetwork;
  readonly time: VirtualTime;
  readonly station: Station;
  /** The network's initial sequence number, by its end and ours. */
  readonly #initial = new Map<string, number>();

  constructor(network: UserNetwork, time: VirtualTime, agreed: number) {
    this.network = network;
    this.time = time;
    this.station = new Station(network, agreed);
  }

  /** @param agreed bits of NetFeature; none unless given, so that every checksum is there to be checked */
  static async open(options: UserNetworkOptions = {}, agreed = 0): Promise<ScriptGuest> {
    const time = new VirtualTime();
    const network = await openUserNetwork({
      mac: GUEST_MAC,
      entropy: new SeededEntropy(1),
      scheduler: time,
      clock: time.clock,
      resolvers: () => [],
      ...options,
    });
    return new ScriptGuest(network, time, agreed);
  }

  /** The initial sequence number that the network's last SYN between these ends had. */
  initialOf(from: string, to: string): number {
    return this.#initial.get(`${from} ${to}`) ?? 0;
  }

  /** A frame as it is, without its virtio_net_hdr. */
  sendsRaw(frame: Uint8Array): void {
    const bytes = new Uint8Array(ETHERNET + frame.length);
    bytes.set(frame, ETHERNET);
    this.network.send(bytes);
  }

  sendsArp(operation: 1 | 2, sender: string, target: string): void {
    this.sendsRaw(arpFrame(operation, sender, target));
  }

  sendsIp(parts: IpParts): void {
    this.sendsRaw(ipFrame(parts));
  }

  sendsUdp(from: string, to: string, data: Uint8Array | string): void {
    const [source, destination] = [endpoint(from), endpoint(to)];
    const body = typeof data === "string" ? Buffer.from(data) : data;
    const payload = new Uint8Array(8 + body.length);
    const view = new DataView(payload.buffer);
    view.setUint16(0, source.port);
    view.setUint16(2, destination.port);
    view.setUint16(4, payload.length);
    payload.set(body, 8);
    const mac = destination.address === "255.255.255.255" ? BROADCAST : GATEWAY_MAC;
    const ends = { from: source.address, to: destination.address };
    this.sendsIp({ ...ends, protocol: 17, payload, checksumAt: 6, mac });
  }

  sendsTcp(parts: TcpParts): void {
    const initial = this.#initial.get(`${parts.to} ${parts.from}`) ?? 0;
    const [source, destination] = [endpoint(parts.from), endpoint(parts.to)];
    const payload = tcpSegment(parts, source.port, destination.port, initial);
    const ends = { from: source.address, to: destination.address };
    this.sendsIp({ ...ends, protocol: 6, payload, checksumAt: 16 });
  }

  /** Lets what is under way happen; virtual time stands still. */
  async settle(): Promise<void> {
    for (let at = 0; at < 4; at++) {
      this.time.settle();
      await turn();
    }
  }

  /** Lets virtual time pass. */
  async after(ms: number): Promise<void> {
    await this.settle();
    this.time.advance(BigInt(Math.round(ms * 1e6)));
    await this.settle();
  }

  /** What has come, as text. */
  async receives(): Promise<string[]> {
    await this.settle();
    return this.station.drain().map((frame) => this.read(frame));
  }

  /** Waits, for the kernel, until something has come. */
  async awaits(count = 1): Promise<string[]> {
    const frames = await this.station.expect(count);
    await this.settle();
    return [...frames, ...this.station.drain()].map((frame) => this.read(frame));
  }

  /** A frame as text. Throws for a wrong checksum. */
  read(frame: Uint8Array): string {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const type = view.getUint16(ETHERNET + 12);
    if (type === 0x0806) return readArp(frame, view);
    const ipv4 = type === 0x0800;
    const bytes = ipv4 ? 4 : 16;
    const at = IP + (ipv4 ? 12 : 8);
    const from = formatAddress(frame.slice(at, at + bytes));
    const to = formatAddress(frame.slice(at + bytes, at + 2 * bytes));
    const start = IP + (ipv4 ? 20 : 40);
    const protocol = frame[IP + (ipv4 ? 9 : 6)] ?? 0;
    checkSums(frame, view, ipv4, start, protocol);
    const payload = frame.subarray(start);
    switch (protocol) {
      case 6:
        return this.#readTcp(payload, from, to);
      case 17: {
        const ports = new DataView(payload.buffer, payload.byteOffset);
        const ends = `${formatEndpoint(from, ports.getUint16(0))} > ${formatEndpoint(to, ports.getUint16(2))}`;
        return `${ends} UDP ${text(payload.subarray(8))}`;
      }
      default:
        return `${from} > ${to} ICMP${ipv4 ? "" : "v6"} ${payload[0]}/${payload[1]}`;
    }
  }

  #readTcp(segment: Uint8Array, from: string, to: string): string {
    const view = new DataView(segment.buffer, segment.byteOffset, segment.length);
    const source = formatEndpoint(from, view.getUint16(0));
    const destination = formatEndpoint(to, view.getUint16(2));
    const key = `${source} ${destination}`;
    const bits = view.getUint8(13);
    const flags = [...FLAGS].filter((_, bit) => (bits & (1 << bit)) !== 0).join("");
    if (flags.includes("S")) this.#initial.set(key, view.getUint32(4));
    const seq = (view.getUint32(4) - (this.#initial.get(key) ?? 0)) >>> 0;
    const parts = [`${source} > ${destination} ${flags} seq=${seq}`];
    if (flags.includes("A")) parts.push(`ack=${view.getUint32(8)}`);
    if (!flags.includes("R")) parts.push(`win=${view.getUint16(14)}`);
    const header = (view.getUint8(12) >> 4) * 4;
    for (let at = 20; at < header;) {
      const kind = view.getUint8(at);
      if (kind === 2) parts.push(`mss=${view.getUint16(at + 2)}`);
      if (kind === 3) parts.push(`scale=${view.getUint8(at + 2)}`);
      at += kind === 1 ? 1 : view.getUint8(at + 1);
    }
    if (segment.length > header) parts.push(text(segment.subarray(header)));
    return parts.join(" ");
  }
}

/** Short text is shown, anything else counted. */
function text(data: Uint8Array): string {
  const shown = Buffer.from(data).toString("latin1");
  return data.length <= 32 && /^[ -~]*$/.test(shown)
    ? JSON.stringify(shown)
    : `${data.length} bytes`;
}

export function endpoint(whole: string): { address: string; port: number } {
  const at = whole.lastIndexOf(":");
  const address = whole.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  return { address, port: Number(whole.slice(at + 1)) };
}

function bytesOf(address: string): Uint8Array {
  const parsed = parseAddress(address);
  if (parsed === null) throw new Error(`${address} is no address`);
  return parsed;
}

export function arpFrame(operation: 1 | 2, sender: string, target: string): Uint8Array {
  const frame = new Uint8Array(14 + 28);
  const view = new DataView(frame.buffer);
  frame.set(operation === 1 ? BROADCAST : GATEWAY_MAC);
  frame.set(GUEST_MAC, 6);
  view.setUint16(12, 0x0806);
  view.setUint32(14, 0x0001_0800);
  view.setUint32(18, 0x0604_0000 | operation);
  frame.set(GUEST_MAC, 22);
  frame.set(bytesOf(sender), 28);
  frame.set(bytesOf(target), 38);
  return frame;
}

export function ipFrame(parts: IpParts): Uint8Array {
  const source = bytesOf(parts.from);
  const destination = bytesOf(parts.to);
  const ipv4 = source.length === 4;
  const header = ipv4 ? 20 : 40;
  const frame = new Uint8Array(14 + header + parts.payload.length);
  const view = new DataView(frame.buffer);
  frame.set(parts.mac ?? GATEWAY_MAC);
  frame.set(GUEST_MAC, 6);
  view.setUint16(12, ipv4 ? 0x0800 : 0x86dd);
  if (ipv4) {
    view.setUint8(14, 0x45);
    view.setUint16(16, 20 + parts.payload.length);
    view.setUint16(20, parts.fragment ?? 0);
    view.setUint8(22, parts.hopLimit ?? 64);
    view.setUint8(23, parts.protocol);
    frame.set(source, 26);
    frame.set(destination, 30);
    view.setUint16(24, ~onesSum(frame, 14, 34));
  } else {
    view.setUint8(14, 0x60);
    view.setUint16(18, parts.payload.length);
    view.setUint8(20, parts.protocol);
    view.setUint8(21, parts.hopLimit ?? 64);
    frame.set(source, 22);
    frame.set(destination, 38);
  }
  const start = 14 + header;
  frame.set(parts.payload, start);
  if (parts.checksumAt === undefined) return frame;
  const pseudo = parts.protocol === 1 ? 0 : pseudoSum(source, destination, parts);
  const sum = addOnes(onesSum(frame, start, frame.length), pseudo);
  view.setUint16(start + parts.checksumAt, ~sum & 0xffff || 0xffff);
  return frame;
}

function pseudoSum(source: Uint8Array, destination: Uint8Array, parts: IpParts): number {
  const ends = Uint8Array.from([...source, ...destination]);
  return addOnes(onesSum(ends, 0, ends.length), parts.protocol + parts.payload.length);
}

function tcpSegment(
  parts: TcpParts,
  source: number,
  destination: number,
  initial: number,
): Uint8Array {
  const { data = "", mss, scale } = parts;
  const options: number[] = [];
  if (mss !== undefined) options.push(2, 4, mss >> 8, mss & 0xff);
  if (scale !== undefined) options.push(1, 3, 3, scale);
  const body = typeof data === "string" ? Buffer.from(data) : data;
  const segment = new Uint8Array(20 + options.length + body.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, source);
  view.setUint16(2, destination);
  view.setUint32(4, parts.seq);
  if (parts.ack !== undefined) view.setUint32(8, initial + parts.ack);
  view.setUint8(12, ((20 + options.length) / 4) << 4);
  view.setUint8(
    13,
    [...parts.flags].reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0),
  );
  view.setUint16(14, parts.win ?? 65_535);
  segment.set(options, 20);
  segment.set(body, 20 + options.length);
  return segment;
}

function readArp(frame: Uint8Array, view: DataView): string {
  const sender = formatAddress(frame.slice(IP + 14, IP + 18));
  const target = formatAddress(frame.slice(IP + 24, IP + 28));
  return view.getUint16(IP + 6) === 1
    ? `ARP who has ${target}, tell ${sender}`
    : `ARP ${sender} is at ${formatMac(frame.slice(IP + 8, IP + 14))}`;
}

function checkSums(
  frame: Uint8Array,
  view: DataView,
  ipv4: boolean,
  start: number,
  protocol: number,
): void {
  if (ipv4 && onesSum(frame, IP, IP + 20) !== 0xffff) throw new Error("bad IPv4 checksum");
  const bytes = ipv4 ? 4 : 16;
  const at = IP + (ipv4 ? 12 : 8);
  const pseudo =
    protocol === 1
      ? 0
      : addOnes(onesSum(frame, at, at + 2 * bytes), protocol + frame.length - start);
  if (frame[0] === 1) {
    const offset = view.getUint16(8, true);
    if (view.getUint16(6, true) !== start - ETHERNET) throw new Error("bad csum_start");
    if (view.getUint16(start + offset) % 0xffff !== pseudo % 0xffff) {
      throw new Error("bad partial checksum");
    }
  } else if (addOnes(onesSum(frame, start, frame.length), pseudo) !== 0xffff) {
    throw new Error("bad checksum");
  }
}

/** RFC 1071, the slow and plain way. */
function onesSum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 2) {
    sum = addOnes(sum, ((bytes[at] ?? 0) << 8) | (at + 1 < end ? (bytes[at + 1] ?? 0) : 0));
  }
  return sum;
}

function addOnes(a: number, b: number): number {
  let sum = a + b;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
