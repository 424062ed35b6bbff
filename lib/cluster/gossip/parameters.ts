/** The numbers of gossip in one place, each with its reason. Times are milliseconds of lived time (lived-time.ts). */

export interface GossipParameters {
  /** How often the driver looks at its deadlines: the grain of all the times below. */
  readonly tickMs: number;

  /** A member is probed at most so often; times 1 + health score (awareness.ts). */
  readonly probeIntervalMs: number;
  /** How long a direct ping waits before others are asked: `probeTimeoutRtts` round trips of that member, within these bounds. */
  readonly probeTimeoutMinMs: number;
  readonly probeTimeoutMaxMs: number;
  readonly probeTimeoutRtts: number;
  /** The bound while nobody has measured the round trip. */
  readonly probeTimeoutFirstMs: number;
  /** A probe ends no sooner than so many of its timeouts: what goes through others has twice the way. */
  readonly probeEndTimeouts: number;
  /** How many others are asked to ping a member that does not answer. */
  readonly relayCount: number;
  /** Whoever was asked says so if it has no answer by then: the asker learns that at least its own network works. */
  readonly nackAfterMs: number;

  /** How long a suspicion lasts with all confirmations, times log10(n) from ten members up, times 1 + health score. */
  readonly suspicionMinMs: number;
  /** How long it lasts without one: so many times the least. */
  readonly suspicionMaxFactor: number;
  /** So many confirmations by others bring it to the least. */
  readonly confirmationsMax: number;

  /** How often news is sent to `gossipFanout` members, while there is any. */
  readonly gossipIntervalMs: number;
  readonly gossipFanout: number;
  /**
   * A piece of news is sent `retransmitFactor` * ceil(ln(n + 1)) times by each member (SWIM, section 4.1): who misses one of so many copies misses them all in
   * one case of e^6 with 5 members, of e^12 with 20. What is missed nevertheless comes with an exchange.
   */
  readonly retransmitFactor: number;
  /** News goes to the dead, too, for so long: a member that was declared dead by mistake hears of it. */
  readonly gossipToTheDeadMs: number;

  /** How often the whole list is exchanged with one member; times 1 + log2(n / 32) from 32 members up. */
  readonly exchangeIntervalMs: number;
  /** It is exchanged with a stranger at once, but with no more than one in this time. */
  readonly strangerIntervalMs: number;
  /** How often a dead member, or a seed that no live member is known at, is tried. */
  readonly reconnectIntervalMs: number;
  /** Seeds that do not answer are tried again after this, twice as long each time, up to the maximum. */
  readonly joinBackoffMinMs: number;
  readonly joinBackoffMaxMs: number;
  /** The dead and those that left are forgotten after this. */
  readonly forgetAfterMs: number;

  /** Load is announced at most so often (the time grows as that of exchanges does), and only when it has changed. */
  readonly loadIntervalMs: number;
  /** Datagrams with the former cluster id are taken for this long: others may learn the new one a little later. */
  readonly formerClusterMs: number;
  /** A member that leaves says so for this long before it falls silent. */
  readonly leaveMs: number;
}

/**
 * For members in one network.
 *
 * - A member that stops is suspected by all within about two seconds at 5 members: somebody probes it within half a second
 *   or so, the probe takes another half, and the suspicion spreads in less than one. Requests avoid it from then on.
 * - It is declared dead 6 seconds later at the earliest: a pause of 5 seconds (a debugger, a snapshot of a virtual machine, SIGSTOP) ends as a
 *   suspicion that its subject refutes. 6 to 36 seconds is Lifeguard's choice, too (alpha 5, beta 6, at a second a probe).
 */
export const LAN_PARAMETERS: GossipParameters = {
  tickMs: 50,
  probeIntervalMs: 500,
  probeTimeoutMinMs: 100,
  probeTimeoutMaxMs: 2_000,
  probeTimeoutRtts: 3,
  probeTimeoutFirstMs: 200,
  probeEndTimeouts: 2.5,
  relayCount: 3,
  nackAfterMs: 150,
  suspicionMinMs: 6_000,
  suspicionMaxFactor: 6,
  confirmationsMax: 3,
  gossipIntervalMs: 200,
  gossipFanout: 3,
  retransmitFactor: 3,
  gossipToTheDeadMs: 30_000,
  exchangeIntervalMs: 30_000,
  strangerIntervalMs: 1_000,
  reconnectIntervalMs: 5_000,
  joinBackoffMinMs: 500,
  joinBackoffMaxMs: 10_000,
  forgetAfterMs: 24 * 3_600_000,
  loadIntervalMs: 10_000,
  formerClusterMs: 10_000,
  leaveMs: 1_000,
};

/** From so many members on, what everybody does to everybody is done less often (as memberlist has it). */
const GROWTH_FROM_MEMBERS = 32;

/** How much longer the intervals of exchanges are in a cluster of `members`. */
export function intervalGrowth(members: number): number {
  return members <= GROWTH_FROM_MEMBERS ? 1 : Math.ceil(Math.log2(members / GROWTH_FROM_MEMBERS)) + 1;
}

/** How often each member sends one piece of news, so that all have it with high probability. */
export function transmitLimit(parameters: GossipParameters, members: number): number {
  return parameters.retransmitFactor * Math.ceil(Math.log(members + 1));
}
