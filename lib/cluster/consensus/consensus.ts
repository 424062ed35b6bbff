/**
 * Linearizable changes of single keys, by CASPaxos: this node as an acceptor of the keys that it holds, and as a proposer for whoever asks it.
 *
 *     submit ─▶ KeyProposer ─▶ PREPARE, ACCEPT ─▶ acceptors: AcceptorLog, durable ─▶ PROMISED, ACCEPTED ─▶ decided ─▶ DECIDED ─▶ EraStore.show
 *
 * A key is in *era 0* while it is only written plainly, and in *era 1* at an acceptor from its first promise on, until it is deleted, and forgotten (forgetting.ts).
 *
 *  1. In era 1 an acceptor takes no plain write of the key any more, wherever it comes from: replication, hints, repair, or this node's own clients. So whatever a
 *     majority has acknowledged plainly is among what a majority tells with its promises, and whatever comes later is acknowledged by no majority.
 *  2. What era 0 has left and the promise are read and made in one step: no plain write comes between.
 *  3. The data that everybody sees (EraStore.show) has only what is decided. What is accepted stands in the AcceptorLog, and is looked at by rounds alone.
 *  4. Before the acceptors of a slot are others, each key of it is decided once more by a majority of those that it has and of those that it will have: `hasMoved` says
 *     that this node knows of no key of which that is not so.
 *  5. What FLUSHALL has emptied is removed by a round of each key: else who has not heard of it, and acts for the key, would have it again.
 *  6. What was accepted and is not known to be decided after a while is proposed again, as it is, by who acts for the key; or by anybody, if nobody does.
 *  7. Anybody may propose about a key at any time. That one member alone does spares it a round trip: who acts for the key, or whom that one has left it to, because its clients alone use it.
 */

import { AssertionError } from '../../base/assert.js';
import { SLOT_COUNT, slotOf } from '../../base/position.js';
import type { Random } from '../../host/ports.js';
import type { MemberLinks } from '../coordination/ports.js';
import { Outboxes } from '../coordination/outboxes.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import type { PayloadBuffer } from '../bus/payload-buffer.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { AcceptorState } from './acceptor.js';
import { FRESH_STATE, accept, hasAtMost, mayForget, promise } from './acceptor.js';
import type { AcceptorLog } from './acceptor-log.js';
import type { Ballot } from './ballot.js';
import { NO_BALLOT, compareBallots, maxBallot } from './ballot.js';
import { EMPTY_BYTES } from './entry-bytes.js';
import type { DeletedKey, Vote } from './forgetting.js';
import { Holding } from './forgetting.js';
import { HeardKeys } from './heard-keys.js';
import { LeftKeys } from './left-keys.js';
import type { Accept, AcceptAnswer, Decided, Prepare, PrepareAnswer } from './messages.js';
import {
  readAccept,
  readAccepted,
  readDecided,
  readPrepare,
  readPromised,
  writeAccept,
  writeAccepted,
  writeDecided,
  writePrepare,
  writePromised,
} from './messages.js';
import type { Change } from './proposal.js';
import type { ProposerPort } from './proposer.js';
import { KeyProposer } from './proposer.js';
import type { MemberSets } from './quorum.js';
import { Unfinished } from './unfinished.js';

/** A message that has become this long is sent before the turn ends. */
const MESSAGE_BYTES = 1024 * 1024;
/** Proposers that are kept though they have nothing to do: their next round is a short one. */
const PROPOSERS_MAX = 20_000;

/** Keys whose acceptors change, or that were emptied: so many are decided anew at a time; those that somebody else acts for, if that is not done after a while. */
const ANEW_STEP = 64;
const ANEW_FOR_OTHERS_MS = 5000;

/** The data, as consensus reads and changes it. */
export interface EraStore {
  /** What plain writes have made of a key; undefined: it has to be loaded first. */
  plainEntry(key: Buffer): Buffer | undefined;
  /** Brings what the disk has of a key into memory. Rejects with CorruptionError and DiskError. */
  load(key: Buffer): Promise<void>;
  /** The merge of such entries. */
  merge(key: Buffer, entries: readonly Buffer[]): Buffer;
  /** The merge of such entries into one that was accepted, if that says that the key is deleted; else that one. */
  mergeInto(key: Buffer, entry: Buffer, entries: readonly Buffer[]): Buffer;
  /** If an entry says nothing but that the key is deleted, a stamp that none of what it knows of the key is above. */
  deletedAt(entry: Buffer): number | undefined;
  /** Whether plain writes have left nothing of a key but what is settled; undefined: it has to be loaded first. */
  isGone(key: Buffer): boolean | undefined;
  /** The stamp up to which deletes in a slot are settled; 0: none are. */
  settledUpTo(slot: number): number;
  /** What is left of an entry: without what was emptied with the database, or has expired. */
  left(key: Buffer, entry: Buffer): Buffer;
  /** What was stamped up to this was emptied with the database. */
  readonly flushedUpTo: number;
  /** An entry was decided: everybody may see it. `isNew`: it is not the one that was accepted before, which was decided. */
  show(key: Buffer, entry: Buffer, isNew: boolean): void;
}

