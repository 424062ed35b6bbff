import { AcceptorLog, acceptorMark, consensusDirectory } from '../../cluster/consensus/acceptor-log.js';
import { Consensus } from '../../cluster/consensus/consensus.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { MemberId } from '../../cluster/ring/member.js';
import { Linearizer } from './linearizer.js';
import { RefusedPuts } from './refused-puts.js';
import type { RingPartOptions } from './ring-part-options.js';

export interface RingConsensusOptions extends RingPartOptions {
  readonly links: MemberLinks;
  readonly view: () => RingView;
  readonly isUp: (member: MemberId) => boolean;
  /** Whether this node acts for the keys of a slot. */
  readonly actsFor: (slot: number) => boolean;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly standstillMs: () => number;
  /** See ConsensusOptions. */
  readonly isReady: () => boolean;
}

/** A node's part in decisions about keys (cluster/consensus/consensus.ts): its acceptor's log, its proposals, and the commands whose outcome they are. */
export class RingConsensus {
  readonly consensus: Consensus;
  readonly linearizer: Linearizer;
  readonly refusedPuts: RefusedPuts;
  private readonly options: RingConsensusOptions;
  private readonly log: AcceptorLog;

  constructor(options: RingConsensusOptions) {
    const { membership, store, random, settings, links, view } = options;
    const { self, ring } = membership;
    this.options = options;
    this.log = new AcceptorLog({
      disk: options.disk,
      random,
      directory: consensusDirectory(settings.dir),
      mark: acceptorMark(settings.dir),
      onFailed: (error) => {
        options.warn(`This node decides about no keys any more, until it is started again: ${error.message}`);
      },
      onSynced: options.onMessage,
    });
    this.consensus = new Consensus({
      self,
      ordinal: ring.member(self).ordinal,
      links,
      log: this.log,
      store: store.eraStore,
      random,
      nowMs: options.nowMs,
      timeoutMs: options.writeTimeoutMs,
      acceptorsOf: (slot) => view().acceptorsOf(slot),
      isMoving: (slot) => view().isMoving(slot),
      isUp: options.isUp,
      actsFor: options.actsFor,
      standstillMs: options.standstillMs,
      isReady: options.isReady,
      isBusy: options.isBusy,
      // Who acts for a key tells of what happens to it.
      leavesKeys: () => !options.drafts.events.isTelling,
      onWork: options.onMessage,
      onEra: options.onEra,
    });
    store.eras = this.consensus;
    this.refusedPuts = new RefusedPuts({
      self,
      links,
      random,
      consensus: this.consensus,
      actorOf: (slot) => {
        const first = view().firstLive(slot);
        return first === NOBODY ? undefined : view().idOf(first);
      },
      putOf: (record, before) => store.refusedPut(record, before),
      nowMs: options.nowMs,
      timeoutMs: options.writeTimeoutMs,
    });
    this.linearizer = new Linearizer({
      ...options,
      ...options.drafts,
      consensus: this.consensus,
      load: (key) => store.eraStore.load(key),
      onTurn: options.onMessage,
    });
  }

  /** Whether consensus decides about the key at `keyAt` in a batch of this node. `isTold`: another member has said so. */
  decidesAt(batch: Buffer, keyAt: number, isTold: boolean): boolean {
    const { consensus } = this;
    const key = isTold || !consensus.isEmpty ? this.options.store.keyAt(batch, keyAt) : undefined;
    if (key === undefined) return isTold;
    if (isTold) consensus.hear(key);
    return isTold || consensus.isEraOne(key);
  }

  /** Called a few times a second. */
  tick(): void {
    this.consensus.tick();
    this.refusedPuts.tick();
  }

  /** What this node has promised is not asked for any more. */
  close(): void {
    this.log.close();
  }
}
