/**
 * Sends what this node has changed to the other replicas, and knows which of them have it.
 *
 *     commands ─▶ batch ─▶ log ─▶ ship: a message to each member of the groups in it ─▶ REPLICATED ─▶ tallies ─▶ replies
 *                                   └─ who cannot be reached, or does not answer in time: a hint
 *
 *  1. A batch is sent when the log has it, in the order of the log, with a number that rises by one. The first one is drawn: what a replica says of batches that this node
 *     has sent before it was started anew is not taken for an answer to others.
 *  2. A replica has it when it says so, and not before: hints do not count. With sloppy-quorum a durable hint counts for the replica that it is for. What it says counts if nothing that it
 *     has said before was lost: that may have told of puts that do not count (4 and 5).
 *  3. What was sent is kept until every replica has it, or a hint for it.
 *  4. A blind put (plain SET) that is older than what a replica holds, the last one of its key, is put again with a newer stamp before it counts: so what is acknowledged later
 *     wins over what was acknowledged earlier, whatever the clocks say. When it has been answered it is not put again: it would win over what came later.
 *  5. A put that a replica refuses, because consensus decides about its key by now, counts when consensus has put it: that is tried once a put.
 *  6. When the ring changes, what is not acknowledged by all is sent anew, as other batches, to the replicas of the new ring; who waits for it waits for those. A ring of two placements
 *     (topology/ring-change.ts) wants enough of each.
 */

import { SLOT_COUNT, slotOf } from '../../base/position.js';
import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { WriteBatch } from '../../record/write-batch.js';
import type { MemberId } from '../ring/member.js';
import type { Random } from '../../host/ports.js';
import type { Ring } from '../ring/ring.js';
import type { Acknowledgement, Newer } from './acknowledgement.js';
import { ERA_STAMP } from './acknowledgement.js';
import type { OnArrival } from './arrivals.js';
import { Arrivals } from './arrivals.js';
import { BatchParts, EVERY_GROUP } from './batch-parts.js';
import { regroup } from './regroup.js';
import { MessageKind } from '../message-kind.js';
import { Renewals, recordAt } from './renewals.js';
import type { HintKeeper, ReplicaLinks } from './ports.js';
import { ReplicaProgress } from './replica-progress.js';
import type { Concerns } from './shipment.js';
import { ReplicatePayload, Shipment, batchBytesFor, concernsOf, writeBatchFor } from './shipment.js';
import type { Need, TallyWaiter } from './tally.js';
import { Tallies, Tally } from './tally.js';
import { UndecidedPuts } from './undecided-puts.js';

/** Batches that were sent and are not acknowledged by all may take so much memory; beyond that the oldest become hints. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;

/** What a replica has said was lost: it is sent all again, but so soon after the last time only if it asks for that. What comes of it until then was said before. */
const SEND_AGAIN_MS = 200;

/** The number before the first is a multiple of this, below 2^48. */
const FIRST_SEQUENCE_UNIT = 2 ** 16;

export interface ReplicatorOptions {
  readonly self: MemberId;
  readonly batch: WriteBatch;
  readonly links: ReplicaLinks;
  readonly hints: HintKeeper;
  /** Whether hints count (sloppy-quorum). */
  readonly isSloppy: () => boolean;
  readonly random: Random;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly writeTimeoutMs: () => number;
  /** How many of so many replicas a level means. */
  readonly replicasNeeded: (level: number, replicas: number) => number;
  /**
   * Puts again, above `stamp`, what an earlier batch has put to the key at `keyAt`, and calls `note`; unless this node has overwritten it since. Returns its stamp.
   */
  readonly putAgain: (batch: Buffer, keyAt: number, stamp: number) => number | undefined;
  /**
   * Has consensus decide about what a batch of one record has put, which this node has put with the stamps `before` before. Nothing is called if that comes to nothing.
   */
  readonly decidePut: (record: Buffer, before: readonly number[], onDecided: () => void) => void;
  /** A replica says, if `isTold`, that the key at `keyAt` is in era 1; whether it is, as far as this node knows. */
  readonly isEraOne: (batch: Buffer, keyAt: number, isTold: boolean) => boolean;
}

