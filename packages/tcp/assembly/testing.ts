/**
 * For tests and experiments: a network layer that keeps what is sent, a seeded source of random numbers, and a
 * peer that speaks in transcripts. Time is what `step` is told.
 *
 *     peer.sends("S mss=1460 ws=7");
 *     peer.expects("SA seq=0 ack=1");
 *
 * Sequence numbers of both sides count from their SYN, as Wireshark shows them. `sends` fills in what is not said:
 * the next number, the acknowledgment of all that was seen, a window of 65535, and time stamps if they are agreed.
 * `expects` looks for each word in what was sent.
 */
export { pass, step } from "./testing/clock";
export { FakeIp, FakeLink, FakePath, LOCAL, REMOTE, Sent } from "./testing/fake-ip";
export { Peer, streamByte } from "./testing/peer";
