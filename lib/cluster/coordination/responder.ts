import { AssertionError } from '../../base/assert.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import { MessageKind } from '../message-kind.js';
import type { MemberId } from '../ring/member.js';
import { Outboxes } from './outboxes.js';
import type { EntryStore, MemberLinks } from './ports.js';
import type { Digest, ToldState } from './state-messages.js';
import { State, readBatches, sameDigest, writeTell } from './state-messages.js';

/** Answers what other members ask of keys (state-messages.ts), and takes over what they send for repair. */
export class Responder {
  askedCount = 0;
  repairedCount = 0;

  private readonly store: EntryStore;
  private readonly tells: Outboxes;
  private readonly repaired: Outboxes;

  constructor(store: EntryStore, links: MemberLinks) {
    this.store = store;
    this.tells = new Outboxes(links, MessageKind.TELL);
    this.repaired = new Outboxes(links, MessageKind.REPAIRED);
  }

  /** ASK. What is told leaves when it is in the log: a crash must not take back what others rely on. */
  onAsk(member: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const id = reader.word();
      const digest = { low: reader.word(), high: reader.word() };
      const key = reader.bytes();
      if (reader.failed) return;
      this.askedCount++;
      if (this.store.isEraOne(key)) {
        writeTell(this.tells.to(member), id, { kind: State.ERA_ONE });
        continue;
      }
      const own = this.store.digest(key);
      if (own === undefined) this.answerCold(member, id, digest, Buffer.from(key));
      else this.answer(member, id, digest, own, key);
    }
  }

  /** REPAIR. */
  onRepair(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    const batches = readBatches(reader);
    if (reader.failed) return;
    const isTaken = batches.map((batch) => this.store.takeOver(batch)).every(Boolean);
    this.repairedCount++;
    if (id === 0) return;
    if (!isTaken) {
      writeTell(this.tells.to(member), id, { kind: State.ERA_ONE });
      return;
    }
    this.store.whenLogged(() => {
      this.repaired.to(member).word(id);
    });
  }

  /** The turn ends: everything that was answered in it leaves. */
  flush(): void {
    this.tells.flush();
    this.repaired.flush();
  }

  private answer(member: MemberId, id: number, asked: Digest, own: Digest, key: Buffer): void {
    const state: ToldState = sameDigest(asked, own)
      ? { kind: State.SAME }
      : { kind: State.OTHER, digest: own, batches: this.store.batchesOf(key) };
    this.store.whenLogged(() => {
      writeTell(this.tells.to(member), id, state);
    });
  }

  private answerCold(member: MemberId, id: number, asked: Digest, key: Buffer): void {
    this.store.load(key).then(
      () => {
        const own = this.store.digest(key);
        // It may have gone again meanwhile.
        if (own === undefined) this.answerCold(member, id, asked, key);
        else this.answer(member, id, asked, own, key);
      },
      (error: unknown) => {
        if (!(error instanceof Error) || error instanceof AssertionError) throw error;
        writeTell(this.tells.to(member), id, { kind: State.FAILED, reason: error.message });
      },
    );
  }
}
