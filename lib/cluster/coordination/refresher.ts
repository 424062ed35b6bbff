/**
 * Brings what this node has of some keys up to what a quorum of their replicas has, before a command runs on it here.
 *
 *     digest ─▶ ASK the other replicas ─▶ all that answer have the same                 ─▶ done
 *                                      └▶ merge what they have ─▶ REPAIR those of them
 *                                         that have less       ─▶ they have it, too     ─▶ done
 *
 *  1. When it is done, a quorum of the replicas, this node among them, have had the same entry at one moment: whatever was acknowledged at a quorum before is in
 *     it, and whatever is read from it will be found by the next one who asks a quorum.
 *  2. What others have stamped may come in meanwhile, and nobody knows who else has it: then everything begins anew.
 *  3. What this node itself writes meanwhile is no reason: whoever reads it waits for its replicas (replication/replicator.ts).
 *  4. After this process has stood still, too: others may have acted for its slots meanwhile, and the answers that have come be as old.
 *  5. Who answers late is told what it lacks, and nobody waits for it.
 */

import { AssertionError } from '../../base/assert.js';
import { slotOf } from '../../base/position.js';
import type { Random } from '../../host/ports.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { PayloadBuffer } from '../bus/payload-buffer.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import { Outboxes } from './outboxes.js';
import type { EntryStore, MemberLinks } from './ports.js';
import type { Quorum } from './ring-view.js';
import type { Digest, ToldState } from './state-messages.js';
import { State, readTell, sameDigest, writeAsk, writeBatches } from './state-messages.js';

/** Why a request was in vain whose key is in era 1: it has to be run anew, by consensus. */
export const ERA_ONE = 'ERA the key is read and written by consensus';

export interface RefreshRequest {
  readonly keys: readonly Buffer[];
  /** The other replicas of a slot that may be asked, in sets, of each of which so many must have the same. */
  readonly quorumsOf: (slot: number) => readonly Quorum[];
  /** Called once, with the reason if it was in vain. */
  readonly done: (error: string | undefined) => void;
}

/** One key of a request. */
class KeyRefresh {
  readonly key: Buffer;
  readonly slot: number;
  readonly run: RefreshRun;
  id = 0;
  /** What this node had when it asked, or had merged last. */
  digest: Digest = { low: 0, high: 0 };
  foreignChanges = 0;
  quorums: readonly Quorum[] = [];
  /** What those have who have answered. */
  readonly answers = new Map<MemberId, Digest>();
  hasMerged = false;
  askedCount = 0;
  /** How many have not answered since it was done. */
  missingCount = 0;
  /** Those that have what was merged, while it is sent to the others. */
  repaired: Set<MemberId> | undefined;

  constructor(run: RefreshRun, key: Buffer) {
    this.run = run;
    this.key = key;
    this.slot = slotOf(key, 0, key.length);
  }

  /** Whether of each set enough are among these. */
  isEnough(members: { has(member: MemberId): boolean }): boolean {
    return this.quorums.every(({ members: set, needed }) => {
      let count = 0;
      for (const member of set) if (members.has(member)) count++;
      return count >= needed;
    });
  }
}

/** A request that is under way, or done. */
export class RefreshRun {
  readonly request: RefreshRequest;
  readonly deadlineMs: number;
  readonly keys: readonly KeyRefresh[];
  remaining: number;
  isOver = false;
  /** How often the process had stood still when it was done. */
  standstills = 0;

  constructor(request: RefreshRequest, deadlineMs: number) {
    this.request = request;
    this.deadlineMs = deadlineMs;
    this.keys = request.keys.map((key) => new KeyRefresh(this, key));
    this.remaining = this.keys.length;
  }
}

export interface RefresherOptions {
  readonly store: EntryStore;
  readonly links: MemberLinks;
  readonly random: Random;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly timeoutMs: () => number;
  /** This process has stood still when so much time has passed between two looks. Others act for its slots when they have not heard of it for 400 ms. */
  readonly standstillMs: () => number;
  /** Another replica says that a key is in era 1. */
  readonly onEraOne: (key: Buffer) => void;
}

export class Refresher {
  /** Keys that were refreshed; of these, where replicas differed; and requests that were in vain. */
  refreshedCount = 0;
  differedCount = 0;
  timeoutCount = 0;
  /** Repairs that nobody waited for. */
  lateRepairCount = 0;

