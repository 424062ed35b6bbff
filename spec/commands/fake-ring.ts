import type { LedRange, ReadLevel, ReplicaKnowledge, RingInfo, RingMember } from '../../lib/commands/ring-ports.js';

const SLOTS = 16384;

/** A ring of three members, of which the first is this node, and each acts for a third of the slots. */
export class FakeRing implements RingInfo {
  readonly self = idOf(0);
  readonly clusterId = 'c'.repeat(40);
  readonly generation = 1;
  readonly epoch = 7;
  readonly replicaCount = 3;
  readonly changeWaitsFor: string[] = [];
  toBeReplaced: string | undefined;
  readonly figures = {
    forwardedRequests: 1,
    refusedRequests: 2,
    refreshedKeys: 3,
    differingKeys: 4,
    lateRepairs: 5,
    readTimeouts: 6,
    writeTimeouts: 7,
    restampedWrites: 8,
    unacknowledgedBytes: 14,
    staleMessages: 14,
    clockAheadMessages: 15,
    clockErrorMs: -16,
    decidedKeys: 34,
    decidedBytes: 35,
    hints: {
      bytes: 1000,
      count: 9,
      oldestAgeSeconds: 10,
      keptCount: 33,
      replayedCount: 11,
      droppedCount: 12,
      lostBytes: 13,
      unreadableFiles: 41,
    },
    transferredOutBytes: 15,
    transferredInBytes: 16,
    givenUpSlots: 24,
    givenUpBytes: 25,
    repair: {
      state: 'idle',
      rounds: 17,
      exchanges: 18,
      failures: 19,
      lastError: 'it is gone',
      lastRoundAgoSeconds: 20,
      lastDivergence: 21,
      leavesDiffering: 22,
      keysDiffering: 23,
      keysReceived: 24,
      keysSent: 25,
      offeredKeys: 36,
      treesBuilt: 26,
      treesReused: 27,
      treeKeys: 28,
      treeReadBytes: 29,
      sentBytes: 30,
      receivedBytes: 31,
      damagedTables: 32,
      restoreWaitsFor: [],
      restoredTables: 33,
      restoredKeys: 34,
      closings: 35,
      settledSlots: 36,
      settledUpToMs: 37,
      deletesDropped: 38,
      marksDropped: 39,
      deletedDecisions: 39,
      forgottenDecisions: 40,
    },
  } as const;
  /** How often RING REPAIR was called. */
  repairCount = 0;
  /** How far the ports for TLS are above the others; 0: there are none. */
  tlsDistance = 0;
  /** Of keys. */
  era = 0;
  /** Members that can be reached. */
  readonly up = [true, true, true];
  /** How much they have of what they take over. */
  readonly filled: (number | undefined)[] = [];
  /** Members that were taken out. */
  readonly takenOut: string[] = [];
  readonly replaced: string[] = [];

  repair(): void {
    this.repairCount++;
  }

  members(): RingMember[] {
    return this.up.map((isUp, i) => ({
      id: idOf(i),
      ordinal: i + 1,
      zone: '',
      state: 'up',
      liveness: isUp ? 'alive' : 'dead',
      isUp,
      isSelf: i === 0,
      isVoter: true,
      host: '127.0.0.1',
      port: 7000 + i,
      tlsPort: this.tlsDistance && 7000 + i + this.tlsDistance,
      busPort: 17000 + i,
      tokenCount: 64,
      heldSlots: SLOTS,
      filled: this.filled[i],
      ledSlots: this.ranges()
        .filter(({ leader }) => leader === i)
        .reduce((sum, { start, end }) => sum + end - start + 1, 0),
      link: {
        isConnected: isUp && i > 0,
        connectedSinceMs: isUp ? 1_600_000_000_000 + i : 0,
        bytesIn: 100,
        bytesOut: 200,
        messagesIn: 1,
        messagesOut: 2,
        queuedBytes: i === 2 ? 30 : 0,
        roundTripUs: 150.4,
      },
      hintCount: i === 2 ? 4 : 0,
    }));
  }

  ranges(): LedRange[] {
    const thirds = [
      { start: 0, end: 5460 },
      { start: 5461, end: 10922 },
      { start: 10923, end: 16383 },
    ];
    return thirds.map((range) => ({ ...range, leader: this.leader(range.start) }));
  }

  health(): { ok: number; degraded: number; lost: number } {
    const live = this.up.filter((isUp) => isUp).length;
    return { ok: live > 1 ? SLOTS : 0, degraded: live === 1 ? SLOTS : 0, lost: live === 0 ? SLOTS : 0 };
  }

  replicas(slot: number): number[] {
    const first = Math.min(2, Math.floor(slot / 5461));
    return [first, (first + 1) % 3, (first + 2) % 3];
  }

  leader(slot: number): number {
    return this.replicas(slot).find((member) => this.up[member]) ?? -1;
  }

  readAt(consistency: string): ReadLevel {
    const needed = new Map([
      ['ONE', 1],
      ['ALL', 3],
    ]).get(consistency);
    return { needed: needed ?? 2, majority: 2, isDecided: consistency === 'LINEARIZABLE' };
  }

  /** What each knows: the first two the same, the last one something older. */
  inquire(): Promise<Map<number, ReplicaKnowledge | undefined>> {
    const newer = { digest: '00000000000000ab', stamp: 5000 * 4096, origin: 1, siblings: 2, era: this.era };
    const older = { digest: '00000000000000aa', stamp: 4000 * 4096, origin: 9, siblings: 1, era: 0 };
    const known = [newer, newer, older].map((knowledge, i) => [i, knowledge] as const);
    return Promise.resolve(new Map(known.filter(([i]) => this.up[i])));
  }

  takeOut(id: string): Promise<string | undefined> {
    if (!this.members().some((member) => member.id === id)) return Promise.resolve('it is no member');
    this.takenOut.push(id);
    return Promise.resolve(undefined);
  }

  replace(id: string): Promise<string | undefined> {
    if (!this.members().some((member) => member.id === id)) return Promise.resolve('it is no member');
    this.replaced.push(id);
    this.toBeReplaced = id;
    return Promise.resolve(undefined);
  }

  abortChange(): Promise<string | undefined> {
    if (this.toBeReplaced === undefined) return Promise.resolve('the ring is not being changed');
    this.toBeReplaced = undefined;
    return Promise.resolve(undefined);
  }

  settledUpToMs(): number {
    return 39;
  }

  digest(key: Buffer): string | undefined {
    return key.toString() === 'cold' ? undefined : '00000000000000ab';
  }
}

export function idOf(member: number): string {
  return String(member + 1).repeat(40);
}