export interface ConsensusOptions {
  readonly self: MemberId;
  /** This node's ordinal. */
  readonly ordinal: number;
  readonly links: MemberLinks;
  readonly log: AcceptorLog;
  readonly store: EraStore;
  readonly random: Random;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly timeoutMs: () => number;
  /** The replicas of a slot; two sets while they change. */
  readonly acceptorsOf: (slot: number) => MemberSets;
  /** Whether they are about to be others. */
  readonly isMoving: (slot: number) => boolean;
  readonly isUp: (member: MemberId) => boolean;
  /** Whether this node acts for a slot. */
  readonly actsFor: (slot: number) => boolean;
  /** This process has stood still when so much time has passed between two looks: others act for its keys then. */
  readonly standstillMs: () => number;
  /** Whether nothing is left of slots that this node has taken over, from before: nothing is promised or accepted until then. */
  readonly isReady: () => boolean;
  /** Whether something is being done to keys that is not done yet: nothing is promised meanwhile. */
  readonly isBusy: () => boolean;
  /** Whether other members may propose about a key that this node acts for, and this one about theirs. */
  readonly leavesKeys: () => boolean;
  /** Work of the loop's turn begins: what comes of it leaves, and is made durable, when that ends (`flush`). */
  readonly onWork: () => void;
  /** A key of a slot has come to be in era 1 here. */
  readonly onEra: (slot: number) => void;
}

export class Consensus implements ProposerPort {
  readonly ordinal: number;
  readonly random: Random;
  private readonly options: ConsensusOptions;
  private readonly log: AcceptorLog;
  private readonly prepares: Outboxes;
  private readonly promiseds: Outboxes;
  private readonly accepts: Outboxes;
  private readonly accepteds: Outboxes;
  private readonly decideds: Outboxes;
  /** By key, the one that was used last at the end. */
  private readonly proposers = new Map<string, KeyProposer>();
  private readonly active = new Set<KeyProposer>();
  private readonly byId = new Map<number, KeyProposer>();
  private readonly heard: HeardKeys;
  private readonly left = new LeftKeys();
  private readonly unfinished = new Unfinished();
  /** Of these, those of which the entry is the one that was decided before. */
  private readonly unchanged = new Set<string>();
  /** Keys that were not decided since their acceptors began to change, and when that was, or when this node has begun with those of others. */
  private readonly moving = new Set<string>();
  private movingSinceMs = 0;
  /** The same of keys that were not decided since the database was emptied. */
  private readonly flushed = new Set<string>();
  private flushedSinceMs = 0;
  private flushedUpTo = 0;
  /** When it was called last to look after what is under way. */
  private awakeMs: number;
  private lastId: number;
  /** What was promised before is known. Until then nothing is answered. */
  private isOpen = false;

  constructor(options: ConsensusOptions) {
    const { links } = options;
    this.options = options;
    this.ordinal = options.ordinal;
    this.random = options.random;
    this.log = options.log;
    this.prepares = new Outboxes(links, MessageKind.PREPARE);
    this.promiseds = new Outboxes(links, MessageKind.PROMISED);
    this.accepts = new Outboxes(links, MessageKind.ACCEPT);
    this.accepteds = new Outboxes(links, MessageKind.ACCEPTED);
    this.decideds = new Outboxes(links, MessageKind.DECIDED);
    // Answers to what this node has asked before it was started anew are none to what it asks now.
    this.lastId = options.random.uint32();
    this.awakeMs = options.nowMs();
    this.heard = new HeardKeys(slotOfName, options.nowMs());
  }