  private readonly options: RefresherOptions;
  private readonly asks: Outboxes;
  private readonly message = new PayloadBuffer();
  private readonly keys = new Map<number, KeyRefresh>();
  /** Those that were done and may get late answers, by id. */
  private readonly done = new Map<number, KeyRefresh>();
  private readonly runs = new Set<RefreshRun>();
  private standstills = 0;
  /** When it looked last whether it stands still. */
  private awakeMs: number;
  /** The first is drawn: what is told of a question that this node has asked before it was started anew is no answer to another one. */
  private lastId: number;

  constructor(options: RefresherOptions) {
    this.options = options;
    this.lastId = options.random.uint32();
    this.awakeMs = options.nowMs();
    this.asks = new Outboxes(options.links, MessageKind.ASK);
  }

  begin(request: RefreshRequest): RefreshRun {
    this.stayAwake();
    const run = new RefreshRun(request, this.options.nowMs() + this.options.timeoutMs());
    this.runs.add(run);
    for (const key of run.keys) this.ask(key);
    return run;
  }

  /** Whether what a run has found is still what a quorum has, but for what this node itself has changed. REQUIRES: it is done, without an error. */
  holds(run: RefreshRun): boolean {
    this.stayAwake();
    return run.standstills === this.standstills && run.keys.every((key) => this.isFresh(key));
  }

  /** The replicas of a slot may be others now: everything that is under way begins anew. */
  restart(): void {
    for (const { keys } of this.runs) for (const key of keys) this.ask(key);
    for (const run of this.runs) run.remaining = run.keys.length;
  }

  /** Everything that is under way was in vain. */
  abandon(reason: string): void {
    for (const run of [...this.runs]) this.end(run, reason);
  }

  /** The turn ends: what is to be asked leaves. */
  flush(): void {
    this.asks.flush();
  }

  /** TELL. */
  onTell(member: MemberId, reader: PayloadReader): void {
    this.stayAwake();
    while (!reader.isAtEnd) {
      const id = reader.word();
      const state = readTell(reader);
      if (reader.failed) return;
      const key = this.keys.get(id);
      if (key !== undefined) this.answered(key, member, state);
      else this.answeredLate(id, member, state);
    }
  }

  /** REPAIRED. */
  onRepaired(member: MemberId, reader: PayloadReader): void {
    this.stayAwake();
    while (!reader.isAtEnd) {
      const key = this.keys.get(reader.word());
      if (key?.repaired === undefined) continue;
      key.repaired.add(member);
      this.checkRepaired(key);
    }
  }

  /** Called some times a second: gives up what takes too long, and forgets what may be answered no more. */
  tick(): void {
    this.stayAwake();
    const nowMs = this.options.nowMs();
    for (const run of this.runs) {
      if (run.deadlineMs > nowMs) continue;
      this.timeoutCount++;
      const needed = Math.max(...run.keys.flatMap(({ quorums }) => quorums.map((quorum) => quorum.needed)));
      this.end(run, `TIMEOUT ${needed + 1} replicas were to be read, not so many have answered in time`);
    }
    for (const [id, { run }] of this.done) {
      if (run.deadlineMs <= nowMs) this.done.delete(id);
    }
  }

  /** Called before anything else is done. */
  private stayAwake(): void {
    const nowMs = this.options.nowMs();
    const stoodStill = nowMs - this.awakeMs > this.options.standstillMs();
    this.awakeMs = nowMs;
    if (!stoodStill) return;
    this.standstills++;
    this.restart();
  }

  /** Begins with a key, or begins anew. */
  private ask(key: KeyRefresh): void {
    const { store } = this.options;
    const digest = store.digest(key.key);
    if (digest === undefined) {
      this.loadAndAsk(key);
      return;
    }
    this.keys.delete(key.id);
    this.done.delete(key.id);
    key.id = this.nextId();
    key.digest = digest;
    key.foreignChanges = store.foreignChanges(key.slot);
    key.answers.clear();
    key.hasMerged = false;
    key.repaired = undefined;
    this.keys.set(key.id, key);
    key.quorums = key.run.request.quorumsOf(key.slot);
    const members = membersOf(key.quorums);
    key.askedCount = members.length;
    for (const member of members) writeAsk(this.asks.to(member), key.id, digest, key.key);
  }

  private loadAndAsk(key: KeyRefresh): void {
    this.options.store.load(key.key).then(
      () => {
        if (!key.run.isOver) this.ask(key);
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        if (!key.run.isOver) this.end(key.run, `ERR ${error.message}`);
      },
    );
  }

