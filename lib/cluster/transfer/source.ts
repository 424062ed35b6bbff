/**
 * Gives members that take over slots what this node has of them: from its tables, in the order of positions, a chunk at a time.
 *
 *     PULL ─▶ all that is logged is moved to tables, once a ring ─▶ walk over the range ─▶ CHUNK, CHUNK, ...  ◀─ TAKEN
 *
 *  1. Nothing is given before this node acts by the ring that it was asked for, and what it had logged by then is in tables: so everything that it has acknowledged
 *     by an older ring is among what it gives.
 *  2. So many chunks are under way at most, and no more bytes in the long run than `transfer-rate`.
 *  3. Reading is sliced: a chunk takes a millisecond or two, and then this node rests for longer than that, so that clients have most of its time.
 */

import { AssertionError } from '../../base/assert.js';
import { SLOT_SPAN } from '../../base/position.js';
import type { Timers } from '../../host/ports.js';
import { WriteBatch } from '../../record/write-batch.js';
import type { MemberLinks } from '../coordination/ports.js';
import { MessageKind } from '../message-kind.js';
import { ByteRate } from '../replication/byte-rate.js';
import type { MemberId } from '../ring/member.js';
import { PayloadBuffer } from '../bus/payload-buffer.js';
import { endOf } from './fill-plan.js';
import type { TransferData } from './ports.js';
import type { Pull } from './transfer-messages.js';
import { writeChunk } from './transfer-messages.js';

const CHUNK_BYTES = 16 * 1024;
const WINDOW_CHUNKS = 16;
const BURST_BYTES = 1024 * 1024;
/** What is asked for by nobody any more ends: a member that goes on pulls anew. */
const IDLE_MS = 20_000;
const WAIT_MS = 5;
/** A rest is so many times as long as it took to read what was sent before it. */
const REST_FACTOR = 1;
const REST_MS_MAX = 10;

export interface SourceOptions {
  readonly data: TransferData;
  readonly links: MemberLinks;
  readonly timers: Timers;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** 0: no limit. */
  readonly bytesPerSecond: () => number;
  /** Called before anything happens that the disk or a timer has led to. */
  readonly onWork: () => void;
}

/** What is being given to one member. */
class Session {
  readonly pull: Pull;
  sentNumber = 0;
  takenNumber = 0;
  movedMs: number;
  /** When reading went on. */
  readingMs: number;
  isOver = false;

  constructor(pull: Pull, nowMs: number) {
    this.pull = pull;
    this.movedMs = nowMs;
    this.readingMs = nowMs;
  }
}

/** Thrown where a session has ended. */
class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

export class TransferSource {
  /** Bytes that were sent. */
  sentBytes = 0;
  private readonly options: SourceOptions;
  private readonly sessions = new Map<MemberId, Session>();
  /** Resolves when what was logged by the time of this ring is in tables. */
  private flushed: Promise<void> | undefined;
  /** Nothing is read before. */
  private restUntilMs = 0;
  private rate: ByteRate;
  private rateBytes: number;

  constructor(options: SourceOptions) {
    this.options = options;
    this.rateBytes = options.bytesPerSecond();
    this.rate = new ByteRate(this.rateBytes, BURST_BYTES, options.nowMs());
  }

  /** This node acts by another ring: nothing is given any more that was asked for by the one before. */
  useRing(): void {
    for (const session of this.sessions.values()) session.isOver = true;
    this.sessions.clear();
    this.flushed = undefined;
  }

  /** The connection to a member is gone. */
  lost(member: MemberId): void {
    const session = this.sessions.get(member);
    if (session !== undefined) session.isOver = true;
    this.sessions.delete(member);
  }

  /** PULL. REQUIRES: this node acts by the ring that it is for. */
  onPull(member: MemberId, pull: Pull): void {
    this.lost(member);
    const session = new Session(pull, this.options.nowMs());
    this.sessions.set(member, session);
    this.give(member, session).catch((error: unknown) => {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      this.options.onWork();
      if (!session.isOver) this.tellUnable(member, session, error.message);
      if (this.sessions.get(member) === session) this.lost(member);
    });
  }

