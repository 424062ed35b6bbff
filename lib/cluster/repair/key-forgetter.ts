import { slotOf } from '../../base/position.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import type { PayloadBuffer } from '../bus/payload-buffer.js';
import type { Ballot } from '../consensus/ballot.js';
import type { Consensus } from '../consensus/consensus.js';
import type { DeletedKey, Vote } from '../consensus/forgetting.js';
import { Forgetting, Holding } from '../consensus/forgetting.js';
import { readBallot, writeBallot } from '../consensus/messages.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { Ring } from '../ring/ring.js';
import type { RepairStore } from './ports.js';
import type { RepairCalls } from './repair-calls.js';
import { RepairFailedError } from './repair-calls.js';
import { ForgetStep, readNumber, writeNumber } from './repair-messages.js';

/** So many keys are asked about at a time, or fewer if they have so many bytes. */
const STEP_KEYS = 256;
const STEP_BYTES = 256 * 1024;
/** So many are remembered that others should have had forgotten. */
const LEFT_MAX = 100_000;
const TIMEOUT_MS = 10_000;

export type ForgettingConsensus = Pick<
  Consensus,
  'deletedKeys' | 'promisedHere' | 'revoke' | 'forget' | 'whenDurable' | 'rewrite'
>;

export interface KeyForgetterOptions {
  readonly consensus: ForgettingConsensus;
  readonly store: Pick<RepairStore, 'damaged' | 'sync' | 'load' | 'rest'>;
  readonly calls: RepairCalls;
  readonly self: MemberId;
  readonly ring: () => Ring;
  readonly isUp: (member: MemberId) => boolean;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
}

/** A key as others are asked about it. */
interface Asked extends DeletedKey {
  readonly floor: Ballot;
}

/**
 * Has keys forgotten that consensus has decided about, and that are deleted (consensus/forgetting.ts has the argument): those of slots of which this node is the first replica, in a round of
 * anti-entropy; and of others, those that were there the last time too: the first one has forgotten them already, or cannot.
 */
export class KeyForgetter {
  /** Keys that this node has forgotten, and those that were deleted, but not forgotten yet, when it looked last. */
  forgottenKeys = 0;
  deletedKeys = 0;
  private readonly options: KeyForgetterOptions;
  private left = new Set<string>();
  /** Members that have not answered since the run began: they are asked no more in it. */
  private readonly silent = new Map<MemberId, RepairFailedError>();

  constructor(options: KeyForgetterOptions) {
    this.options = options;
  }

  /** Rejects with RepairFailedError, CorruptionError and DiskError. A member that does not answer keeps no keys but its own from being forgotten. */
  async run(): Promise<void> {
    const { consensus, store, ring, self } = this.options;
    const begun = ring();
    if (begun.isChanging) return;
    this.silent.clear();
    const left = new Set<string>();
    const acceptors = new Map<number, readonly MemberId[]>();
    let step: Forgetting[] = [];
    let bytes = 0;
    this.deletedKeys = 0;
    for (const deleted of consensus.deletedKeys()) {
      await store.rest(1);
      if (deleted === undefined) continue;
      this.deletedKeys++;
      const slot = slotOf(deleted.key, 0, deleted.key.length);
      let members = acceptors.get(slot);
      if (members === undefined) acceptors.set(slot, (members = this.acceptorsOf(slot)));
      if (!members.includes(self) || !members.every((id) => this.isThere(id))) continue;
      if (members[0] !== self && !this.isLeft(deleted.key, left)) continue;
      step.push(new Forgetting(deleted, members, consensus.promisedHere(deleted.key.toString('latin1'))));
      bytes += deleted.key.length;
      if (step.length < STEP_KEYS && bytes < STEP_BYTES) continue;
      await this.forgetAll(step, begun);
      step = [];
      bytes = 0;
    }
    if (step.length > 0) await this.forgetAll(step, begun);
    this.left = left;
    for (const error of this.silent.values()) throw error;
  }

  /** FORGET: does the step, and writes the answer. */
  async onForget(reader: PayloadReader, answer: PayloadBuffer): Promise<void> {
    const step = reader.byte();
    const keys: Asked[] = [];
    while (!reader.isAtEnd) keys.push(readAsked(reader));
    if (reader.failed) throw new RepairFailedError('not a message about keys');
    if (step === ForgetStep.FORGET) {
      this.check(this.options.ring());
      this.forget(keys);
      return;
    }
    for (const { holding, promised } of await this.revoke(keys)) {
      answer.byte(holding);
      writeBallot(answer, promised);
    }
  }

  /** Notes a key that the first replica is to have forgotten; whether it was noted the last time. */
  private isLeft(key: Buffer, left: Set<string>): boolean {
    const name = key.toString('latin1');
    if (left.size < LEFT_MAX) left.add(name);
    return this.left.has(name);
  }