  private answered(key: KeyRefresh, member: MemberId, state: ToldState): void {
    if (state.kind === State.FAILED) return; // another one may answer in time
    if (state.kind === State.ERA_ONE) {
      this.options.onEraOne(key.key);
      if (!key.run.isOver) this.end(key.run, ERA_ONE);
      return;
    }
    if (key.repaired !== undefined) {
      this.repair(key, member, state);
      return;
    }
    if (state.kind === State.SAME) key.answers.set(member, key.digest);
    else {
      this.merge(key, state.batches);
      key.answers.set(member, state.digest);
      key.hasMerged = true;
    }
    if (!key.isEnough(key.answers)) return;
    if (key.hasMerged) this.repairAll(key);
    else this.check(key);
  }

  private merge(key: KeyRefresh, batches: readonly Buffer[]): void {
    const { store } = this.options;
    const before = store.foreignChanges(key.slot);
    for (const batch of batches) store.takeOver(batch);
    // These are known.
    key.foreignChanges += store.foreignChanges(key.slot) - before;
  }

  /** Enough have answered, and something differed. */
  private repairAll(key: KeyRefresh): void {
    const { store } = this.options;
    const digest = store.digest(key.key);
    if (digest === undefined) {
      this.loadAndAsk(key);
      return;
    }
    this.differedCount++;
    key.digest = digest;
    key.repaired = new Set();
    for (const [member, theirs] of key.answers) {
      if (sameDigest(theirs, digest)) key.repaired.add(member);
      else this.sendRepair(key.key, member, key.id);
    }
    this.checkRepaired(key);
  }

  /** Somebody answers while what was merged is sent to others. */
  private repair(key: KeyRefresh, member: MemberId, state: ToldState): void {
    if (state.kind !== State.OTHER || !sameDigest(state.digest, key.digest)) {
      this.sendRepair(key.key, member, key.id);
      return;
    }
    key.repaired?.add(member);
    this.checkRepaired(key);
  }

  private checkRepaired(key: KeyRefresh): void {
    if (key.repaired !== undefined && key.isEnough(key.repaired)) this.check(key);
  }

  /** Enough have what this node had of a key. When that is so of all keys, what has come in meanwhile decides. */
  private check(key: KeyRefresh): void {
    const { run } = key;
    this.keys.delete(key.id);
    key.missingCount = key.askedCount - key.answers.size;
    if (key.missingCount > 0) this.done.set(key.id, key);
    if (--run.remaining > 0) return;
    const stale = run.keys.filter((one) => !this.isFresh(one));
    run.remaining = stale.length;
    this.refreshedCount += run.keys.length - stale.length;
    for (const one of stale) this.ask(one);
    if (stale.length === 0) this.end(run, undefined);
  }

  /** Whether nothing was changed that others have stamped, since a quorum had the same. */
  private isFresh({ key, digest: before, slot, foreignChanges }: KeyRefresh): boolean {
    const { store } = this.options;
    const digest = store.digest(key);
    return digest !== undefined && (sameDigest(digest, before) || store.foreignChanges(slot) === foreignChanges);
  }

  private end(run: RefreshRun, error: string | undefined): void {
    run.isOver = true;
    run.standstills = this.standstills;
    this.runs.delete(run);
    if (error !== undefined) for (const [id, key] of this.keys) if (key.run === run) this.keys.delete(id);
    run.request.done(error);
  }

  private answeredLate(id: number, member: MemberId, state: ToldState): void {
    const key = this.done.get(id);
    if (key === undefined) return;
    // Of every read there is such a key: they are not kept for as long as an answer may take.
    if (--key.missingCount === 0) this.done.delete(id);
    if (state.kind !== State.OTHER) return;
    const { store } = this.options;
    for (const batch of state.batches) store.takeOver(batch);
    const digest = store.digest(key.key);
    if (digest === undefined || sameDigest(digest, state.digest)) return;
    this.lateRepairCount++;
    this.sendRepair(key.key, member, 0);
  }

  /** Sends all that is known of a key. With an `id`, the member says when it has it. */
  private sendRepair(key: Buffer, member: MemberId, id: number): void {
    const { message } = this;
    message.clear();
    message.word(id);
    writeBatches(message, this.options.store.batchesOf(key));
    this.options.links.send(member, MessageKind.REPAIR, message);
  }

  private nextId(): number {
    this.lastId = this.lastId === 0xffffffff ? 1 : this.lastId + 1;
    return this.lastId;
  }
}

/** All that are in one of the sets, once each. */
function membersOf(quorums: readonly Quorum[]): readonly MemberId[] {
  if (quorums.length === 1) return quorums[0].members;
  return [...new Set(quorums.flatMap(({ members }) => members))];
}
