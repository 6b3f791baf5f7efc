import { HappyEyeballs, Resolver, ResolverLimits, TcpAnswers } from "@phantasm/dns";
import { ServerSource } from "@phantasm/dns/servers";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { Ip, IpAddress, Link, Random, Tcp, Udp } from "@phantasm/interfaces";
import { Internet } from "@phantasm/ip/internet";
import { IpVersion } from "@phantasm/ip/version";
import { Ipv4Limits } from "@phantasm/ipv4/limits";
import { Task, hold, ready, release } from "@phantasm/runtime";
import { limitBytes } from "@phantasm/runtime/heap/pacing";
import { CongestionFactory, TcpLimits, TransmissionControl } from "@phantasm/tcp";
import { UdpLayer } from "@phantasm/udp";
import { Addresses } from "./addresses";
import { Ipv4Setup } from "./ipv4-setup";
import { Ipv6Setup } from "./ipv6-setup";
import { StackLimits } from "./limits";
import { KnownNameServers, ResolverFeed } from "./name-servers";
import { observeEthernet, observeLink, observeNames, observeTcp, observeUdp } from "./observe";
import { PingHandler, Pinger } from "./ping";
import { SetupHost } from "./setup-host";
import { AddressHandler, Stack, StackWaiter } from "./stack";

/** What a connection takes without its queues, and a little of the application's. */
const CONNECTION_BYTES: usize = 1024;

/** The stack over a link. Layers above IP are made when they are first reached. */
@final
export class NetworkStack implements Stack, SetupHost {
  private readonly theAddresses: Addresses = new Addresses();
  private readonly nameServers: KnownNameServers = new KnownNameServers();
  private readonly waiting: Waiting[] = [];
  private readonly theIp: Ip;
  private readonly v4: IpVersion | null;
  private readonly v6: IpVersion | null;
  private readonly limits: StackLimits;
  // The compiler links the handlers of every class that a field's type names, so that the types here name none.
  private theUdp: Udp | null = null;
  private theTcp: Tcp | null = null;
  /** A Resolver. */
  private theNames: Object | null = null;
  /** A HappyEyeballs. */
  private theDial: Object | null = null;

  constructor(
    private readonly link: Link,
    private readonly theRandom: Random,
    private readonly ipv4: Ipv4Setup,
    private readonly ipv6: Ipv6Setup,
    private readonly congestion: CongestionFactory,
    nameServers: string,
    connections: i32,
    listeners: i32,
    halfOpen: i32,
    timeWait: i32,
    tcpMemoryBytes: i32,
    receiveBytes: i32,
    sendBytes: i32,
    sockets: i32,
    neighbours: i32,
    fragments: i32,
    questions: i32,
    names: i32,
  ) {
    const limits = new StackLimits(
      connections,
      listeners,
      halfOpen,
      timeWait,
      tcpMemoryBytes,
      receiveBytes,
      sendBytes,
      sockets,
      neighbours,
      fragments,
      questions,
      names,
    );
    this.limits = limits;
    const ethernet = new Ethernet(link);
    observeLink(link.counters);
    observeEthernet(ethernet.counters);
    const ipv4Limits = new Ipv4Limits();
    ipv4Limits.neighbours = neighbours;
    ipv4Limits.fragments = fragments;
    const v4 = ipv4.open(ethernet, theRandom, ipv4Limits);
    const v6 = ipv6.open(ethernet, theRandom);
    this.v4 = v4;
    this.v6 = v6;
    this.theIp = both(v4, v6);
    ipv4.start(this);
    ipv6.start(this);
    if (nameServers.length > 0) this.useFixedServers(nameServers);
  }

  get ip(): Ip {
    return this.theIp;
  }

  get random(): Random {
    return this.theRandom;
  }

  get mac(): Uint8Array {
    return this.link.mac;
  }

  get udp(): Udp {
    const known = this.theUdp;
    if (known !== null) return known;
    const udp = new UdpLayer(this.theIp, this.theRandom, this.limits.sockets);
    this.theUdp = udp;
    observeUdp(udp);
    return udp;
  }