  /** Asks all acceptors of some keys, again if a floor was too low; those about which they agree are forgotten. */
  private async forgetAll(keys: readonly Forgetting[], begun: Ring): Promise<void> {
    const { consensus, onWork } = this.options;
    await this.ask(keys, begun);
    const raised = keys.filter((one) => one.raise());
    if (raised.length > 0) await this.ask(raised, begun);
    this.check(begun);
    onWork();
    const agreed = keys.filter((one) => one.isAgreed);
    this.forget(agreed.map(askedOf));
    // This node has the delete, and takes no plain write: others do.
    for (const { deleted, isWritten } of keys) if (isWritten) consensus.rewrite(deleted.key);
    await Promise.all(this.othersOf(agreed).map((id) => this.send(id, ForgetStep.FORGET, keysOf(id, agreed))));
  }

  private async ask(keys: readonly Forgetting[], begun: Ring): Promise<void> {
    const { self } = this.options;
    const own = await this.revoke(keys.map(askedOf));
    keys.forEach((one, i) => {
      one.voted(self, own[i]);
    });
    this.check(begun);
    const asked = this.othersOf(keys).map(async (id) => {
      const its = keysOf(id, keys);
      const answer = await this.send(id, ForgetStep.REVOKE, its);
      if (answer === undefined) return;
      for (const one of its) {
        const holding = answer.byte();
        const promised = readBallot(answer);
        if (!answer.failed && isHolding(holding)) one.voted(id, { holding, promised });
      }
    });
    await Promise.all(asked);
  }

  /** What this node has of keys: durable, as far as it is no more than the delete, and with ballots up to the floor refused. */
  private async revoke(keys: readonly Asked[]): Promise<Vote[]> {
    const { consensus, store, ring, onWork } = this.options;
    const begun = ring();
    const votes: Vote[] = [];
    for (const one of keys) {
      this.check(begun);
      if (!this.acceptorsOf(slotOf(one.key, 0, one.key.length)).includes(this.options.self)) {
        throw new RepairFailedError('not a replica of the slot');
      }
      onWork();
      let vote = consensus.revoke(one, one.floor);
      for (; vote === undefined; vote = consensus.revoke(one, one.floor)) {
        await store.load(one.key);
        this.check(begun);
        onWork();
      }
      votes.push(vote);
    }
    await Promise.all([consensus.whenDurable(), store.sync()]);
    this.check(begun);
    return votes;
  }

  private forget(keys: readonly Asked[]): void {
    for (const { key, accepted, floor } of keys) {
      if (this.options.consensus.forget(key, accepted, floor)) this.forgottenKeys++;
    }
  }

  /** At once: what is checked before still holds when it leaves. Undefined: the member does not answer. */
  private async send(
    member: MemberId,
    step: ForgetStep,
    keys: readonly Forgetting[],
  ): Promise<PayloadReader | undefined> {
    const write = (payload: PayloadBuffer): void => {
      payload.byte(step);
      for (const one of keys) writeAsked(payload, askedOf(one));
    };
    try {
      return await this.options.calls.ask(member, MessageKind.FORGET, write, { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof RepairFailedError)) throw error;
      this.silent.set(member, error);
      return undefined;
    }
  }

  private othersOf(keys: readonly Forgetting[]): MemberId[] {
    const members = new Set(keys.flatMap(({ acceptors }) => acceptors));
    members.delete(this.options.self);
    return [...members];
  }

  private check(begun: Ring): void {
    const { ring, store } = this.options;
    if (ring() !== begun || begun.isChanging) throw new RepairFailedError('the ring is being changed');
    if (store.damaged !== undefined) throw new RepairFailedError('tables are damaged');
  }

  private isThere(member: MemberId): boolean {
    return member === this.options.self || (this.options.isUp(member) && !this.silent.has(member));
  }

  /** But for those who were away for too long: they have nothing of what they had accepted when they are back. */
  private acceptorsOf(slot: number): MemberId[] {
    return this.options.ring().presentReplicas(slot);
  }
}

function keysOf(member: MemberId, keys: readonly Forgetting[]): Forgetting[] {
  return keys.filter(({ acceptors }) => acceptors.includes(member));
}

function askedOf({ deleted, floor }: Forgetting): Asked {
  return { ...deleted, floor };
}

function writeAsked(payload: PayloadBuffer, { key, accepted, stamp, floor }: Asked): void {
  payload.bytes(key);
  writeBallot(payload, accepted);
  writeNumber(payload, stamp);
  writeBallot(payload, floor);
}

function readAsked(reader: PayloadReader): Asked {
  return {
    key: Buffer.from(reader.bytes()),
    accepted: readBallot(reader),
    stamp: readNumber(reader),
    floor: readBallot(reader),
  };
}

function isHolding(value: number): value is Holding {
  return Object.values(Holding).some((holding) => holding === value);
}
