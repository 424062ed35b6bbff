/**
 * Asks the other replicas of a key what they know of it, for whoever wants to see it. Nothing is changed by looking.
 *
 *     INQUIRE = id:u32 key:bytes
 *     INFORM  = id:u32 isKnown:u8 era:u8 low:u32 high:u32 stampLow:u32 stampHigh:u32 origin:u32 siblings:u32      isKnown 0: it cannot be read
 */

import { AssertionError } from '../../base/assert.js';
import type { Random } from '../../host/ports.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import { Outboxes } from './outboxes.js';
import type { MemberLinks } from './ports.js';
import type { Digest } from './state-messages.js';

const TWO_32 = 2 ** 32;

/** What a replica knows of a key. */
export interface KeySummary {
  readonly digest: Digest;
  /** Of the newest write that it knows; 0: of none. */
  readonly stamp: number;
  /** The ordinal of who wrote that. */
  readonly origin: number;
  /** Values that nobody has superseded. */
  readonly siblings: number;
  /** 1: consensus decides about the key, as far as this replica has heard. */
  readonly era: number;
}

export interface InquiryStore {
  /** What this node knows of a key; undefined if it has to be loaded first. */
  summary(key: Buffer): KeySummary | undefined;
  load(key: Buffer): Promise<void>;
}

export interface InquiriesOptions {
  readonly store: InquiryStore;
  readonly links: MemberLinks;
  readonly random: Random;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly timeoutMs: () => number;
}

/** What those have said who were asked: `undefined`, that they cannot read it. */
export type Answers = ReadonlyMap<MemberId, KeySummary | undefined>;

interface Inquiry {
  readonly answers: Map<MemberId, KeySummary | undefined>;
  readonly missing: Set<MemberId>;
  readonly deadlineMs: number;
  readonly done: (answers: Answers) => void;
}

export class Inquiries {
  private readonly options: InquiriesOptions;
  private readonly inquiries: Outboxes;
  private readonly informs: Outboxes;
  private readonly open = new Map<number, Inquiry>();
  /** The first is drawn: what is said to a process before this one answers nothing else. */
  private lastId: number;

  constructor(options: InquiriesOptions) {
    this.options = options;
    this.lastId = options.random.uint32();
    this.inquiries = new Outboxes(options.links, MessageKind.INQUIRE);
    this.informs = new Outboxes(options.links, MessageKind.INFORM);
  }

  /** Asks `members`. `done` is called once, when all have answered, or after a while. */
  begin(key: Buffer, members: readonly MemberId[], done: (answers: Answers) => void): void {
    if (members.length === 0) {
      done(new Map());
      return;
    }
    const { nowMs, timeoutMs } = this.options;
    const id = (this.lastId = (this.lastId + 1) >>> 0);
    const inquiry: Inquiry = {
      answers: new Map(),
      missing: new Set(members),
      deadlineMs: nowMs() + timeoutMs(),
      done,
    };
    this.open.set(id, inquiry);
    for (const member of members) {
      const payload = this.inquiries.to(member);
      payload.word(id);
      payload.bytes(key);
    }
  }

  /** INQUIRE. */
  onInquire(member: MemberId, reader: PayloadReader): void {
    const { store } = this.options;
    while (!reader.isAtEnd) {
      const id = reader.word();
      const key = Buffer.from(reader.bytes());
      if (reader.failed) return;
      const known = store.summary(key);
      if (known !== undefined) this.inform(member, id, known);
      else this.informCold(member, id, key);
    }
  }

  /** INFORM. */
  onInform(member: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const id = reader.word();
      const isKnown = reader.byte() === 1;
      const era = reader.byte();
      const digest = { low: reader.word(), high: reader.word() };
      const stamp = reader.word() + reader.word() * TWO_32;
      const summary = { digest, stamp, origin: reader.word(), siblings: reader.word(), era };
      if (reader.failed) return;
      const inquiry = this.open.get(id);
      if (inquiry?.missing.delete(member) !== true) continue;
      inquiry.answers.set(member, isKnown ? summary : undefined);
    }
    this.settle();
  }

  /** Called a few times a second. */
  tick(): void {
    this.settle();
  }

  /** The turn ends: what was asked and answered in it leaves. */
  flush(): void {
    this.inquiries.flush();
    this.informs.flush();
  }

  private settle(): void {
    const nowMs = this.options.nowMs();
    for (const [id, { answers, missing, deadlineMs, done }] of this.open) {
      if (missing.size > 0 && nowMs < deadlineMs) continue;
      this.open.delete(id);
      done(answers);
    }
  }

  private informCold(member: MemberId, id: number, key: Buffer): void {
    const { store } = this.options;
    store.load(key).then(
      () => {
        this.inform(member, id, store.summary(key));
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        this.inform(member, id, undefined);
      },
    );
  }

  private inform(member: MemberId, id: number, summary: KeySummary | undefined): void {
    const payload = this.informs.to(member);
    const { digest, stamp, origin, siblings, era } = summary ?? NOTHING;
    payload.word(id);
    payload.byte(summary === undefined ? 0 : 1);
    payload.byte(era);
    for (const word of [digest.low, digest.high, stamp % TWO_32, Math.floor(stamp / TWO_32), origin, siblings]) {
      payload.word(word);
    }
  }
}

const NOTHING: KeySummary = { digest: { low: 0, high: 0 }, stamp: 0, origin: 0, siblings: 0, era: 0 };