  /** The data was read: what this node has accepted before is finished. Throws CorruptionError and DiskError. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.log.open();
    for (const name of this.log.keys()) this.unfinished.add(name, this.nowMs());
    this.noteMoving();
  }

  /** Whether every key whose acceptors are about to be others was decided anew since then, as far as this node has states of such. */
  get hasMoved(): boolean {
    return this.isOpen && this.moving.size === 0;
  }

  /** Keys that this node is an acceptor of, and bytes that they take, about. */
  get size(): number {
    return this.log.size;
  }

  get usedBytes(): number {
    return this.log.usedBytes;
  }

  /** Whether this node knows of no key in era 1. */
  get isEmpty(): boolean {
    return this.log.size === 0 && this.heard.size === 0;
  }

  /** Whether this node has to ask of keys of a slot whether they are in era 1. */
  mayHold(slot: number): boolean {
    return this.log.hasSlot(slot) || this.heard.hasSlot(slot);
  }

  /** Whether a key is in era 1, as far as this node knows. */
  isEraOne(key: Buffer, slot = slotOf(key, 0, key.length)): boolean {
    if (!this.mayHold(slot)) return false;
    const name = key.toString('latin1');
    return this.log.get(name) !== undefined || this.heard.has(name);
  }

  /** Whether who acts for a key has left it to this node. */
  isLeft(key: Buffer): boolean {
    return !this.left.isEmpty && this.leavesKeys && this.left.has(key.toString('latin1'));
  }

  /** Another member says that a key is in era 1. */
  hear(key: Buffer): void {
    const name = key.toString('latin1');
    if (this.log.get(name) === undefined && this.heard.add(name)) this.options.onEra(slotOf(key, 0, key.length));
  }

  /** The keys that were deleted, as far as it is decided, known here, and settled, one after the other; undefined for each other one. */
  *deletedKeys(): Generator<DeletedKey | undefined, void> {
    const { store } = this.options;
    for (const name of this.log.keys()) {
      const state = this.log.get(name);
      yield state === undefined || this.unfinished.has(name) ? undefined : deletedKeyOf(store, name, state);
    }
  }

  /** What this node has of a key that is to be forgotten (forgetting.ts); undefined: it has to be loaded first. If it is no more than that, ballots up to `floor` are refused from now on. */
  revoke({ key, accepted, stamp }: DeletedKey, floor: Ballot): Vote | undefined {
    const { store } = this.options;
    const slot = slotOf(key, 0, key.length);
    const state = this.log.get(key.toString('latin1')) ?? FRESH_STATE;
    const { promised } = state;
    if (!this.isAnswering || !hasAtMost(state, accepted) || store.settledUpTo(slot) < stamp) {
      return { holding: Holding.OTHER, promised };
    }
    const isGone = store.isGone(key);
    if (isGone === undefined) return undefined;
    if (!isGone) {
      const isStateless = compareBallots(state.accepted, NO_BALLOT) === 0;
      return { holding: isStateless ? Holding.PLAIN : Holding.OTHER, promised };
    }
    if (mayForget(state, accepted, floor)) this.log.raiseFloor(slot, floor);
    return { holding: Holding.DELETE, promised };
  }

  /** Forgets a key, if it has no more of it than what all acceptors have agreed about. Returns whether it has. */
  forget(key: Buffer, accepted: Ballot, floor: Ballot): boolean {
    const name = key.toString('latin1');
    const slot = slotOf(key, 0, key.length);
    this.heard.delete(name);
    const state = this.log.get(name);
    const isRefusing = compareBallots(this.log.floorOf(slot), floor) >= 0;
    if (state === undefined || !isRefusing || !mayForget(state, accepted, floor)) return false;
    this.drop(name);
    return true;
  }

  /** What this node has promised and accepted of some slots means nothing any more: others have decided all of it anew since. Resolves when that is durable. Rejects with DiskError. */
  giveUp(isGivenUp: (slot: number) => boolean): Promise<void> {
    // There may be very many keys, and mostly none of these slots.
    if (!this.hasStates(isGivenUp)) return Promise.resolve();
    const names = [...this.log.keys()].filter((name) => isGivenUp(slotOfName(name)));
    for (const name of names) {
      this.log.raiseFloor(slotOfName(name), this.log.get(name)?.promised ?? NO_BALLOT);
      this.drop(name);
    }
    return this.whenDurable();
  }

  /** Resolves when all that was accepted or forgotten here, and all floors, are durable; then what is decided of it is shown, too. Rejects with DiskError if they cannot be. */
  whenDurable(): Promise<void> {
    return this.log.durable();
  }

