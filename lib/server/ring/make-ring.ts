/** Puts together what makes a node part of a ring, and has the rest of the node know of it. */

import { ClockWatch } from '../../cluster/coordination/clock-watch.js';
import type { Config } from '../../config/config.js';
import { Draft } from '../../data/draft.js';
import { EntryDigests } from '../../data/entry-digests.js';
import type { Keyspace } from '../../data/keyspace.js';
import type { Loader } from '../../data/loader.js';
import type { ByteStream, Clock, Disk, Random, StreamHandler, Timers } from '../../host/ports.js';
import type { Args } from '../../protocol/args.js';
import type { Scripts } from '../../scripting/scripts.js';
import type { Store } from '../../storage/engine/store.js';
import type { Blocking } from '../blocking.js';
import type { Changes } from '../changes.js';
import type { ClientDoor } from '../client-door.js';
import type { CommandTable } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { Executor } from '../executor.js';
import type { KeptEffects } from '../kept-effects.js';
import { ForeignBatches } from './foreign-batches.js';
import { KeyspaceEntries } from './keyspace-entries.js';
import type { Log } from '../log.js';
import type { Persistence } from '../persistence.js';
import type { PubSubRegistry } from '../pubsub.js';
import { KeyspaceRepair } from './repair-store.js';
import { RingHousekeeping } from './ring-housekeeping.js';
import type { RingMembership } from './ring-membership.js';
import { RingPart } from './ring-part.js';
import { RingPort } from './ring-port.js';
import type { SlotStore } from './ring-slots.js';
import type { ServerPort } from '../server-port.js';
import type { TransferData } from '../../cluster/transfer/ports.js';
import type { SlotBounds } from '../../cluster/repair/slot-bounds.js';
import type { StampBound } from '../../cluster/topology/stamp-bound.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Turn } from '../turn.js';

export interface ClockWatchParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly membership: RingMembership;
}

/** The parts of a node that its ring needs. */
export interface RingParts extends ClockWatchParts {
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly log: Log;
  readonly clockWatch: ClockWatch;
  readonly stampBound: StampBound;
  readonly bounds: SlotBounds;
  readonly keyspace: Keyspace;
  readonly persistence: Persistence;
  readonly store: Store;
  readonly loader: Loader;
  readonly changes: Changes;
  readonly turn: Turn;
  readonly table: CommandTable;
  readonly blocking: Blocking;
  readonly executor: Executor;
  readonly scripts: Scripts;
  readonly pubsub: PubSubRegistry;
  readonly effects: KeptEffects;
  readonly server: ServerPort;
  readonly door: ClientDoor;
  /** Serves a stream of requests of this node's own, or of another member. */
  readonly accept: (stream: ByteStream, from: MemberId) => StreamHandler;
  /** Executes a request as if it had just arrived. */
  readonly execute: (connection: Connection, args: Args) => void;
  /** The node is no member of its ring any more: it stops. */
  readonly onGone: () => void;
}

/** With so much on its way to others, no more is removed of what has expired on disk. */
const REMOVING_BYTES_MAX = 4 * 1024 * 1024;

export function watchClocks({ clock, config, membership }: ClockWatchParts): ClockWatch {
  return new ClockWatch({
    clock,
    readings: () =>
      membership.ring.members.flatMap(({ id }) => (id === membership.self ? [] : (membership.links.clockOf(id) ?? []))),
    maxDriftMs: () => config.maxClockDriftMs,
  });
}

