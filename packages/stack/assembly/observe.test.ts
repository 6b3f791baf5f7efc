import { ArpCounters } from "@phantasm/arp/counters";
import { DhcpCounters } from "@phantasm/dhcp";
import { ResolverCounters } from "@phantasm/dns/resolver";
import { EthernetCounters } from "@phantasm/ethernet/counters";
import { IcmpCounters } from "@phantasm/icmp/counters";
import { LinkCounters } from "@phantasm/interfaces";
import { Ipv4Counters } from "@phantasm/ipv4/counters";
import { Ipv6Counters } from "@phantasm/ipv6/counters";
import { TcpCounters } from "@phantasm/tcp/counters";
import { describe, expect, test } from "@phantasm/testing";
import { UdpCounters } from "@phantasm/udp/counters";
import {
  ARP_LABELS,
  DHCP_LABELS,
  ETHERNET_LABELS,
  ICMP_LABELS,
  IPV4_LABELS,
  IPV6_LABELS,
  LINK_LABELS,
  NAMES_LABELS,
  TCP_LABELS,
  UDP_LABELS,
} from "./observe";

/** The host reads one u64 for each word. */
function fieldsOf<T>(): i32 {
  return <i32>(offsetof<T>() >> 3);
}

function words(labels: string): i32 {
  return labels.split(" ").length;
}

describe("a word for each counter", () => {
  test("of the link and Ethernet", () => {
    expect(words(LINK_LABELS)).toBe(fieldsOf<LinkCounters>());
    expect(words(ETHERNET_LABELS)).toBe(fieldsOf<EthernetCounters>());
  });

  test("of IP", () => {
    expect(words(ARP_LABELS)).toBe(fieldsOf<ArpCounters>());
    expect(words(IPV4_LABELS)).toBe(fieldsOf<Ipv4Counters>());
    expect(words(ICMP_LABELS)).toBe(fieldsOf<IcmpCounters>());
    expect(words(IPV6_LABELS)).toBe(fieldsOf<Ipv6Counters>());
  });

  test("of transports, leases and names", () => {
    expect(words(UDP_LABELS)).toBe(fieldsOf<UdpCounters>());
    expect(words(TCP_LABELS)).toBe(fieldsOf<TcpCounters>());
    expect(words(DHCP_LABELS)).toBe(fieldsOf<DhcpCounters>());
    expect(words(NAMES_LABELS)).toBe(fieldsOf<ResolverCounters>());
  });
});
