/**
 * Settles slots, so that the deletes in them may go, and the marks of what was taken out of collections (rule 4 of the design; slot-bounds.ts says what that means, record/marks.ts what a mark is). A slot's first replica does, in a round of anti-entropy:
 *
 *     CLOSE, to all members ─▶ compared with each other replica ─▶ SEAL, to all members ─▶ CONFIRM
 *        nothing up to T comes      nothing differs                  it is durable     deletes up to T may go
 *
 *  1. T lies behind by as long as a write may be under way, and clocks may differ. CLOSE is answered when all that the member has sent before has arrived, and it keeps no hint for
 *     anybody, nor would after a power failure: with level ANY, a hint may be all there is of a write; and one that was delivered long ago, and comes once more, may reach a member that has
 *     just begun to take the slot over, and knows nothing of what was deleted. What it stamps later is above T: it has heard of our clock.
 *  2. What replicas compare is summed up after that. So where nothing differs, and the first replica is told nothing up to T in between, each of them has all up to T that any of them
 *     has, and nothing else comes: whatever was sent has arrived, hints there are none, and what replicas tell each other, each of them has. Slots in which anything differed wait for the
 *     next round.
 *  3. SEAL is answered when all of that is durable, and again nothing is under way: a change of an old element of a list (LSET) has a new stamp, and might have been made where a delete
 *     was not known yet. It counts if the process is the one that closed the slot, and has handed on no hint since (Closing.settled): that may have come from one that had not closed yet.
 *  4. Who misses CONFIRM hears of it when it is compared with next: until then it keeps its deletes, and takes what is stamped up to T as it always did. There is nothing of that.
 *  5. All members take part; none may be down, damaged, or joining or leaving. So whoever is away stops it: what he has when he is back is all known, or no hint. But for those who were away for too long:
 *     these are rebuilt before anybody hears of them again (topology/absence.ts). And it begins and ends in one ring: who has joined in between was not asked. So all replicas of a slot have closed it up to
 *     where any of them has it settled, or were given that by one who has: whoever does not know yet that it is settled hears of it and believes it (4).
 *
 * What comes up to T after that (a message that was under way for very long, a hint of a disk that could not be read for a while) was known, or deleted: it is dropped
 * (server/ring/settled-filter.ts). Only what a damaged table has lost is taken as it comes, and what is given to who takes slots over. If a delete was lost with a table, what it hid
 * may come to light there: whatever the others do not have up to T goes (RepairStore.forget).
 */

import { SLOT_COUNT } from '../../base/position.js';
import { endOfSpan } from '../../record/aged-digests.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { PayloadBuffer } from '../bus/payload-buffer.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';
import type { Witness } from './closing.js';
import { Closing } from './closing.js';
import type { DigestTrees } from './digest-trees.js';
import type { DigestedData, RepairStore } from './ports.js';
import type { RepairCalls, Urgency } from './repair-calls.js';
import { RepairFailedError } from './repair-calls.js';
import { Step, readBounds, readRuns, writeBounds, writeRuns } from './repair-messages.js';
import type { SlotBounds } from './slot-bounds.js';

/** What this node has sent to others, and keeps for them. */
export interface Outflow {
  /** Hints that this process was sent for itself and has handed on to others, because they hold the keys by now. */
  readonly handedOn: () => number;
  /** Of all that was sent so far: what of it has not arrived, or is kept for somebody, or can come back after a power failure. Undefined: nothing. */
  mark(): () => string | undefined;
  readonly timeoutMs: () => number;
}

export interface SlotCloserOptions {
  readonly bounds: SlotBounds;
  readonly store: Pick<RepairStore, 'damaged' | 'sync' | 'onDeadRisen'>;
  readonly trees: DigestTrees;
  readonly calls: RepairCalls;
  readonly outflow: Outflow;
  readonly self: MemberId;
  readonly ring: () => Ring;
  readonly isUp: (member: MemberId) => boolean;
  /** Everything stamped up to this that was to arrive anywhere has, or is given up. */
  readonly oldStamp: () => number;
  /** Names this process. */
  readonly incarnation: number;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
}