export function makeRing(parts: RingParts): RingPart {
  const { persistence, turn, keyspace, config, membership, blocking, executor, pubsub, server, table, clock } = parts;
  const draft = new Draft(keyspace);
  const entries = entriesOf(parts, draft);
  const ring: RingPart = new RingPart({
    ...parts,
    store: entries,
    repairStore: new KeyspaceRepair({
      ...parts,
      entries,
      isBehind: () =>
        housekeeping.isFull || ring.replicator.pendingBytes > REMOVING_BYTES_MAX || parts.store.pressure > 0,
      rewrite: (key) => {
        ring.consensus.rewrite(key);
      },
    }),
    batch: keyspace.batch,
    transfer: transferOf(parts),
    slotStore: slotStoreOf(parts),
    declared: keyspace.declared,
    hybridClock: keyspace.clock,
    maxDriftMs: () => config.maxClockDriftMs,
    settings: config,
    warn: (line) => {
      parts.log.warning(line);
    },
    isOpen: () => parts.store.isOpen,
    unfitness: () => unfitnessOf(parts),
    logPosition: () => Math.max(persistence.waitPosition, persistence.fullPosition),
    writeTimeoutMs: () => config.writeTimeoutMs,
    redirects: () => config.clusterRedirects,
    entryOf: (args) => {
      const entry = table.find(args);
      return entry?.takes(args.count) === true ? entry : undefined;
    },
    fail: (connection, args, error) => {
      executor.failHeld(connection, args, error);
    },
    drafts: {
      draft,
      digests: new EntryDigests(keyspace),
      database: keyspace.database(0),
      events: keyspace.events,
      effects: parts.effects,
      sizeOf: (key) => entries.sizeOf(key),
      plainEntry: (key) => entries.eraStore.plainEntry(key),
      runAside: (connection, args, db) => executor.runAside(connection, args, db),
    },
    isBusy: () => persistence.isHolding,
    onEra: (slot) => {
      if (blocking.isNeeded) blocking.moveAway((connection) => connection.ring.slot !== slot);
    },
    onMoved: () => {
      if (blocking.isNeeded) blocking.moveAway(({ ring: { slot } }) => ring.actsFor(slot));
    },
    deliver: (kind, channel, message) => {
      pubsub.deliver(kind, channel, message, 0, message.length);
    },
    onMessage: () => {
      turn.begin();
      keyspace.clock.tick();
    },
  });
  parts.loader.restore = (key) => ring.antiEntropy.restoreKey(key);
  membership.attach({
    holdsData: () => !parts.store.isOpen || keyspace.keyCount > 0 || !ring.consensus.isEmpty,
    pauseWrites: (durationMs) => {
      server.pauseClients(clock.wallMs() + durationMs, true);
    },
  });
  membership.onGone(() => {
    parts.log.notice('This node has left the ring: it stops. To join again, it needs an empty data directory');
    parts.onGone();
  });
  const housekeeping: RingHousekeeping = new RingHousekeeping({
    keyspace,
    view: () => ring.view,
    refresher: ring.refresher,
    replicator: ring.replicator,
    consensus: ring.consensus,
    linearizer: ring.linearizer,
  });
  pubsub.relay = (kind, channel, message, start, end) => {
    ring.relay.publish(kind, channel, message, start, end);
  };
  executor.ring = ring.coordinator;
  server.ring = new RingPort(ring, membership, parts.clockWatch);
  turn.replicas = ring;
  return ring;
}

/** The data, as slots of it are given to other nodes. */
function transferOf({ persistence, keyspace, store }: RingParts): Omit<TransferData, 'takeOver' | 'takeMore'> {
  const db = keyspace.database(0);
  return {
    origin: keyspace.origin,
    database: db.id,
    flush: () => persistence.flush(),
    walk: (position) => store.entries(db.id, position),
    addFloor: (batch) => {
      if (db.flushedUpTo > 0) batch.flush(db.id, db.flushedUpTo);
    },
    sync: () => persistence.sync(),
  };
}

/** The same, as this node gives slots up. */
function slotStoreOf({ persistence, store }: RingParts): SlotStore {
  return {
    get slots() {
      return store.slots;
    },
    get givenUpBytes() {
      return store.givenUpBytes;
    },
    giveUp: (slots, cleanFor) => persistence.giveUp(slots, cleanFor),
    noteSlots: (cleanFor) => store.noteSlots(cleanFor),
    flush: () => persistence.flush(),
  };
}

function entriesOf(
  { keyspace, persistence, changes, turn, blocking, loader, bounds }: RingParts,
  draft: Draft,
): KeyspaceEntries {
  const batches = new ForeignBatches({
    keyspace,
    persistence,
    changes,
    onTurn: () => {
      turn.begin();
    },
    onTaken: () => {
      if (blocking.isNeeded) blocking.serve();
    },
  });
  return new KeyspaceEntries(keyspace, batches, loader, draft, bounds);
}

/** Why this node can be no replica for anybody, if that is so. */
function unfitnessOf({ persistence, stampBound, clockWatch: { errorMs } }: RingParts): string | undefined {
  if (persistence.failure !== undefined) return 'its log takes nothing';
  if (stampBound.failure !== undefined) return 'it cannot keep how far its clock has come';
  if (errorMs === 0) return undefined;
  return `its clock is ${Math.abs(Math.round(errorMs))} ms ${errorMs > 0 ? 'ahead of' : 'behind'} those of most members`;
}