/** A member as this node sends to it. */
class Receiver {
  readonly progress: ReplicaProgress;
  concerns: Concerns = () => false;
  /** The batch that was sent last by the connection that there is; 0 if none was. */
  previous = 0;
  /** It has refused a batch. */
  hasMissed = false;
  /** What it has said of a batch was lost; and when it was last sent all again, whatever for. */
  isUnheard = false;
  sentAgainMs = -Infinity;

  constructor(id: MemberId) {
    this.progress = new ReplicaProgress(id);
  }
}

export class Replicator {
  /** The number of the batch that was sent last. */
  sequence: number;
  /** Puts that were sent again because a replica had something newer. */
  putAgainCount = 0;
  timeoutCount = 0;

  private readonly options: ReplicatorOptions;
  private readonly batch: WriteBatch;
  private readonly parts = new BatchParts();
  private readonly payload = new ReplicatePayload();
  private readonly reader = new BatchReader();
  private readonly tallies = new Tallies();
  private readonly renewals = new Renewals();
  private readonly arrivals = new Arrivals();
  private readonly undecided = new UndecidedPuts();
  private readonly receivers = new Map<MemberId, Receiver>();
  private readonly own: ReplicaProgress;
  private ring: Ring | undefined;
  /** By group: the sets of replicas each of which must have enough. */
  private groups: ReplicaProgress[][][] = [];
  private everybody: ReplicaProgress[] = [];
  /** Of each slot, the newest batch with changes of it. */
  private readonly newest = new Float64Array(SLOT_COUNT);
  /** Oldest first. */
  private kept: Shipment[] = [];
  private keptBytes = 0;

  constructor(options: ReplicatorOptions) {
    this.options = options;
    this.batch = options.batch;
    this.own = new ReplicaProgress(options.self);
    this.sequence = options.random.uint32() * FIRST_SEQUENCE_UNIT;
  }

  /** Whether no reply waits for replicas. */
  get isIdle(): boolean {
    return this.tallies.count === 0;
  }

  /** The number of the batch that has what this node has changed last, sent or not. */
  get lastSequence(): number {
    return this.parts.count === 0 ? this.sequence : this.sequence + 1;
  }

  /** Whether every batch up to this one has arrived wherever it was sent, or is kept as a hint, or lost. */
  isDelivered(sequence: number): boolean {
    return this.sequence >= sequence && (this.kept.length === 0 || this.kept[0].sequence > sequence);
  }

  /** Bytes that are kept until all replicas have them. */
  get pendingBytes(): number {
    return this.keptBytes;
  }

  /** Whether everything that was noted was sent. */
  get isShipped(): boolean {
    return this.parts.count === 0;
  }

  /** Replicas are those of `ring` from now on. REQUIRES: everything is shipped. */
  useRing(ring: Ring): void {
    const { self } = this.options;
    this.ring = ring;
    this.everybody = ring.members.map(({ id }) => this.progressOf(id));
    const progressOf = (members: Uint16Array): ReplicaProgress[] =>
      Array.from(members, (index) => this.everybody[index]);
    this.groups = ring.groups.map(({ current, next }) =>
      current === next ? [progressOf(current)] : [progressOf(current), progressOf(next)],
    );
    for (const [id, receiver] of this.receivers) {
      const index = ring.indexOf(id);
      if (index === undefined) {
        this.dropReceiver(id, receiver);
        continue;
      }
      const groups = new Set<number>();
      ring.groups.forEach(({ members }, group) => {
        if (members.includes(index)) groups.add(group);
      });
      receiver.concerns = id === self ? () => false : concernsOf(groups);
    }
    const { kept } = this;
    this.kept = [];
    this.keptBytes = 0;
    for (const shipment of kept) this.shipAnew(shipment, ring);
    this.tallies.settle();
  }

