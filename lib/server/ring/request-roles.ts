import { slotOf } from '../../base/position.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { keyIndexes } from '../../commands/key-uses.js';
import type { RingRole } from '../../commands/ring-role.js';
import { mayHaveSeveralSlots } from '../../commands/ring-role.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { Args } from '../../protocol/args.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { DecidedKeys } from './decided-keys.js';
import type { Step } from './pipeline-order.js';
import { HERE } from './pipeline-order.js';
import { isWhole, keysOf, roleOf } from './request-slots.js';

/** A request that waits for nothing but its reply, and may be run in parts if it has several keys. */
export interface PlannedRequest extends Step {
  readonly name: string;
  readonly role: RingRole;
  /** Which arguments are keys. */
  readonly keys: readonly number[];
}

const ONE_KEY: readonly number[] = [1];

/** Roles of what may begin before its turn. */
const PLANNED: ReadonlySet<RingRole> = new Set(['read', 'change', 'put']);

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

  /** What a request means that may begin before its turn, and who runs it; `undefined` if it may not. */
  plan(connection: Connection, args: Args): PlannedRequest | undefined {
    const { view, entryOf, decided } = this.options;
    const entry = entryOf(args);
    if (entry === undefined || entry.isBlocking || entry.isTransactional) return undefined;
    const { name, hasOneKey } = entry;
    if (!hasOneKey && !(mayHaveSeveralSlots(name) && isWhole(name, args))) return undefined;
    const role = this.of(entry, args);
    const keys = hasOneKey ? ONE_KEY : keysOf(entry, args);
    if (!PLANNED.has(role) || keys.length === 0 || args.count <= keys[0]) return undefined;
    const slots = keys.map((i) => slotOf(args.buffer, args.start[i], args.end[i]));
    const isDecided = decided.concernsRequest(connection, name, role, args, keys);
    if (isDecided && keys.length > 1) return undefined;
    const key = isDecided ? args.copy(keys[0]) : EMPTY;
    const { self } = view();
    const isHere = connection.ring.isForwarded || (role !== 'change' && !isDecided);
    const members = slots.map((slot) => {
      if (isHere && view().serves(slot)) return self;
      return isDecided ? decided.proposerFor(slot, key) : view().firstLive(slot);
    });
    const areHere = members.every((member) => member === self);
    return { name, role, keys, slots, members: areHere ? members.map(() => HERE) : members, isDecided, key };
  }
}

/** Whether requests behind the one that waits may begin: not if that may wait for ever, and not if it has a level of its own, or opened a transaction: they are asked for something else. */
export function mayLookAhead({ transaction, ring }: Connection): boolean {
  return transaction === undefined && ring.once === undefined && !ring.mayWait;
}