interface Waiting {
  readonly obstacle: () => string | undefined;
  readonly untilMs: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class SlotCloser {
  /** Times that slots were settled, and slots. */
  closings = 0;
  settledSlots = 0;
  private readonly options: SlotCloserOptions;
  private waiting: Waiting[] = [];

  constructor(options: SlotCloserOptions) {
    this.options = options;
  }

  /** Closes the slots of which this node is the first replica, and in which there are deletes or marks that may go; undefined if there are none, or not all members can take part. */
  async begin({ oldestDead }: Pick<DigestedData, 'oldestDead'>): Promise<Closing | undefined> {
    const { ring, isUp, self, bounds, oldStamp, trees } = this.options;
    const begun = ring();
    const others = begun.members.map(({ id }) => id).filter((id) => id !== self && !begun.absent.has(id));
    if (begun.isChanging || !others.every(isUp)) return undefined;
    const stamp = endOfSpan(oldStamp());
    const slots = new Map<number, readonly MemberId[]>();
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const dead = oldestDead[slot];
      if (dead === 0 || dead > stamp || bounds.dead.of(slot) >= stamp) continue;
      const replicas = this.replicasOf(slot);
      if (replicas[0] === self) slots.set(slot, replicas.slice(1));
    }
    if (slots.size === 0) return undefined;
    const closing = new Closing(begun, stamp, slots, bounds.stirred);
    const runs = runsOf(slots.keys(), stamp);
    await this.close(runs);
    this.check(begun);
    closing.closed(self, this.witness);
    bounds.stirred.clear();
    trees.renew();
    await Promise.all(
      others.map(async (id) => {
        closing.closed(id, readWitness(await this.ask(id, Step.CLOSE, runs)));
      }),
    );
    return closing;
  }

  /** Ends it: what was compared is made durable everywhere, and may go. */
  async finish(closing: Closing): Promise<void> {
    const { ring, replicas, members, stamp } = closing;
    const { self } = this.options;
    const sealing = runsOf(closing.same, stamp);
    if (sealing.length === 0) return;
    await this.seal(sealing);
    this.check(ring);
    closing.sealed(self, this.witness);
    const sealed = members.map(async (id) => {
      if (id !== self) closing.sealed(id, readWitness(await this.ask(id, Step.SEAL, sealing)));
    });
    await Promise.all(sealed);
    this.check(ring);
    const { settled } = closing;
    if (settled.length === 0) return;
    const runs = runsOf(settled, stamp);
    this.confirm(runs);
    this.closings++;
    this.settledSlots += settled.length;
    await Promise.all(replicas.map((id) => this.ask(id, Step.CONFIRM, runs)));
  }

  /** SETTLE: does the step, and writes the answer. */
  async onSettle(reader: PayloadReader, answer: PayloadBuffer): Promise<void> {
    const step = reader.byte();
    const runs = readRuns(reader);
    if (step === Step.CLOSE)
      await this.close(runs).then(() => {
        this.options.trees.renew();
      });
    else if (step === Step.SEAL) await this.seal(runs);
    else this.confirm(runs);
    const { incarnation, handedOn } = this.witness;
    answer.word(incarnation);
    answer.word(handedOn);
  }

  /** Has the same bounds of the slots that both hold as another replica. */
  async share(member: MemberId, isCommon: (slot: number) => boolean, urgency?: Urgency): Promise<void> {
    const { calls, bounds } = this.options;
    const write = (payload: PayloadBuffer): void => {
      writeBounds(payload, bounds.runs);
    };
    const answer = await calls.ask(member, MessageKind.BOUNDS, write, urgency);
    this.adopt(readBounds(answer).dead, isCommon);
  }

  /** BOUNDS. */
  onBounds(reader: PayloadReader, answer: PayloadBuffer, isCommon: (slot: number) => boolean): void {
    this.adopt(readBounds(reader).dead, isCommon);
    writeBounds(answer, this.options.bounds.runs);
  }

