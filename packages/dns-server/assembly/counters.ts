/** Sums since boot. */
export class ServerCounters {
  /** Queries that arrived, in datagrams and in connections. */
  udpQueries: u64 = 0;
  tcpQueries: u64 = 0;
  /** Answers, by their outcome: with records, without, a delegation, no such name. */
  answers: u64 = 0;
  noData: u64 = 0;
  referrals: u64 = 0;
  noSuchName: u64 = 0;
  refused: u64 = 0;
  malformed: u64 = 0;
  notImplemented: u64 = 0;
  badVersion: u64 = 0;
  /** Of a zone that is not here to be answered from, or transfers that were put off. */
  notLoaded: u64 = 0;
  /** Cut short: the client asks again over TCP. */
  truncated: u64 = 0;
  /** Not answered: no query at all, or an answer. */
  discarded: u64 = 0;
  /** Held back by the rate limit, and of them, answered with nothing but the request to use TCP. */
  limited: u64 = 0;
  slipped: u64 = 0;
  /** With a server cookie of ours that holds, and with another. */
  goodCookies: u64 = 0;
  badCookies: u64 = 0;
  /** Zones that were transferred to others, and requests that were refused. */
  transfers: u64 = 0;
  transfersRefused: u64 = 0;
  /** Of the transfers, those that had changes alone. */
  incremental: u64 = 0;
  /** Connections that were turned away or ended by us: too many, idle, or malformed. */
  connectionsRefused: u64 = 0;
  connectionsIdle: u64 = 0;
  connectionsBroken: u64 = 0;
  /** NOTIFY: sent, tries included, and acknowledged. */
  notifiesSent: u64 = 0;
  notifiesAnswered: u64 = 0;
}

export const SERVER_LABELS: string =
  "udp-queries tcp-queries answers no-data referrals no-such-name refused malformed not-implemented bad-version not-loaded truncated discarded limited slipped good-cookies bad-cookies transfers transfers-refused transfers-incremental connections-refused connections-idle connections-broken notifies-sent notifies-answered";