  /** What was added to the batch since the last call, of one slot, by a command that has looked at what was there, or not (`isBlind`). */
  note(slot: number, isBlind: boolean): void {
    const { batch, parts, ring } = this;
    if (ring === undefined) return;
    const group = ring.groupOf(slot);
    // Changes of one key join one record: not across two runs.
    if (!parts.continues(group, isBlind)) batch.closeRecord();
    parts.add(group, isBlind, batch.byteLength);
    this.newest[slot] = this.sequence + 1;
  }

  /** The same, of whatever slots it is. Returns the groups. */
  noteUnknown(isBlind: boolean): Set<number> {
    const { batch, parts, reader, ring } = this;
    const groups = new Set<number>();
    if (ring === undefined || batch.isEmpty) return groups;
    const from = parts.count === 0 ? BATCH_HEADER_BYTES : parts.ends[parts.count - 1];
    batch.closeRecord();
    reader.open(batch.buffer, batch.start, batch.end, 'the batch of this turn');
    reader.goTo(batch.start + from);
    while (reader.next()) {
      if (!reader.isRecordEnd) continue;
      const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
      const slot = isOfKey ? slotOf(reader.bytes, reader.keyStart, reader.keyEnd) : 0;
      const group = isOfKey ? ring.groupOf(slot) : EVERY_GROUP;
      groups.add(group);
      parts.add(group, isBlind, reader.offset - batch.start);
      if (isOfKey) this.newest[slot] = this.sequence + 1;
    }
    return groups;
  }

  /** The newest batch, sent or not yet, with changes of a slot by this node. */
  newestOf(slot: number): number {
    return this.newest[slot];
  }

  /**
   * Whether so many replicas as a level means are yet to have what this node has changed in a slot last: `of` is a level, or one of the replicas. Who cannot be reached, or has a hint in the place of it, is
   * not waited for. What a replica has refused, nobody has until consensus has put it.
   */
  isAwaited(slot: number, of: MemberId | number): boolean {
    return this.isSequenceAwaited(this.newest[slot], slot, of);
  }

  /** Calls `then` when what this node has changed in a slot last is awaited no more, or was for as long as a write may take: later. */
  whenArrived(slot: number, of: MemberId | number, then: OnArrival): void {
    const sequence = this.newest[slot];
    this.arrivals.add(() => this.isSequenceAwaited(sequence, slot, of), this.options.nowMs(), then);
  }

  /** The log has taken the batch: sends it. What was not noted in it concerns nobody else. */
  ship(): void {
    const { batch, parts, options } = this;
    if (parts.count === 0 || this.ring === undefined) return;
    const bytes = Buffer.allocUnsafeSlow(batch.byteLength);
    batch.buffer.copy(bytes, 0, batch.start, batch.end);
    const shipment = new Shipment(++this.sequence, bytes, parts.clone(), options.nowMs());
    parts.clear();
    this.sendToAll(shipment);
  }

  /** The batch was dropped: the log did not take it. */
  abandon(): void {
    this.parts.clear();
  }

  /** Has `waiter`, who has written it or read it, told when so many replicas of a group as a level means have the batch `sequence`. Undefined if they have it already. */
  await(group: number, sequence: number, level: number, isWriter: boolean, waiter: TallyWaiter): Tally | undefined {
    let tally = this.tallies.find(group, sequence, level);
    if (tally === undefined) {
      tally = new Tally(this.needsOf(group, sequence, level), level, this.options.nowMs());
      if (tally.isDone) return undefined;
      this.tallies.add(tally);
    }
    if (tally.waiters.at(-1) !== waiter) tally.waiters.push(waiter);
    tally.isOfWriter ||= isWriter;
    return tally;
  }

  /** A member has said how far it is. */
  acknowledged(id: MemberId, { after, sequence, newer }: Acknowledgement): void {
    const receiver = this.receivers.get(id);
    if (receiver === undefined || sequence > this.sequence) return;
    if (!receiver.progress.isKnownUpTo(after)) {
      receiver.isUnheard = true;
      return;
    }
    receiver.isUnheard = false;
    for (const one of newer) this.putAgain(receiver, one);
    receiver.progress.acknowledge(sequence);
    let finished = 0;
    for (const shipment of this.kept) {
      if (shipment.sequence > sequence) break;
      shipment.pending.delete(receiver.progress);
      if (shipment.pending.size === 0) finished++;
    }
    if (finished > 0) this.forgetFinished();
    this.tallies.settle();
    this.arrivals.tell();
  }