  /** TAKEN. */
  onTaken(member: MemberId, id: number, number: number): void {
    const session = this.sessions.get(member);
    if (session?.pull.id !== id) return;
    session.takenNumber = Math.max(session.takenNumber, number);
    session.movedMs = this.options.nowMs();
  }

  private async give(member: MemberId, session: Session): Promise<void> {
    const { data, onWork } = this.options;
    const { start, from } = session.pull;
    this.flushed ??= data.flush();
    try {
      await this.flushed;
    } catch (error) {
      this.flushed = undefined;
      throw error;
    }
    onWork();
    const end = endOf(session.pull);
    const chunk = new WriteBatch(data.origin);
    let at = Math.max(from, start * SLOT_SPAN);
    if (at === start * SLOT_SPAN) data.addFloor(chunk);
    session.readingMs = this.options.nowMs();
    const walk = data.walk(at);
    try {
      await walk.giveAll(end, (key, entry, position) => {
        // A chunk ends between two positions, or inside of a key that has come in parts.
        const isFull = chunk.byteLength >= CHUNK_BYTES;
        const sent = isFull ? this.send(member, session, at, position, false, chunk) : undefined;
        if (sent === undefined) {
          chunk.wholeEntry(data.database, key, entry);
          return undefined;
        }
        at = position;
        return sent.then(() => {
          chunk.wholeEntry(data.database, key, entry);
        });
      });
    } finally {
      walk.close();
    }
    await this.send(member, session, at, end, true, chunk);
  }

  /** Sends what has collected, when there is room; `chunk` is empty then. */
  private async send(
    member: MemberId,
    session: Session,
    from: number,
    to: number,
    isLast: boolean,
    chunk: WriteBatch,
  ): Promise<void> {
    const batch = chunk.isEmpty ? Buffer.alloc(0) : Buffer.from(chunk.buffer.subarray(chunk.start, chunk.end));
    chunk.reset();
    await this.room(session);
    const { links, onWork } = this.options;
    onWork();
    const number = ++session.sentNumber;
    const payload = writeChunk({ id: session.pull.id, number, from, to, isLast, batch });
    if (!links.send(member, MessageKind.CHUNK, payload)) throw new Error('the connection is gone');
    this.rate.spend(payload.byteLength);
    this.sentBytes += payload.byteLength;
  }

  /** Resolves when one more chunk may be sent, after the loop has gone on. Rejects when the session is over. */
  private async room(session: Session): Promise<void> {
    const { timers, nowMs } = this.options;
    const after = (ms: number): Promise<void> => new Promise((resolve) => timers.after(ms, resolve));
    const restMs = Math.min((nowMs() - session.readingMs) * REST_FACTOR, REST_MS_MAX);
    this.restUntilMs = Math.max(this.restUntilMs, nowMs()) + restMs;
    await after(0);
    while (!session.isOver) {
      const isRested = nowMs() >= this.restUntilMs;
      if (isRested && session.sentNumber - session.takenNumber < WINDOW_CHUNKS && this.isRateOpen()) {
        session.readingMs = nowMs();
        return;
      }
      if (nowMs() - session.movedMs > IDLE_MS) throw new SessionOver('nothing is taken');
      await after(WAIT_MS);
    }
    throw new SessionOver('another one has begun');
  }

  private isRateOpen(): boolean {
    const { bytesPerSecond, nowMs } = this.options;
    const bytes = bytesPerSecond();
    if (bytes !== this.rateBytes) {
      this.rateBytes = bytes;
      this.rate = new ByteRate(bytes, BURST_BYTES, nowMs());
    }
    return bytes === 0 || this.rate.isOpen(nowMs());
  }

  private tellUnable(member: MemberId, { pull }: Session, reason: string): void {
    const payload = new PayloadBuffer();
    payload.word(pull.id);
    payload.bytes(Buffer.from(reason, 'utf8'));
    this.options.links.send(member, MessageKind.UNABLE, payload);
  }
}