  /** Takes over the bounds of slots that a member holds whose data this node has taken over. A change of the ring waits for it: so it is asked at once, and soon again if it does not answer. */
  async takeOver(member: MemberId, isTaken: (slot: number) => boolean): Promise<void> {
    const { calls, bounds, outflow } = this.options;
    const write = (payload: PayloadBuffer): void => {
      writeBounds(payload, { closed: NO_RUNS, dead: NO_RUNS });
    };
    const answer = await calls.ask(member, MessageKind.BOUNDS, write, { timeoutMs: outflow.timeoutMs() });
    bounds.takeOver(readBounds(answer), isTaken);
  }

  /** Called some times a second. */
  tick(): void {
    if (this.waiting.length === 0) return;
    const nowMs = this.options.nowMs();
    const { waiting } = this;
    this.waiting = [];
    for (const one of waiting) {
      const obstacle = one.obstacle();
      if (obstacle === undefined) one.resolve();
      else if (one.untilMs > nowMs) this.waiting.push(one);
      else one.reject(new RepairFailedError(obstacle));
    }
  }

  private get witness(): Witness {
    const { incarnation, outflow } = this.options;
    return { incarnation, handedOn: outflow.handedOn() };
  }

  private async close(runs: Float64Array): Promise<void> {
    const { bounds } = this.options;
    this.check();
    bounds.close(runs, (slot) => this.isHeld(slot));
    await this.settle();
  }

  private async seal(runs: Float64Array): Promise<void> {
    const { bounds, store } = this.options;
    if (!this.holdsAny(runs)) return;
    await this.settle();
    this.check();
    if (!bounds.areClosed(runs, (slot) => this.isHeld(slot))) throw new RepairFailedError('slots are not closed');
    await store.sync();
    this.check();
  }

  private confirm(runs: Float64Array): void {
    this.adopt(runs, (slot) => this.isHeld(slot));
  }

  private adopt(dead: Float64Array, isCommon: (slot: number) => boolean): void {
    const { bounds, store } = this.options;
    const { riseCount } = bounds.dead;
    bounds.adopt(dead, isCommon);
    if (bounds.dead.riseCount !== riseCount) store.onDeadRisen();
  }

  /** Whether slots may be settled, in the ring that it was begun in. */
  private check(begun = this.options.ring()): void {
    const { store, ring } = this.options;
    if (store.damaged !== undefined) throw new RepairFailedError('tables are damaged');
    if (begun.isChanging || ring() !== begun) throw new RepairFailedError('the ring is being changed');
  }

  /** Resolves when all that was sent up to now has arrived, and nothing is kept for anybody. */
  private settle(): Promise<void> {
    const { outflow, nowMs } = this.options;
    const obstacle = outflow.mark();
    if (obstacle() === undefined) return Promise.resolve();
    const untilMs = nowMs() + 2 * outflow.timeoutMs();
    return new Promise((resolve, reject) => {
      this.waiting.push({ obstacle, untilMs, resolve, reject });
    });
  }

  private ask(member: MemberId, step: Step, runs: Float64Array): Promise<PayloadReader> {
    return this.options.calls.ask(member, MessageKind.SETTLE, (payload) => {
      payload.byte(step);
      writeRuns(payload, runs);
    });
  }

  private holdsAny(runs: Float64Array): boolean {
    for (let at = 0; at < runs.length; at += 3) {
      for (let slot = runs[at]; slot < runs[at + 1]; slot++) if (this.isHeld(slot)) return true;
    }
    return false;
  }

  private isHeld(slot: number): boolean {
    return this.replicasOf(slot).includes(this.options.self);
  }

  /** Those who take part. */
  private replicasOf(slot: number): MemberId[] {
    return this.options.ring().presentReplicas(slot);
  }
}

const NO_RUNS = new Float64Array(0);

function readWitness(answer: PayloadReader): Witness {
  return { incarnation: answer.word(), handedOn: answer.word() };
}

function runsOf(slots: Iterable<number>, stamp: number): Float64Array {
  const stamps = new SlotStamps();
  for (const slot of slots) stamps.raise(slot, stamp);
  return stamps.runs();
}
