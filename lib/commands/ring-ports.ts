/**
 * What commands show of the ring and ask of it: implemented in lib/server/ring. Sizes are bytes, times Unix milliseconds,
 * unless a name says otherwise.
 */

/** The streams between this node and another member. */
export interface PeerLink {
  readonly isConnected: boolean;
  /** When it was connected last; 0 if it is not. */
  readonly connectedSinceMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly queuedBytes: number;
  /** The mean of the last ones; 0 before the first. */
  readonly roundTripUs: number;
}

/** A member of the ring as this node knows it. */
export interface RingMember {
  /** 40 hexadecimal digits. */
  readonly id: string;
  readonly ordinal: number;
  readonly zone: string;
  /** What the ring says of it: joining, up or leaving; away, if the others go on without it, or returning, if it is being rebuilt. */
  readonly state: string;
  /** What others say of it: alive, suspect, dead or left; `unknown` before anybody has. */
  readonly liveness: string;
  /** Whether this node sends requests there. */
  readonly isUp: boolean;
  readonly isSelf: boolean;
  readonly isVoter: boolean;
  readonly host: string;
  /** For clients, without TLS and with it; 0: there is none. */
  readonly port: number;
  readonly tlsPort: number;
  readonly busPort: number;
  readonly tokenCount: number;
  /** Slots that it is a replica of, and those that it acts for. */
  readonly heldSlots: number;
  readonly ledSlots: number;
  /** How much it has of the slots that it takes over, 0 to 1; undefined if the ring is not being changed, or it takes over none. */
  readonly filled: number | undefined;
  readonly link: PeerLink;
  /** Hints that this node keeps for it. */
  readonly hintCount: number;
}

/** Slots [start, end], which the member with the index `leader` acts for: their first replica that can be reached. -1: none can. */
export interface LedRange {
  readonly start: number;
  readonly end: number;
  readonly leader: number;
}

/** What is kept for members of the ring that were away, and what became of it since the start. Sizes are bytes. */
export interface HintFigures {
  readonly bytes: number;
  readonly count: number;
  /** Of the oldest that is kept. */
  readonly oldestAgeSeconds: number;
  readonly keptCount: number;
  /** Members have them. */
  readonly replayedCount: number;
  /** For want of room, or too old, or the disk has failed, or the member was removed. */
  readonly droppedCount: number;
  /** Of damaged files. */
  readonly lostBytes: number;
  /** Files that could not be read at all. */
  readonly unreadableFiles: number;
}

/** What this node has done as a member, since its start. */
export interface RingFigures {
  readonly forwardedRequests: number;
  readonly refusedRequests: number;
  readonly refreshedKeys: number;
  readonly differingKeys: number;
  readonly lateRepairs: number;
  readonly readTimeouts: number;
  readonly writeTimeouts: number;
  /** Writes that were stamped again, because a replica had something newer. */
  readonly restampedWrites: number;
  /** Of what was written here, and not all replicas have acknowledged. */
  readonly unacknowledgedBytes: number;
  /** Messages of members that did not know the newest ring yet. They send them again. */
  readonly staleMessages: number;
  /** Messages that were refused, because the sender's clock is further ahead than `max-clock-drift`. */
  readonly clockAheadMessages: number;
  /** By how many milliseconds this node's wall clock is ahead of those of most members (below 0: behind), if that is more than `max-clock-drift`; else 0. */
  readonly clockErrorMs: number;
  /** Keys that consensus decides about, of which this node is an acceptor, and what they take in memory, about. */
  readonly decidedKeys: number;
  readonly decidedBytes: number;
  readonly hints: HintFigures;
  /** What was given to members that take over slots, and what this node was given for the change of the ring that is under way. */
  readonly transferredOutBytes: number;
  readonly transferredInBytes: number;
  /** Slots that were given up, and of which something may be in memory yet; and what is left of such in tables, about. */
  readonly givenUpSlots: number;
  readonly givenUpBytes: number;
  readonly repair: RepairFigures;
}