  /** The connection to a member is gone, and with it what it had not acknowledged. */
  lost(id: MemberId): void {
    const receiver = this.receivers.get(id);
    if (receiver === undefined) return;
    for (const shipment of this.kept) this.hint(shipment, receiver);
    receiver.progress.lose(this.sequence);
    receiver.previous = 0;
    receiver.hasMissed = false;
    this.forgetFinished();
    this.arrivals.tell();
  }

  /** A member has refused a batch, because it was sent for an older ring, or because one before it was: all of that is sent again, with the next turn. */
  missed(id: MemberId): void {
    const receiver = this.receivers.get(id);
    if (receiver !== undefined) receiver.hasMissed = true;
  }

  /** Sends again what was refused, or is to be acknowledged again. Called at the end of a turn. */
  sendMissed(): void {
    for (const receiver of this.receivers.values()) {
      if (!receiver.hasMissed && !receiver.isUnheard) continue;
      const nowMs = this.options.nowMs();
      if (!receiver.hasMissed && nowMs - receiver.sentAgainMs <= SEND_AGAIN_MS) continue;
      receiver.hasMissed = false;
      receiver.isUnheard = false;
      receiver.sentAgainMs = nowMs;
      receiver.previous = 0;
      const pending = this.kept.filter((shipment) => shipment.pending.has(receiver.progress));
      // What was given up is not sent again: nothing that it acknowledges later says that it has that.
      receiver.progress.lose(pending.length === 0 ? this.sequence : pending[0].sequence - 1);
      for (const shipment of pending) this.send(shipment, receiver);
    }
    this.forgetFinished();
  }

  /** Called a few times a second: gives up what takes too long. */
  tick(): void {
    const beforeMs = this.options.nowMs() - this.options.writeTimeoutMs();
    const { count } = this.tallies;
    this.tallies.expire(beforeMs);
    this.renewals.forget(beforeMs);
    this.undecided.forget(beforeMs);
    this.timeoutCount += count - this.tallies.count;
    while (this.kept.length > 0 && this.kept[0].sinceMs < beforeMs) this.giveUp(this.kept[0]);
    this.arrivals.tell(beforeMs);
  }

  private isSequenceAwaited(sequence: number, slot: number, of: MemberId | number): boolean {
    const { ring, own, options } = this;
    if (this.undecided.has(slot)) return true;
    if (sequence === 0 || ring === undefined) return false;
    const isUnsent = sequence > this.sequence && !this.isShipped;
    const shipment = isUnsent ? undefined : this.keptBatch(sequence);
    if (!isUnsent && shipment === undefined) return false;
    const lacks = (replica: ReplicaProgress): boolean =>
      shipment === undefined ? replica !== own : shipment.pending.has(replica);
    if (typeof of !== 'number') {
      const receiver = this.receivers.get(of);
      return receiver !== undefined && lacks(receiver.progress);
    }
    return this.groups[ring.groupOf(slot)].some((replicas) => {
      const needed = options.replicasNeeded(of, replicas.length);
      return replicas.filter(lacks).length > replicas.length - needed;
    });
  }

