import type { HybridClock } from '../../base/stamp.js';
import type { ClockWatch } from '../../cluster/coordination/clock-watch.js';
import type { RepairStore } from '../../cluster/repair/ports.js';
import type { SlotBounds } from '../../cluster/repair/slot-bounds.js';
import type { TransferData } from '../../cluster/transfer/ports.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Settings } from '../../config/settings.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { Keyspace } from '../../data/keyspace.js';
import type { ByteStream, Clock, Disk, Random, StreamHandler, Timers } from '../../host/ports.js';
import type { Args } from '../../protocol/args.js';
import type { WriteBatch } from '../../record/write-batch.js';
import type { Scripts } from '../../scripting/scripts.js';
import type { ClientDoor } from '../client-door.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { LinearizerOptions } from './linearizer.js';
import type { ChannelKind } from './message-relay.js';
import type { RingMembership } from './ring-membership.js';
import type { SlotStore } from './ring-slots.js';
import type { RingStore } from './ring-store.js';

/** What a node's part in a ring needs of the rest of the node. */
export interface RingPartOptions {
  readonly membership: RingMembership;
  readonly store: RingStore;
  readonly repairStore: RepairStore;
  readonly bounds: SlotBounds;
  readonly batch: WriteBatch;
  readonly clock: Clock;
  /** What the configuration says of keys. */
  readonly declared: DeclaredKeys;
  /** What stamps are made by. */
  readonly hybridClock: HybridClock;
  readonly clockWatch: ClockWatch;
  /** How far clocks may differ. */
  readonly maxDriftMs: () => number;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly settings: Pick<
    Settings,
    | 'dir'
    | 'hz'
    | 'hintSizeMaxBytes'
    | 'hintWindowSeconds'
    | 'awayMaxSeconds'
    | 'decidedScripts'
    | 'sloppyQuorum'
    | 'repairIntervalSeconds'
    | 'repairRateBytes'
    | 'repairDeletes'
    | 'transferRateBytes'
    | 'joinTimeoutSeconds'
  >;
  /** The data, as slots of it are given to others. */
  readonly transfer: Omit<TransferData, 'takeOver' | 'takeMore'>;
  /** The same, as they are given up, and what has them in memory. */
  readonly slotStore: SlotStore;
  readonly keyspace: Keyspace;
  /** Those that this node knows. */
  readonly scripts: Pick<Scripts, 'learn' | 'cache'>;
  readonly warn: (line: string) => void;
  /** Whether there is a log, and the data is what it and the tables say. */
  readonly isOpen: () => boolean;
  /** Why this node can be no replica, if that is so; `onFitness` is to be called when it changes. */
  readonly unfitness: () => string | undefined;
  /** Up to where the log must be durable before what this turn has logged may be told; 0 if it may at once. */
  readonly logPosition: () => number;
  readonly writeTimeoutMs: () => number;
  /** Whether clients are sent to another node instead of being served by way of this one. */
  readonly redirects: () => boolean;
  readonly door: Pick<ClientDoor, 'close' | 'open'>;
  /** Serves a stream of requests of this node's own, or of another member. */
  readonly accept: (stream: ByteStream, from: MemberId) => StreamHandler;
  /** The command that a request calls, if it calls one properly. */
  readonly entryOf: (args: Args) => CommandEntry | undefined;
  readonly execute: (connection: Connection, args: Args) => void;
  /** How commands run whose outcome consensus decides. */
  readonly drafts: Omit<LinearizerOptions, 'consensus' | 'execute' | 'fail' | 'load' | 'onTurn'>;
  /** Whether something is being done to keys that goes on from turn to turn. */
  readonly isBusy: () => boolean;
  /** Consensus decides about a key of the slot from now on. */
  readonly onEra: (slot: number) => void;
  readonly fail: (connection: Connection, args: Args, error: string) => void;
  /** Other nodes may act for slots than before. */
  readonly onMoved: () => void;
  /** Sends a message of another member to the subscribers of this one. */
  readonly deliver: (kind: ChannelKind, channel: string, message: Buffer) => void;
  /** A message has arrived: called before it is looked at. */
  readonly onMessage: () => void;
}
