import { Level } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { HintKeeper } from '../../cluster/replication/ports.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { BlindPut } from '../../commands/blind-puts.js';
import { blindPuts } from '../../commands/blind-puts.js';
import type { RingRole } from '../../commands/ring-role.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import { OwnedCall } from '../owned-call.js';
import { NOBODY_LIVES } from './refusals.js';
import { OK } from './merged-replies.js';

export interface HintedPutsOptions {
  readonly view: () => RingView;
  readonly hints: HintKeeper;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

/** Puts at level ANY of keys that no replica can be reached for: they are kept here, as hints for all of them. */
export class HintedPuts {
  private readonly options: HintedPutsOptions;

  constructor(options: HintedPutsOptions) {
    this.options = options;
  }

  /** Whether a hint is all that can be had of a request, and enough. */
  isOne({ ring }: Connection, role: RingRole, slots: readonly number[]): boolean {
    if (role !== 'put' || ring.consistency.write !== Level.ANY) return false;
    const view = this.options.view();
    return slots.every((slot) => view.firstLive(slot) === NOBODY);
  }

  /** Keeps what is put for each replica of its keys, and answers when one hint of each key is durable. */
  keep(connection: Connection, name: string, borrowed: Args): false {
    const { view, hints, fail } = this.options;
    const args = borrowed.clone();
    const puts = blindPuts(new OwnedCall(connection, args), name);
    if (puts === undefined) return false;
    connection.hold();
    keepPuts(hints, view(), puts, (isKept) => {
      if (!isKept) fail(connection, args, NOBODY_LIVES);
      else if (!connection.isClosed) connection.answer(OK);
      connection.release();
    });
    return false;
  }
}

/** Keeps puts for each replica of their keys, and says later, once, whether there is a durable hint for one replica of each key. */
function keepPuts(
  hints: HintKeeper,
  view: RingView,
  puts: readonly BlindPut[],
  settle: (isKept: boolean) => void,
): void {
  let waiting = puts.length;
  let isLost = false;
  const settleOne = (isKept: boolean): void => {
    isLost ||= !isKept;
    if (--waiting === 0) settle(!isLost);
  };
  for (const { slot, batch } of puts) {
    const { members: replicas } = view.ring.groups[view.ring.groupOf(slot)];
    // This node may be one, and serve no longer: it hands nothing over to itself.
    const others = replicas.filter((member) => member !== view.self);
    const members = Array.from(others, (member) => view.idOf(member));
    keepForOne(hints, members, batch, settleOne);
  }
}

/** Keeps a batch for all of these members, and says later, once, whether there is a durable hint for one of them. */
function keepForOne(
  hints: HintKeeper,
  members: readonly MemberId[],
  batch: Buffer,
  settle: (isKept: boolean) => void,
): void {
  let waiting = 0;
  let isSettled = false;
  for (const member of members) {
    const isKept = hints.keep(member, batch, (isDurable) => {
      waiting--;
      if (isSettled || (!isDurable && waiting > 0)) return;
      isSettled = true;
      settle(isDurable);
    });
    if (isKept) waiting++;
  }
  if (waiting === 0) settle(false);
}
