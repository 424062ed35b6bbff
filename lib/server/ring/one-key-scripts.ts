/**
 * Scripts that name one key and may write, of which consensus decides whatever the level says: at who acts for the key.
 *
 *     begun ─▶ refresh from a quorum ─▶ tried out on a draft of the key ─▶ changes nothing ─▶ answered: as at level QUORUM
 *                                                                      ├▶ changes it      ─▶ linearizer: the key is in era 1 from now on
 *                                                                      └▶ is unfit        ─▶ runs plainly, at the client's level
 *
 *  1. Unfit is what uses other keys than the one that it names, and what finds or makes the key larger than an entry may be: that goes on working, as without consensus.
 *  2. A key with a {tag} may be used together with others, in scripts and transactions, which would be refused once consensus decides about it: by `decided-scripts untagged` such a
 *     script runs plainly.
 *  3. Keys that keep siblings or count at each node are declared to take writes on both sides of a cut: scripts on them run plainly.
 *  4. Of the trial nothing is seen by anybody, but its reply and what it has caused (messages, lines, events), if it has changed nothing.
 */

import { hasTag, slotOf } from '../../base/position.js';
import { Level, majorityOf, replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { DeclaredKeys } from '../../data/declared-keys.js';
import type { Args } from '../../protocol/args.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import { mayWrite } from '../pause.js';
import type { DecidedKeys } from './decided-keys.js';
import type { Linearizer } from './linearizer.js';
import type { QuorumReads } from './quorum-reads.js';
import type { ReadNeeds } from './read-needs.js';
import type { Refusals } from './refusals.js';
import { shortageOf } from './replica-shortage.js';
import type { ReplyMarker } from './reply-marker.js';
import { keysOf } from './request-slots.js';

/** What `decided-scripts` says. */
export type ScriptsMode = 'yes' | 'untagged' | 'no';

const QUORUM = { read: Level.QUORUM, write: Level.QUORUM };

export interface OneKeyScriptsOptions {
  readonly view: () => RingView;
  readonly decidedScripts: () => ScriptsMode;
  readonly decided: Pick<DecidedKeys, 'isNeeded'>;
  readonly declared: DeclaredKeys;
  readonly linearizer: Pick<Linearizer, 'isTooLarge' | 'tryOut' | 'propose'>;
  readonly reads: Pick<QuorumReads, 'refresh'>;
  readonly needs: Pick<ReadNeeds, 'isRefreshed'>;
  readonly marker: Pick<ReplyMarker, 'ran'>;
  readonly refusals: Refusals;
  readonly isSloppy: () => boolean;
}

export class OneKeyScripts {
  private readonly options: OneKeyScriptsOptions;

  constructor(options: OneKeyScriptsOptions) {
    this.options = options;
  }

  /** Whether a script is one of those, by what it says of itself. `keys`: the indexes of those that it names, in a slot. */
  isOne({ ring }: Connection, entry: CommandEntry, args: Args, keys: readonly number[]): boolean {
    const { decidedScripts, decided, declared } = this.options;
    const mode = decidedScripts();
    if (mode === 'no' || ring.isPlain || !decided.isNeeded || keys.length === 0 || !mayWrite(entry, args)) return false;
    const { buffer, start, end } = args;
    const [first, ...others] = keys;
    const [from, to] = [start[first], end[first]];
    if (others.some((i) => buffer.compare(buffer, start[i], end[i], from, to) !== 0)) return false;
    if (mode === 'untagged' && hasTag(buffer, from, to)) return false;
    return !declared.keepsSiblings(buffer, from, to) && !declared.isCounter(buffer, from, to);
  }

  /** Has one tried out when this node, which acts for its key, has what a quorum has. True if it runs plainly, here and now. */
  begin(connection: Connection, args: Args, keys: readonly number[]): boolean {
    const { view, linearizer, reads, refusals } = this.options;
    const key = args.copy(keys[0]);
    const slot = slotOf(key, 0, key.length);
    if (linearizer.isTooLarge(key)) return this.runPlainly(connection, args, key, slot, false);
    if (!view().reaches(slot, Level.QUORUM)) {
      const { needed, live } = view().shortageOf(slot, Level.QUORUM);
      return refusals.lack(connection, args, `NOREPLICAS need ${needed}, have ${live}`);
    }
    connection.ring.isBlind = false;
    const first = { key, isDecided: true };
    const isReady = reads.refresh(connection, args, () => [key], Level.QUORUM, first);
    return isReady && this.run(connection, args, key, slot);
  }

  /** This node has what a quorum has of the keys of a script. True if it runs plainly, here and now; if not, it was answered, or waits. */
  admit(connection: Connection, entry: CommandEntry, args: Args): boolean {
    const keys = keysOf(entry, args);
    if (!this.isOne(connection, entry, args, keys)) return true;
    return this.run(connection, args, args.copy(keys[0]), connection.ring.slot);
  }

  private run(connection: Connection, args: Args, key: Buffer, slot: number): boolean {
    const { linearizer } = this.options;
    const trial = linearizer.tryOut(connection, args, key, slot);
    if (trial?.isFit === false) return this.runPlainly(connection, args, key, slot, true);
    if (trial === undefined || trial.hasChanged) linearizer.propose(connection, args, key, slot);
    else this.answer(connection, trial.reply, trial.tell);
    return false;
  }

  /** It was tried out, and changes nothing. */
  private answer(connection: Connection, reply: Buffer, tell: () => void): void {
    const { ring } = connection;
    const { once } = ring;
    // A message to the client itself is no part of the reply.
    tell();
    const start = connection.reply.length;
    connection.answer(reply);
    ring.once = QUORUM;
    this.options.marker.ran(connection, false, start);
    connection.replies.spans.add(start, connection.reply.length);
    ring.once = once;
  }

  /** It runs at the client's level. `isRefreshed`: this node has what a quorum has. */
  private runPlainly(connection: Connection, args: Args, key: Buffer, slot: number, isRefreshed: boolean): boolean {
    const { view, isSloppy, refusals, reads, needs } = this.options;
    const { ring } = connection;
    ring.isPlain = true;
    ring.isBlind = false;
    const { replicaCount } = view();
    const refusal = shortageOf(view(), ring.consistency, slot, 'change', isSloppy());
    if (refusal !== undefined) return refusals.lack(connection, args, refusal);
    const { read } = ring.consistency;
    const isEnough = isRefreshed && replicasNeeded(read, replicaCount) <= majorityOf(replicaCount);
    return isEnough || needs.isRefreshed(slot, read) || reads.refresh(connection, args, () => [key]);
  }
}
