/**
 * Has a member that takes over slots filled (transfer-messages.ts): pulls its ranges, one at a time, and all that one source has before it asks the next one: each of them moves its
 * log to tables first, and all have clients.
 *
 *     FillPlan ─▶ PULL ─▶ CHUNK ─▶ merged, logged ─▶ TAKEN, noted in the plan ─▶ durable ─▶ noted on disk
 *
 *  1. What is noted on disk is durable. After a restart it goes on from there; after a pull that was broken off, from what is merged.
 *  2. A chunk counts only in its place: the next one of the pull that is under way, from where the one before ended, with its checksum. Else the pull begins anew from there.
 */

import { AssertionError } from '../../base/assert.js';
import { CorruptionError } from '../../base/errors.js';
import type { Random } from '../../host/ports.js';
import type { MemberLinks } from '../coordination/ports.js';
import { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import type { Move } from '../ring/moves.js';
import { isOfOwn } from '../ring/moves.js';
import type { FillPlan, Given } from './fill-plan.js';
import type { TransferData } from './ports.js';
import type { Chunk } from './transfer-messages.js';
import { readChunk, writePull } from './transfer-messages.js';

/** A source that gives nothing for so long is asked anew. */
const STALL_MS = 5000;
/** After a source was unable, or has sent something else. */
const REST_MS = 1000;
const SYNC_EVERY_MS = 1000;

export interface FillerOptions {
  readonly data: Pick<TransferData, 'takeOver' | 'takeMore' | 'sync'>;
  readonly links: MemberLinks;
  readonly random: Random;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly isUp: (id: MemberId) => boolean;
  /** Called before anything happens that the disk has led to. */
  readonly onWork: () => void;
  /** Keeps what the plan notes for the next start; resolves when it has, or cannot. */
  readonly save: (notes: readonly Given[]) => Promise<void>;
  readonly warn: (line: string) => void;
}

/** What is asked for. */
interface Session {
  readonly id: number;
  readonly source: MemberId;
  readonly move: Move;
  /** Of the last chunk that was merged, and up to where it went. */
  number: number;
  position: number;
  movedMs: number;
}

export class Filler {
  readonly plan: FillPlan;
  takenBytes = 0;
  /** Chunks that were not as they were sent, or not in their place. */
  refusedCount = 0;
  private readonly options: FillerOptions;
  private session: Session | undefined;
  /** Who was asked last. */
  private source: MemberId | undefined;
  private readonly restUntilMs = new Map<MemberId, number>();
  private lastId: number;
  private isSyncing = false;
  /** Something was merged since the last sync began. */
  private isUnsynced = false;
  private syncedMs = -Infinity;
  private isOver = false;

  constructor(options: FillerOptions, plan: FillPlan) {
    this.options = options;
    this.plan = plan;
    this.lastId = options.random.uint32();
  }

  /** Whether everything is there, and durable. */
  get isFilled(): boolean {
    return this.plan.isFilled && !this.isUnsynced && !this.isSyncing;
  }

  /** Nothing is asked for any more. */
  stop(): void {
    this.isOver = true;
    this.session = undefined;
  }

  /** Called some times a second: asks whoever can give something. */
  tick(): void {
    if (this.isOver) return;
    this.makeDurable();
    if (this.plan.isFilled) return;
    const { nowMs, isUp, links } = this.options;
    const now = nowMs();
    if (this.session !== undefined && (!isUp(this.session.source) || now - this.session.movedMs > STALL_MS)) {
      this.session = undefined;
    }
    if (this.session !== undefined) return;
    // Who could not give anything a moment ago is as good as away: others may be able to.
    const isAble = (id: MemberId): boolean => isUp(id) && (this.restUntilMs.get(id) ?? 0) <= now;
    const all = this.plan.wanted(isAble);
    const next = all.find(({ source }) => source === this.source) ?? all.at(0);
    if (next === undefined) return;
    const { move, source, from } = next;
    const id = this.nextId();
    if (!links.send(source, MessageKind.PULL, writePull({ id, start: move.start, end: move.end, from }))) return;
    this.source = source;
    this.session = { id, source, move, number: 0, position: from, movedMs: now };
  }

  /** The connection to a member is gone. */
  lost(source: MemberId): void {
    if (this.session?.source === source) this.session = undefined;
  }

  /** CHUNK. */
  onChunk(source: MemberId, reader: PayloadReader): void {
    const chunk = readChunk(reader);
    const { session } = this;
    if (session?.source !== source) return;
    if (chunk === undefined) {
      this.refuse(source, 'is damaged');
      return;
    }
    if (chunk.id !== session.id) return; // of an earlier pull
    if (chunk.number !== session.number + 1 || chunk.from !== session.position || chunk.to < chunk.from) {
      this.refuse(source, 'is not the next one');
      return;
    }
    if (!this.merge(session, chunk)) return;
    session.number = chunk.number;
    session.position = chunk.to;
    session.movedMs = this.options.nowMs();
    this.isUnsynced = true;
    this.plan.note(session.move, source, chunk.to);
    this.tellTaken(session);
    if (!chunk.isLast) return;
    this.session = undefined;
    this.tick();
  }

  /** UNABLE. */
  onUnable(source: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    const reason = reader.bytes().toString('utf8');
    if (this.session?.source !== source || this.session.id !== id) return;
    this.rest(source);
    this.options.warn(`Node ${source} cannot give its slots now: ${reason}`);
  }

  private merge({ source, move }: Session, { batch }: Chunk): boolean {
    if (batch.length === 0) return true;
    const { data } = this.options;
    try {
      if (isOfOwn(move)) data.takeMore(batch);
      else data.takeOver(batch);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      this.refuse(source, error.message);
      return false;
    }
    this.takenBytes += batch.length;
    return true;
  }

  private refuse(source: MemberId, reason: string): void {
    this.refusedCount++;
    this.options.warn(`What node ${source} has sent of its slots ${reason}: it is asked again`);
    this.rest(source);
  }

  private rest(source: MemberId): void {
    this.session = undefined;
    this.restUntilMs.set(source, this.options.nowMs() + REST_MS);
  }

  /** Has what was merged made durable now and then: others may write to the same disk. */
  private makeDurable(): void {
    const { data, nowMs, onWork, save } = this.options;
    if (!this.isUnsynced || this.isSyncing) return;
    if (nowMs() - this.syncedMs < SYNC_EVERY_MS && !this.plan.isFilled) return;
    this.isSyncing = true;
    this.isUnsynced = false;
    this.syncedMs = nowMs();
    const notes = this.plan.notes;
    const kept = data.sync().then(() => (this.isOver ? undefined : save(notes)));
    kept.then(
      () => {
        this.isSyncing = false;
        onWork();
      },
      (error: unknown) => {
        this.isSyncing = false;
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        // The log takes nothing: it is tried again.
        this.isUnsynced = true;
      },
    );
  }

  private tellTaken({ source, id, number }: Session): void {
    const taken = new PayloadBuffer();
    taken.word(id);
    taken.word(number);
    this.options.links.send(source, MessageKind.TAKEN, taken);
  }

  private nextId(): number {
    this.lastId = (this.lastId + 1) >>> 0;
    return this.lastId;
  }
}
