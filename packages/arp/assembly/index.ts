export { Arp, ArpOwner } from "./arp";
export { ArpCounters } from "./counters";
export { Neighbour, NeighbourState } from "./neighbour";