/** What was compared with other replicas, and repaired, since the start. */
export interface RepairFigures {
  /** `reading`: it reads what this node holds; `restoring`: what damaged tables held. */
  readonly state: 'off' | 'idle' | 'reading' | 'comparing' | 'restoring';
  /** Comparisons with all other members, or those behind this one; those with one member; and those of them that came to no end. */
  readonly rounds: number;
  readonly exchanges: number;
  readonly failures: number;
  /** Why the last of these did not; empty: none. */
  readonly lastError: string;
  /** -1: there was none. */
  readonly lastRoundAgoSeconds: number;
  /** Keys that the last round has found not to be the same at both. */
  readonly lastDivergence: number;
  readonly leavesDiffering: number;
  readonly keysDiffering: number;
  readonly keysReceived: number;
  readonly keysSent: number;
  /** Keys that others were told of when this node had been away for too long. */
  readonly offeredKeys: number;
  /** How often all tables were read, and how often nothing had changed since; the keys in them; what was read altogether. */
  readonly treesBuilt: number;
  readonly treesReused: number;
  readonly treeKeys: number;
  readonly treeReadBytes: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Tables in quarantine, and those of which all was had from other replicas; keys that were asked for before that, and had from them one by one. */
  readonly damagedTables: number;
  readonly restoredTables: number;
  readonly restoredKeys: number;
  /** Members that tables in quarantine wait for. */
  readonly restoreWaitsFor: readonly string[];
  /** How often this node had slots settled, as their first replica, and how many in all; up to which Unix millisecond at most, in any slot that it holds (0: none is). */
  readonly closings: number;
  readonly settledSlots: number;
  readonly settledUpToMs: number;
  /** Deleted keys that compactions have dropped, and marks of what was taken out of collections. */
  readonly deletesDropped: number;
  readonly marksDropped: number;
  /** Deleted keys of which this node knew, when it looked last, what consensus has decided; and those that it had forgotten. */
  readonly deletedDecisions: number;
  readonly forgottenDecisions: number;
}

/** What a read asks for. */
export interface ReadLevel {
  /** From how many replicas. */
  readonly needed: number;
  /** How many of them are a majority. */
  readonly majority: number;
  /** Whether consensus decides about whatever is read. */
  readonly isDecided: boolean;
}

/** What a replica knows of a key. */
export interface ReplicaKnowledge {
  /** Equal where what is known is equal. */
  readonly digest: string;
  /** Of the newest write: its stamp, 0 if there is none, and the ordinal of the node that has stamped it. */
  readonly stamp: number;
  readonly origin: number;
  /** Values that nobody has superseded. */
  readonly siblings: number;
  /** 1: consensus decides about the key, as far as the replica has heard. */
  readonly era: number;
}

/** The ring of nodes that this one is a member of. Members are named by their index in `members()`. */
export interface RingInfo {
  readonly self: string;
  readonly clusterId: string;
  readonly generation: number;
  readonly epoch: number;
  /** The replicas that each slot has. */
  readonly replicaCount: number;
  readonly figures: RingFigures;
  /** What the change that is under way waits for, in words; empty if there is none. */
  readonly changeWaitsFor: readonly string[];
  /** The member whose place the next node takes that joins; undefined if that is nobody's, or somebody does already. */
  readonly toBeReplaced: string | undefined;
  members(): readonly RingMember[];
  /** All slots, in rising order. */
  ranges(): readonly LedRange[];
  /** Slots of which a majority of the replicas can be reached; some, but no majority; none. */
  health(): { readonly ok: number; readonly degraded: number; readonly lost: number };
  /** Compares everything with all other members, and brings to both what differs: begins as soon as possible. */
  repair(): void;
  /** The replicas of a slot in the order of preference. */
  replicas(slot: number): readonly number[];
  /** Who acts for a slot; -1: nobody can be reached. */
  leader(slot: number): number;
  /** A digest of all that this node knows of a key, equal where what is known is equal; undefined if that is on disk alone. */
  digest(key: Buffer): string | undefined;
  /** Up to which Unix millisecond the deletes of a slot may go; 0: none may, or it is not held here. */
  settledUpToMs(slot: number): number;
  /** What a read asks for at a level, as `Client.consistency` shows it. */
  readAt(consistency: string): ReadLevel;
  /** What the replicas of a key know of it, by their index. Those that cannot be reached are not among them; `undefined`: it cannot be read there. */
  inquire(key: Buffer): Promise<ReadonlyMap<number, ReplicaKnowledge | undefined>>;
  /** Begins to take a member out of the ring: its slots go to others first. Resolves with the reason if that has not begun. */
  takeOut(id: string): Promise<string | undefined>;
  /** Has the next node that joins take the place of a member. Resolves with the reason if that is not so. */
  replace(id: string): Promise<string | undefined>;
  /** Ends a change of the ring that is under way, with the members of before; or takes `replace` back, if nobody has joined yet. Resolves with the reason if it did not. */
  abortChange(): Promise<string | undefined>;
}