  /** A batch that not all replicas have; undefined if it is none. */
  private keptBatch(sequence: number): Shipment | undefined {
    const { kept } = this;
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (kept[middle].sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return kept.at(low)?.sequence === sequence ? kept[low] : undefined;
  }

  private needsOf(group: number, sequence: number, level: number): Need[] {
    const sets = group === EVERY_GROUP ? [this.everybody] : this.groups[group];
    const { replicasNeeded } = this.options;
    return sets.map((replicas) => ({
      group,
      replicas,
      sequence,
      needed: replicasNeeded(level, replicas.length),
      isOvertaken: false,
    }));
  }

  private sendToAll(shipment: Shipment): void {
    this.own.acknowledge(shipment.sequence);
    for (const receiver of this.receivers.values()) this.send(shipment, receiver);
    if (shipment.pending.size === 0) return;
    this.kept.push(shipment);
    this.keptBytes += shipment.bytes.length;
    while (this.keptBytes > KEPT_BYTES_MAX) this.giveUp(this.kept[0]);
  }

  /** Sends what a shipment says to the replicas of another ring, as another batch. */
  private shipAnew(old: Shipment, ring: Ring): void {
    const { parts, groups, slots } = regroup(old, ring);
    const shipment = new Shipment(++this.sequence, old.bytes, parts, old.sinceMs, old.renewed);
    for (const slot of slots) this.newest[slot] = shipment.sequence;
    this.sendToAll(shipment);
    this.tallies.replace(old.sequence, (need, level) => {
      // A put that was made again may wait for a batch in which its group is not: then for all that is in it.
      const replacing = groups.get(need.group) ?? new Set(parts.groups.subarray(0, parts.count));
      return [...replacing].flatMap((group) => this.needsOf(group, shipment.sequence, level));
    });
  }

  private progressOf(id: MemberId): ReplicaProgress {
    if (id === this.options.self) return this.own;
    let receiver = this.receivers.get(id);
    if (receiver === undefined) {
      receiver = new Receiver(id);
      receiver.progress.lose(this.sequence);
      this.receivers.set(id, receiver);
    }
    return receiver.progress;
  }

  private dropReceiver(id: MemberId, receiver: Receiver): void {
    for (const shipment of this.kept) shipment.pending.delete(receiver.progress);
    this.receivers.delete(id);
    this.forgetFinished();
  }

  private send(shipment: Shipment, receiver: Receiver): void {
    if (!this.payload.set(shipment, receiver.concerns, receiver.previous)) return;
    shipment.pending.add(receiver.progress);
    if (this.options.links.send(receiver.progress.id, MessageKind.REPLICATE, this.payload)) {
      receiver.previous = shipment.sequence;
      return;
    }
    this.hint(shipment, receiver);
    receiver.progress.lose(shipment.sequence);
    receiver.previous = 0;
  }

  /** Keeps what a member has not acknowledged of a shipment as a hint. */
  private hint(shipment: Shipment, { progress, concerns }: Receiver): void {
    if (!shipment.pending.delete(progress)) return;
    const batch = Buffer.allocUnsafeSlow(batchBytesFor(shipment, concerns));
    if (batch.length === BATCH_HEADER_BYTES) return;
    writeBatchFor(shipment, concerns, batch, 0);
    const { hints, isSloppy } = this.options;
    if (isSloppy()) {
      hints.keep(progress.id, batch, (isDurable) => {
        if (!isDurable) return;
        progress.hint(shipment.sequence);
        this.tallies.settle();
      });
    } else hints.keep(progress.id, batch);
  }

  /** Keeps hints in place of a shipment, the oldest. */
  private giveUp(shipment: Shipment): void {
    for (const receiver of this.receivers.values()) this.hint(shipment, receiver);
    this.forgetFinished();
  }

  private forgetFinished(): void {
    this.kept = this.kept.filter((shipment) => {
      if (shipment.pending.size > 0) return true;
      this.keptBytes -= shipment.bytes.length;
      return false;
    });
  }

  /** A member holds something newer than what a record has put. */
  private putAgain({ concerns, progress }: Receiver, { sequence, record, stamp }: Newer): void {
    const { options, parts, tallies } = this;
    const shipment = this.keptBatch(sequence);
    if (shipment === undefined) {
      // Given up meanwhile: what the record has put is not known here any more.
      if (!progress.isKnownUpTo(sequence)) tallies.fail(tallies.ofBatch(sequence));
      return;
    }
    const place = shipment.locate(record, concerns);
    if (place === undefined) return;
    const group = shipment.parts.groups[place.part];
    if (options.isEraOne(shipment.bytes, place.at, stamp === ERA_STAMP)) {
      const overtaking = this.overtaking(shipment, place.at, progress);
      // What has overwritten it is decided then, or counts: it is no more than what was there before that.
      if (overtaking === undefined) this.decide(shipment, place.part, place.at);
      else tallies.follow(group, sequence, overtaking, true);
      return;
    }
    if (shipment.parts.blind[place.part] === 0) return;
    // Once it was answered, what is newer elsewhere came later: though it may be waited for again, by who reads from more replicas, or from those of another ring.
    if (!tallies.isOpen(group, sequence)) return;
    const overtaking = this.overtaking(shipment, place.at, progress);
    if (overtaking !== undefined) {
      tallies.follow(group, sequence, overtaking, true);
      return;
    }
    this.putAgainCount++;
    const given = options.putAgain(shipment.bytes, place.at, stamp);
    if (given !== undefined) {
      shipment.renewed.add(place.at);
      this.renewals.add(recordAt(shipment.bytes, place.at), given, options.nowMs());
    }
    // If something has taken its place here meanwhile, that was sent already, unless it is in the batch that is open.
    tallies.follow(group, sequence, parts.count > 0 ? this.sequence + 1 : this.sequence, given === undefined);
  }

  /**
   * Consensus decides about the key of a record by now, and has seen what this node has changed, or not. A put is put by it then; of anything else nobody knows.
   */
  private decide(shipment: Shipment, part: number, keyAt: number): void {
    const { sequence, bytes, parts, renewed } = shipment;
    const waiting = this.tallies.of(parts.groups[part], sequence);
    if (waiting.length === 0 || renewed.has(keyAt)) return;
    if (parts.blind[part] === 0) {
      this.tallies.fail(waiting);
      return;
    }
    renewed.add(keyAt);
    const record = recordAt(bytes, keyAt);
    for (const tally of waiting) tally.undecided++;
    const key = this.keyAt(bytes, keyAt);
    const decided = this.undecided.add(slotOf(key, 0, key.length), this.options.nowMs());
    this.options.decidePut(record, this.renewals.before(record), () => {
      for (const tally of waiting) tally.undecided--;
      decided();
      this.tallies.settle();
      this.arrivals.tell();
    });
  }

  /**
   * The batch in which this node has changed the key at `keyAt` last, behind that record: a member that has not acknowledged that one has not acknowledged this either. Undefined if there is
   * none.
   */
  private overtaking(shipment: Shipment, keyAt: number, progress: ReplicaProgress): number | undefined {
    const { batch, kept, parts, reader } = this;
    const { bytes, sequence } = shipment;
    const key = this.keyAt(bytes, keyAt);
    const slot = slotOf(key, 0, key.length);
    if (parts.count > 0 && this.newest[slot] > this.sequence) {
      batch.closeRecord();
      reader.open(batch.buffer, batch.start, batch.end, 'the batch of this turn');
      while (reader.next()) if (isOf(reader, key)) return this.sequence + 1;
    }
    // The last ones first: keys that are changed often are found soon, however much is kept.
    for (let i = kept.length - 1; i >= 0 && kept[i].sequence > sequence; i--) {
      const later = kept[i];
      if (later.sequence > this.newest[slot] || !later.pending.has(progress) || !later.changes(slot)) continue;
      reader.open(later.bytes, 0, later.bytes.length, 'a batch that was sent');
      while (reader.next()) if (isOf(reader, key)) return later.sequence;
    }
    reader.open(bytes, 0, bytes.length, 'a batch that was sent');
    while (reader.next() && reader.keyStart !== keyAt);
    while (reader.next()) if (reader.keyStart !== keyAt && isOf(reader, key)) return sequence;
    return undefined;
  }

  /** The key that stands at `keyAt` in a batch that was sent. */
  private keyAt(bytes: Buffer, keyAt: number): Buffer {
    const { reader } = this;
    reader.open(bytes, 0, bytes.length, 'a batch that was sent');
    while (reader.next() && reader.keyStart !== keyAt);
    return bytes.subarray(reader.keyStart, reader.keyEnd);
  }
}

function isOf({ kind, bytes, keyStart, keyEnd }: BatchReader, key: Buffer): boolean {
  if (kind === ChangeKind.FLUSH || kind === ChangeKind.DATABASES) return false;
  return bytes.compare(key, 0, key.length, keyStart, keyEnd) === 0;
}