  /** Has a change decided. */
  submit(key: Buffer, change: Change): void {
    this.stayAwake();
    const proposer = this.proposerOf(key);
    this.active.add(proposer);
    proposer.submit(change, this.nowMs() + this.options.timeoutMs());
  }

  /** Has the entry of a key decided anew, what is left of it: all its acceptors have it then. */
  rewrite(key: Buffer): void {
    const { store } = this.options;
    const change: Change = {
      run: (entry) => ({ entry: store.left(key, entry), reply: EMPTY_BYTES }),
      end: () => undefined,
    };
    this.submit(key, change);
  }

  /** Others act for its keys, or have for a while. */
  resign(): void {
    for (const proposer of this.proposers.values()) proposer.resign();
  }

  /** The acceptors of keys may be others now, or are about to be. REQUIRES: what was to be said by the ring before was sent. */
  restart(): void {
    this.left.clear();
    for (const proposer of this.proposers.values()) proposer.restart();
    this.noteMoving();
  }

  /** The turn ends: what is to be said leaves, and what was promised becomes durable. */
  flush(): void {
    for (const outboxes of [this.prepares, this.promiseds, this.accepts, this.accepteds, this.decideds]) {
      outboxes.flush();
    }
    this.log.flush();
  }

  /** Called some times a second. */
  tick(): void {
    this.stayAwake();
    this.awakeMs = this.nowMs();
    this.heard.tick(this.awakeMs);
    for (const proposer of [...this.active]) {
      proposer.tick(this.options.isUp);
      if (proposer.isIdle && proposer.isComplete) this.active.delete(proposer);
    }
    this.finish();
    this.noteFlushed();
    this.movingSinceMs = this.decideAnew(this.moving, this.movingSinceMs);
    this.flushedSinceMs = this.decideAnew(this.flushed, this.flushedSinceMs);
  }

  // What other members say.