  get tcp(): Tcp {
    const known = this.theTcp;
    if (known !== null) return known;
    const limits = new TcpLimits();
    const memoryBytes = limitBytes();
    limits.connections = atMost(this.limits.connections, (memoryBytes >> 2) / CONNECTION_BYTES);
    limits.listeners = this.limits.listeners;
    limits.halfOpen = this.limits.halfOpen;
    limits.timeWait = this.limits.timeWait;
    // Half of it is too much where objects of a megabyte are made beside: queues use all they may have.
    limits.memoryBytes = atMost(
      this.limits.tcpMemoryBytes,
      (memoryBytes >> 1) - (memoryBytes >> 4),
    );
    limits.receiveBytesMax = this.limits.receiveBytes;
    limits.sendBytesMax = this.limits.sendBytes;
    const tcp = new TransmissionControl(this.theIp, this.theRandom, this.congestion, limits);
    this.theTcp = tcp;
    observeTcp(tcp);
    return tcp;
  }

  get names(): Resolver {
    return this.resolver();
  }

  get dial(): HappyEyeballs {
    const known = this.theDial;
    if (known !== null) return changetype<HappyEyeballs>(known);
    const resolver = this.resolver();
    // An image that dials has TCP, so it can fetch long answers too.
    resolver.longAnswers = new TcpAnswers(this.tcp);
    const dial = new HappyEyeballs(resolver, this.tcp);
    this.theDial = changetype<Object>(dial);
    return dial;
  }

  get isUp(): bool {
    return this.theAddresses.isUp;
  }

  get addresses(): IpAddress[] {
    return this.theAddresses.list.slice();
  }

  whenUp(waiter: StackWaiter): void {
    hold();
    const waiting = new Waiting(this, waiter);
    if (this.isUp) ready(waiting);
    else this.waiting.push(waiting);
  }

  forget(waiter: StackWaiter): void {
    const waiting = this.waiting;
    for (let at = 0; at < waiting.length; at++) {
      if (waiting[at].waiter !== waiter) continue;
      waiting.splice(at, 1);
      release();
      return;
    }
  }

  ping(remote: IpAddress, handler: PingHandler): Pinger | null {
    return remote.isIpv4
      ? this.ipv4.ping(this, remote, handler)
      : this.ipv6.ping(this, remote, handler);
  }

  watchAddresses(handler: AddressHandler): void {
    this.theAddresses.watch(handler);
  }

  // SetupHost

  addressReady(high: u64, low: u64): void {
    this.theAddresses.add(high, low);
    if (!this.isUp) return;
    const waiting = this.waiting;
    for (let at = 0; at < waiting.length; at++) ready(waiting[at]);
    waiting.length = 0;
  }

  addressGone(high: u64, low: u64): void {
    this.theAddresses.remove(high, low);
  }

  setNameServers(source: ServerSource, servers: IpAddress[]): void {
    this.nameServers.set(source, servers);
  }

  private resolver(): Resolver {
    const known = this.theNames;
    if (known !== null) return changetype<Resolver>(known);
    const limits = new ResolverLimits();
    limits.questions = this.limits.questions;
    limits.cacheEntries = this.limits.names;
    const resolver = new Resolver(this.udp, this.theRandom, limits);
    resolver.hasIpv4 = this.v4 !== null;
    resolver.hasIpv6 = this.v6 !== null;
    this.theNames = changetype<Object>(resolver);
    this.nameServers.watch(new ResolverFeed(resolver));
    observeNames(resolver.counters);
    return resolver;
  }

  /** Checked by the configuration already. */
  private useFixedServers(text: string): void {
    const servers: IpAddress[] = [];
    for (const part of text.split(",")) {
      const address = IpAddress.parse(part);
      if (address !== null) servers.push(address);
    }
    this.nameServers.set(ServerSource.STATIC, servers);
  }
}

/** One that waits for the stack to be up. */
@final
class Waiting extends Task {
  constructor(
    private readonly stack: Stack,
    readonly waiter: StackWaiter,
  ) {
    super();
  }

  performTask(): void {
    release();
    this.waiter.onStackUp(this.stack);
  }
}

function atMost(value: i32, limit: usize): i32 {
  return limit < <usize>value ? <i32>limit : value;
}

/** One version needs no dispatcher. The configuration has made sure that there is one. */
function both(v4: IpVersion | null, v6: IpVersion | null): Ip {
  if (v4 !== null && v6 !== null) return new Internet(v4, v6);
  assert(v4 !== null || v6 !== null, "stack: IPv6 needs a link whose MTU is at least 1280");
  return changetype<Ip>(v4 !== null ? v4 : v6);
}
