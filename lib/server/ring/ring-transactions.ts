/**
 * Transactions and scripts in a ring: all keys of one, those watched too, lie in one slot, and it runs where that slot's commands run.
 *
 *     WATCH, then MULTI ... EXEC     at the first live replica, over the session that has watched; if all of it is about one key, consensus decides, and so it does about
 *                                    one without WATCH that has a command which compares and sets
 *     a script                       where its declared keys are; others of their slot it may use, too, unless consensus decides about them
 */

import type { RingRole } from '../../commands/ring-role.js';
import { isComparing as comparesAndSets } from '../../commands/ring-role.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs, encodeWords } from '../../protocol/request-encoder.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { DecidedKeys } from './decided-keys.js';
import type { RemoteSession } from './remote-session.js';
import { SEVERAL, commonSlot, keysOf, namesAt, roleOf } from './request-slots.js';
import { NO_SLOT } from './ring-client.js';
import type { Transaction } from '../transaction.js';

export const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";
export const SEVERAL_KEYS =
  'ERA a key that consensus decides about is used by itself: not with others in a command, transaction or script';
const NOT_DECLARED = 'ERR Script attempted to access a non local key in a cluster node';

/** What transactions need of the coordinator. */
export interface TransactionHost {
  readonly view: () => RingView;
  readonly sessionAt: (connection: Connection, member: number) => RemoteSession;
  readonly decided: Pick<DecidedKeys, 'mayConcern' | 'isEraOne'>;
  /** The error that sends a client elsewhere with a request of this role for a slot; undefined: it is served from here. */
  readonly redirect: (connection: Connection, slot: number, role: RingRole) => string | undefined;
  /**
   * Runs EXEC where the slot of `connection.ring` has it run, by the request or by all that were queued. True: here, and now. `isComparing`: consensus decides
   * about it, if it has one key.
   */
  readonly routeExec: (
    connection: Connection,
    args: Args,
    keys: () => Buffer[],
    requests: () => Buffer[],
    isComparing: boolean,
  ) => boolean;
  /** Answers with an error. */
  readonly refuse: (connection: Connection, args: Args, error: string) => false;
}

export class RingTransactions {
  private readonly host: TransactionHost;

  constructor(host: TransactionHost) {
    this.host = host;
  }

  /** Whether a command may be queued behind MULTI; if not, it was answered. */
  admitQueued(connection: Connection, transaction: Transaction, entry: CommandEntry, args: Args): boolean {
    const { redirect, refuse } = this.host;
    const role = roleOf(entry, args);
    if (role === 'here') return true;
    if (role === 'nowhere' || role === 'everywhere') {
      return refuse(connection, args, `ERR ${entry.name.toUpperCase()} is not possible in a transaction of a ring`);
    }
    const slot = commonSlot(args, keysOf(entry, args));
    if (slot === NO_SLOT) return true;
    if (slot === SEVERAL || (transaction.slot !== NO_SLOT && transaction.slot !== slot)) {
      return refuse(connection, args, CROSSSLOT);
    }
    const elsewhere = redirect(connection, slot, 'change');
    if (elsewhere !== undefined) return refuse(connection, args, elsewhere);
    transaction.slot = slot;
    return true;
  }

  /** Whether EXEC may run, here and now. If not, it was answered, or waits. */
  admitExec(connection: Connection, transaction: Transaction, args: Args): boolean {
    if (connection.ring.isCleared) {
      connection.ring.isCleared = false;
      return true;
    }
    const { watchSession, watchSlot, watchesElsewhere } = connection.ring;
    if (transaction.slot === NO_SLOT && watchSlot !== NO_SLOT) transaction.slot = watchSlot;
    connection.ring.slot = transaction.slot;
    connection.ring.isBlind = false;
    connection.ring.refreshedTo = 0;
    if (transaction.hasFailed || transaction.slot === NO_SLOT) return true;
    const isCrossing = watchesElsewhere === 'slot' || watchSlot !== transaction.slot;
    if (watchSlot !== NO_SLOT && isCrossing) return this.host.refuse(connection, args, CROSSSLOT);
    const keys = (): Buffer[] => {
      // A channel of SPUBLISH is no key.
      const users = transaction.queued.filter((one) => roleOf(one.entry, one.args) !== 'here');
      const queued = users.flatMap((one) => namesAt(one.args, keysOf(one.entry, one.args)));
      return [...queued, ...[...connection.watched.values()].map(({ key }) => key)];
    };
    const requests = (): Buffer[] => {
      const queued = transaction.queued.map((one) => encodeArgs(one.args));
      return [encodeWords(['MULTI']), ...queued, encodeWords(['EXEC'])];
    };
    if (watchSlot !== NO_SLOT && (watchesElsewhere === 'member' || !this.mayExecWatched(connection, watchSession))) {
      connection.endTransaction();
      connection.reply.nullArray();
      return false;
    }
    // What is watched at another member, that one knows.
    const isComparing =
      connection.watched.size > 0 || transaction.queued.some((one) => comparesAndSets(one.entry.name, one.args));
    return this.host.routeExec(connection, args, keys, requests, isComparing);
  }

  /** A script may use keys of the slot that its own keys are in: for that slot it has what a quorum has. */
  scriptRefusal(connection: Connection, entry: CommandEntry, args: Args): string | undefined {
    const role = roleOf(entry, args);
    if (role === 'here') return undefined;
    if (role === 'nowhere' || role === 'everywhere') {
      return `ERR ${entry.name.toUpperCase()} is not possible in a script of a ring`;
    }
    const keys = keysOf(entry, args);
    const slot = commonSlot(args, keys);
    const { proposedKey } = connection.ring;
    if (proposedKey !== undefined && namesAt(args, keys).some((name) => !name.equals(proposedKey))) {
      connection.ring.hasStrayed = true;
      return SEVERAL_KEYS;
    }
    if (slot === NO_SLOT) return undefined;
    if (slot !== connection.ring.slot) return NOT_DECLARED;
    const { decided } = this.host;
    const isPlain = proposedKey !== undefined || !decided.mayConcern(connection, slot);
    return isPlain || !namesAt(args, keys).some((name) => decided.isEraOne(name)) ? undefined : SEVERAL_KEYS;
  }

  /** Whether what was watched is where EXEC will run. */
  private mayExecWatched(connection: Connection, session: RemoteSession | undefined): boolean {
    const view = this.host.view();
    const first = view.firstLive(connection.ring.watchSlot);
    if (first === NOBODY) return true; // it will be refused
    if (session === undefined) return first === view.self || connection.ring.isForwarded;
    return first !== view.self && session.isOpen && this.host.sessionAt(connection, first) === session;
  }
}
