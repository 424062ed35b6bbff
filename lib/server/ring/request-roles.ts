import { slotOf } from '../../base/position.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { keyIndexes } from '../../commands/key-uses.js';
import type { RingRole } from '../../commands/ring-role.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { Args } from '../../protocol/args.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { DecidedKeys } from './decided-keys.js';
import type { Step } from './pipeline-order.js';
import { roleOf } from './request-slots.js';

/** A request with one key that waits for nothing else, and the index of who runs it. */
export interface SimpleRequest extends Step {
  readonly role: RingRole;
}

export interface RequestRolesOptions {
  readonly view: () => RingView;
  readonly decided: DecidedKeys;
  /** What the configuration says of keys. */
  readonly declared: DeclaredKeys;
  /** The command that a request calls, if it calls one properly. */
  readonly entryOf: (args: Args) => CommandEntry | undefined;
}

/** What requests mean to this node's ring. */
export class RequestRoles {
  private readonly options: RequestRolesOptions;

  constructor(options: RequestRolesOptions) {
    this.options = options;
  }

  /** What a request means here: a put to a key that keeps siblings supersedes what is known, so all that is to be known first. */
  of(entry: CommandEntry, args: Args): RingRole {
    const role = roleOf(entry, args);
    const { declared } = this.options;
    if (role !== 'put' || declared.isEmpty) return role;
    const isBlind = keyIndexes(entry.command, args).every(
      (i) => i >= args.count || !declared.keepsSiblings(args.buffer, args.start[i], args.end[i]),
    );
    return isBlind ? role : 'change';
  }

  /** What a request with one key that waits for nothing else means, and who runs it; `undefined` if it is no such. */
  simple(connection: Connection, args: Args): SimpleRequest | undefined {
    const { view, entryOf, decided } = this.options;
    const entry = entryOf(args);
    if (entry?.hasOneKey !== true || entry.isBlocking || entry.isTransactional || args.count < 2) return undefined;
    const role = this.of(entry, args);
    const slot = slotOf(args.buffer, args.start[1], args.end[1]);
    const isDecided = decided.concernsRequest(connection, entry.name, role, args, [1]);
    const isHere = view().serves(slot) && ((role !== 'change' && !isDecided) || connection.ring.isForwarded);
    const key = isDecided ? args.copy(1) : EMPTY;
    const actor = isDecided ? decided.proposerFor(slot, key) : view().firstLive(slot);
    return { role, slot, key, isDecided, member: isHere ? view().self : actor };
  }
}

/** Whether the requests behind the one that waits are asked for the same: not if that has a level of its own, or opened a transaction. */
export function mayLookAhead({ transaction, ring }: Connection): boolean {
  return transaction === undefined && ring.once === undefined;
}
