import { Level } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import { mayHaveSeveralSlots } from '../../commands/ring-role.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { DecidedKeys } from './decided-keys.js';
import type { Forwarder, RequestWait } from './forwarder.js';
import type { Linearizer } from './linearizer.js';
import type { PartedRequests } from './parted-requests.js';
import type { Pipeline } from './pipeline.js';
import { HERE } from './pipeline-order.js';
import type { Refusals } from './refusals.js';
import { SEVERAL_KEYS } from './ring-transactions.js';

const NO_WAITING = 'ERA nobody can wait for a key that consensus decides about';

export interface DecidedRequestsOptions {
  readonly view: () => RingView;
  readonly decided: DecidedKeys;
  readonly linearizer: Linearizer;
  readonly refusals: Refusals;
  readonly parts: PartedRequests;
  readonly forwarder: Forwarder;
  readonly pipeline: Pipeline;
  /** The error that sends a client to a member for a slot; undefined: it is served from here. */
  readonly redirectTo: (slot: number, member: number, usesTls: boolean) => string | undefined;
}

/**
 * Requests whose outcome consensus decides, key by key: at who acts for the key, or at this node, if that one has left the key to it. What is watched, and EXEC, is at who
 * acts for the key in any case.
 */
export class DecidedRequests {
  private readonly options: DecidedRequestsOptions;

  constructor(options: DecidedRequestsOptions) {
    this.options = options;
  }

  /** Has a request decided on by consensus. `indexes`: of its keys, if they are arguments of its own. */
  decide(
    connection: Connection,
    name: string,
    args: Args,
    keys: readonly Buffer[],
    requests: () => Buffer[],
    wait: RequestWait,
    indexes?: readonly number[],
  ): boolean {
    const { decided, linearizer, refusals, parts, forwarder, pipeline, redirectTo } = this.options;
    const view = this.options.view();
    const { slot, isForwarded } = connection.ring;
    const [key] = keys;
    if (keys.some((other) => !other.equals(key))) {
      const isOfEach = indexes !== undefined && mayHaveSeveralSlots(name);
      if (isOfEach) return parts.askEach(connection, name, 'change', args, indexes);
      return refusals.refuse(connection, args, SEVERAL_KEYS);
    }
    const target = wait === 'reply' ? decided.proposerFor(slot, key) : view.firstLive(slot);
    if (!view.serves(slot) || (target !== view.self && !isForwarded)) {
      if (isForwarded) return refusals.sendBack(connection, args);
      const redirect = target === NOBODY ? undefined : redirectTo(slot, target, connection.usesTls);
      if (redirect !== undefined) return refusals.refuse(connection, args, redirect);
      return forwarder.forward(connection, target, args, requests(), 'change', wait, { key, isDecided: true });
    }
    if (wait === 'keys') return refusals.refuse(connection, args, NO_WAITING);
    if (!view.reaches(slot, Level.QUORUM)) {
      const { needed, live } = view.shortageOf(slot, Level.QUORUM);
      return refusals.lack(connection, args, `NOREPLICAS need ${needed}, have ${live}`);
    }
    const step = { slots: [slot], key, members: [HERE], isDecided: true };
    if (pipeline.holdBack(connection, args, step)) return false;
    if (wait === 'watch') {
      connection.ring.watchAt(slot, undefined);
      linearizer.runBehind(connection, args, key);
      return false;
    }
    const hasBegun = linearizer.propose(connection, args, key, slot);
    if (hasBegun && wait === 'reply') pipeline.beginAhead(connection, step);
    return false;
  }
}