  onPrepare(from: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const message = readPrepare(reader);
      if (message === undefined) return;
      this.answerPrepare(from, { ...message, key: Buffer.from(message.key) });
    }
  }

  onPromised(from: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const message = readPromised(reader);
      if (message === undefined) return;
      const proposer = this.byId.get(message.id);
      if (!message.answer.isPromised) this.wasRefused(proposer);
      proposer?.onPromised(from, message.id, message.answer);
    }
  }

  onAccept(from: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const message = readAccept(reader);
      if (message === undefined) return;
      this.answerAccept(from, message, message.key.toString('latin1'));
    }
  }

  onAccepted(from: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const message = readAccepted(reader);
      if (message === undefined) return;
      const proposer = this.byId.get(message.id);
      if (message.answer !== undefined) this.wasRefused(proposer);
      proposer?.onAccepted(from, message.id, message.answer);
    }
  }

  onDecided(reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const message = readDecided(reader);
      if (message === undefined) return;
      this.takeDecided(message);
    }
  }

  // For the proposers.

  nowMs(): number {
    return this.options.nowMs();
  }

  get leavesKeys(): boolean {
    return this.options.leavesKeys();
  }

  nextId(proposer: KeyProposer, before: number): number {
    this.byId.delete(before);
    this.lastId = this.lastId === 0xffff_ffff ? 1 : this.lastId + 1;
    this.byId.set(this.lastId, proposer);
    return this.lastId;
  }

  acceptorsOf(slot: number): MemberSets {
    return this.options.acceptorsOf(slot);
  }

  promisedHere(name: string): Ballot {
    return this.log.get(name)?.promised ?? NO_BALLOT;
  }

  floorHere(slot: number): Ballot {
    return this.log.floorOf(slot);
  }

  prepare(member: MemberId, message: Prepare): void {
    if (member === this.options.self) this.answerPrepare(member, message);
    else writePrepare(this.prepares.to(member), message);
  }

  accept(member: MemberId, message: Accept, name: string): void {
    if (member === this.options.self) this.answerAccept(member, message, name);
    else writeAccept(this.room(this.accepts, member), message);
  }

  decided(member: MemberId, message: Decided, name: string): void {
    if (member === this.options.self) this.show(message.ballot, message.key, name);
    else writeDecided(this.decideds.to(member), message);
  }

  merge(key: Buffer, entries: readonly Buffer[]): Buffer {
    return this.options.store.merge(key, entries);
  }

  mergeInto(key: Buffer, entry: Buffer, entries: readonly Buffer[]): Buffer {
    return this.options.store.mergeInto(key, entry, entries);
  }

  // As an acceptor.

  /** Whether it knows what it has promised, and can promise more. */
  private get isAnswering(): boolean {
    return this.isOpen && this.log.failure === undefined && this.options.isReady();
  }

  private answerPrepare(from: MemberId, { id, ballot, key }: Prepare): void {
    if (!this.isAnswering) return;
    const name = key.toString('latin1');
    const slot = slotOf(key, 0, key.length);
    const floor = this.log.floorOf(slot);
    const before = this.log.get(name) ?? FRESH_STATE;
    const after = promise(before, floor, ballot);
    if (after === undefined) {
      this.tellPromised(from, id, { isPromised: false, promised: maxBallot(before.promised, floor) });
      return;
    }
    let entry: Buffer | undefined;
    if (compareBallots(after.accepted, NO_BALLOT) === 0) {
      if (this.options.isBusy()) return; // it will be asked again
      entry = this.options.store.plainEntry(key);
      if (entry === undefined) {
        this.loadAndAnswer(from, { id, ballot, key });
        return;
      }
    } else entry = Buffer.from(after.entry, 'latin1');
    this.noteProposer(name, ballot);
    this.log.put(name, after);
    if (before === FRESH_STATE) this.entered(name, slot);
    this.log.whenDurable(() => {
      this.tellPromised(from, id, { isPromised: true, accepted: after.accepted, floor, entry });
    });
  }

  private loadAndAnswer(from: MemberId, message: Prepare): void {
    this.options.store.load(message.key).then(
      () => {
        this.options.onWork();
        this.answerPrepare(from, message);
      },
      (error: unknown) => {
        // Somebody else may answer.
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      },
    );
  }

  /** `message` may have views. */
  private answerAccept(from: MemberId, message: Accept, name: string): void {
    if (!this.isAnswering) return;
    const { id, ballot, next, key } = message;
    const entry = message.entry.toString('latin1');
    const slot = slotOf(key, 0, key.length);
    const floor = this.log.floorOf(slot);
    const before = this.log.get(name) ?? FRESH_STATE;
    const after = accept(before, floor, ballot, entry, next);
    if (after === undefined) {
      this.tellAccepted(from, id, maxBallot(before.promised, floor));
      return;
    }
    if (after !== before) {
      this.noteProposer(name, ballot);
      const wasDecided = !this.unfinished.has(name) || this.unchanged.has(name);
      if (wasDecided && entry === before.entry) this.unchanged.add(name);
      else this.unchanged.delete(name);
      this.log.put(name, after);
      this.unfinished.add(name, this.nowMs());
      if (before === FRESH_STATE) this.entered(name, slot);
    }
    this.log.whenDurable(() => {
      this.tellAccepted(from, id, undefined);
    });
  }

  private tellPromised(member: MemberId, id: number, answer: PrepareAnswer): void {
    if (member === this.options.self) this.byId.get(id)?.onPromised(member, id, answer);
    else writePromised(this.room(this.promiseds, member), id, answer);
  }

  private tellAccepted(member: MemberId, id: number, answer: AcceptAnswer): void {
    if (member === this.options.self) this.byId.get(id)?.onAccepted(member, id, answer);
    else writeAccepted(this.accepteds.to(member), id, answer);
  }

  /** Somebody proposes about a key: nobody else had it to himself. */
  private noteProposer(name: string, { proposer }: Ballot): void {
    if (proposer !== this.ordinal) this.left.delete(name);
  }

  /** What a proposer of this node has asked for was refused: somebody else proposes about the key. */
  private wasRefused(proposer: KeyProposer | undefined): void {
    if (proposer !== undefined) this.left.delete(proposer.name);
  }

  /** If it is news, and the key is left to this node, it proposes about it from now on. */
  private takeDecided({ ballot, isLeft, key }: Decided): void {
    const name = key.toString('latin1');
    if (this.show(ballot, key, name) && isLeft) this.left.add(name);
  }

  /** What was accepted by that ballot is decided. Returns whether that is news, and nothing else was accepted since. */
  private show(ballot: Ballot, key: Buffer, name: string): boolean {
    const state = this.log.get(name);
    if (state === undefined || compareBallots(state.accepted, ballot) !== 0 || !this.unfinished.delete(name))
      return false;
    this.moving.delete(name);
    this.flushed.delete(name);
    this.options.store.show(key, Buffer.from(state.entry, 'latin1'), !this.unchanged.delete(name));
    return true;
  }

  private hasStates(isMeant: (slot: number) => boolean): boolean {
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (this.log.hasSlot(slot) && isMeant(slot)) return true;
    return false;
  }

  private drop(name: string): void {
    this.log.forget(name);
    this.unfinished.delete(name);
    this.left.delete(name);
    for (const names of [this.unchanged, this.moving, this.flushed]) names.delete(name);
  }

  /** A key has its first state. */
  private entered(name: string, slot: number): void {
    this.heard.delete(name);
    this.options.onEra(slot);
  }

  /** Has decided what was accepted and is not known to be. */
  private finish(): void {
    const nowMs = this.nowMs();
    const actsFor = (name: string): boolean => this.options.actsFor(slotOfName(name));
    for (const name of this.unfinished.due(nowMs, actsFor)) this.rewrite(Buffer.from(name, 'latin1'));
  }

  private noteMoving(): void {
    this.moving.clear();
    this.movingSinceMs = this.nowMs();
    for (const name of this.log.keys()) if (this.isMoving(slotOfName(name))) this.moving.add(name);
  }

  /** Whether the acceptors of a slot, of which this node is one, are about to be others. Of slots that it held once it hears no more. */
  private isMoving(slot: number): boolean {
    const { self, isMoving, acceptorsOf } = this.options;
    return isMoving(slot) && acceptorsOf(slot).some((members) => members.includes(self));
  }

  private stayAwake(): void {
    const nowMs = this.nowMs();
    if (nowMs - this.awakeMs <= this.options.standstillMs()) return;
    this.awakeMs = nowMs;
    this.resign();
  }

  private noteFlushed(): void {
    const { flushedUpTo } = this.options.store;
    if (flushedUpTo === this.flushedUpTo) return;
    this.flushedUpTo = flushedUpTo;
    this.flushedSinceMs = this.nowMs();
    for (const name of this.log.keys()) this.flushed.add(name);
  }

  /** Has some keys decided anew: who acts for them does, and others if that takes long. Returns since when that takes. */
  private decideAnew(names: ReadonlySet<string>, sinceMs: number): number {
    const isLate = this.nowMs() - sinceMs > ANEW_FOR_OTHERS_MS;
    let count = 0;
    for (const name of names) {
      if (count >= ANEW_STEP) break;
      if (!isLate && !this.options.actsFor(slotOfName(name))) continue;
      count++;
      this.rewrite(Buffer.from(name, 'latin1'));
    }
    return isLate ? this.nowMs() : sinceMs;
  }

  private proposerOf(key: Buffer): KeyProposer {
    const { proposers } = this;
    const name = key.toString('latin1');
    const known = proposers.get(name);
    const proposer = known ?? new KeyProposer(this, Buffer.from(key), name);
    if (known !== undefined) proposers.delete(name);
    proposers.set(name, proposer);
    if (proposers.size > PROPOSERS_MAX) this.forgetOne(proposer);
    return proposer;
  }

  /** Forgets the proposer, but for one, that has had nothing to do for longest: acceptors that do not have yet what it has decided, because they are away, have it by anti-entropy. */
  private forgetOne(kept: KeyProposer): void {
    for (const [name, proposer] of this.proposers) {
      if (!proposer.isIdle || proposer === kept) continue;
      this.proposers.delete(name);
      this.active.delete(proposer);
      this.byId.delete(proposer.roundId);
      return;
    }
  }

  private room(outboxes: Outboxes, member: MemberId): PayloadBuffer {
    if (outboxes.to(member).byteLength > MESSAGE_BYTES) outboxes.flush();
    return outboxes.to(member);
  }
}

/** Such an entry is little more than the key. */
const DELETE_BYTES_MAX = 100;

function deletedKeyOf(store: EraStore, name: string, { accepted, entry }: AcceptorState): DeletedKey | undefined {
  if (compareBallots(accepted, NO_BALLOT) === 0 || entry.length > name.length + DELETE_BYTES_MAX) return undefined;
  const stamp = store.deletedAt(Buffer.from(entry, 'latin1'));
  if (stamp === undefined || stamp > store.settledUpTo(slotOfName(name))) return undefined;
  return { key: Buffer.from(name, 'latin1'), accepted, stamp };
}

function slotOfName(name: string): number {
  const key = Buffer.from(name, 'latin1');
  return slotOf(key, 0, key.length);
}
