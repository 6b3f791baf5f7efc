/** What the layers count, by name, for `--stats`: a word for each field, in their order. */
import { DhcpCounters } from "@phantasm/dhcp";
import { ResolverCounters } from "@phantasm/dns/resolver";
import { EthernetCounters } from "@phantasm/ethernet/counters";
import { IcmpCounters } from "@phantasm/icmp/counters";
import { ArpCounters } from "@phantasm/arp/counters";
import { LinkCounters } from "@phantasm/interfaces";
import { Ipv4Counters } from "@phantasm/ipv4/counters";
import { Ipv6Counters } from "@phantasm/ipv6/counters";
import { observeConnections, observeCounters } from "@phantasm/runtime/observed";
import { TcpRows, TransmissionControl } from "@phantasm/tcp";
import { UdpLayer, UdpRows } from "@phantasm/udp";

export const LINK_LABELS = "sent sent-bytes received received-bytes refused";
export const ETHERNET_LABELS =
  "received not-for-us not-joined tagged unknown-type malformed sent refused waiting-dropped";
export const ARP_LABELS =
  "requests-received replies-received requests-sent replies-sent malformed silent evicted not-learned moved conflicts";
export const IPV4_LABELS =
  "received malformed martian not-for-us source-routed unknown-protocol fragments-received reassembled reassembly-timed-out reassembly-refused reassembly-evicted sent fragments-sent no-route mtu-learned";
export const ICMP_LABELS =
  "received malformed echo-requests echo-replies errors-received errors-sent limited";
export const IPV6_LABELS =
  "received delivered malformed not-for-us unknown-protocol reassembled sent unreachable icmp-received icmp-bad-checksum discovery-invalid errors-sent errors-suppressed errors-foreign";
export const UDP_LABELS = "received malformed bad-checksum no-port sent errors";
export const TCP_LABELS =
  "segments-received segments-sent bytes-received bytes-sent segments-retransmitted opened accepted reset timed-out evicted malformed bad-checksum group outside-window bad-acknowledgment old-timestamp no-memory too-many-holes no-connections backlog-full stray reneged-bytes resets-sent resets-withheld challenges-sent challenges-withheld cookies-sent cookies-accepted cookies-refused time-wait-reused time-wait-reset time-wait-evicted probes-sent keep-alives-sent path-errors path-errors-ignored";
export const DHCP_LABELS =
  "sent received malformed unexpected unacceptable leases renewals refusals conflicts expirations";
export const NAMES_LABELS = "lookups exhausted queries answers strange failed timeouts truncated";

export function observeLink(counters: LinkCounters): void {
  observeCounters("link", LINK_LABELS, counters);
}

export function observeEthernet(counters: EthernetCounters): void {
  observeCounters("ethernet", ETHERNET_LABELS, counters);
}

export function observeIpv4(ip: Ipv4Counters, arp: ArpCounters, icmp: IcmpCounters): void {
  observeCounters("arp", ARP_LABELS, arp);
  observeCounters("ipv4", IPV4_LABELS, ip);
  observeCounters("icmp", ICMP_LABELS, icmp);
}

export function observeIpv6(counters: Ipv6Counters): void {
  observeCounters("ipv6", IPV6_LABELS, counters);
}

export function observeUdp(udp: UdpLayer): void {
  observeCounters("udp", UDP_LABELS, udp.counters);
  observeConnections(new UdpRows(udp));
}

export function observeTcp(tcp: TransmissionControl): void {
  observeCounters("tcp", TCP_LABELS, tcp.counters);
  observeConnections(new TcpRows(tcp));
}

export function observeDhcp(counters: DhcpCounters): void {
  observeCounters("dhcp", DHCP_LABELS, counters);
}

export function observeNames(counters: ResolverCounters): void {
  observeCounters("dns", NAMES_LABELS, counters);
}
