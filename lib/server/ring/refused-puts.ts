/**
 * Plain puts that replicas have refused, because consensus decides about their keys by now. Who acts for a key has them decided: two proposers would be in each other's way.
 *
 *     DECIDE_PUT  = (id:u32 record:bytes count:u32 stamp:f64{count})*     a batch of one record, which puts a string, and the stamps with which it was put before
 *     PUT_DECIDED = id:u32*                                               they are decided
 *
 * Of what fails, or is lost, nothing is said: nobody knows then what has become of it.
 *
 * Why no plain put is lost that a quorum has acknowledged while its key comes to be in era 1 (with sloppy-quorum, where hints count, it may be). It is answered when it counts (replication/tally.ts):
 *
 *  1. Either a majority has taken it, its own node among them, each before its first promise: behind that it takes none (`KeyspaceEntries.takeOver`), and runs none (`DecidedKeys`, looked at
 *     in the step in which a request runs, and before a put is made again). Of those who promise, a majority as well, one has it then: it is among what consensus begins with, or was overwritten.
 *  2. Or one of those who acknowledge it has refused it. Then it counts when consensus has put it (`Tally.undecided`), and as consensus puts it, it is seen, or overwritten, by whoever comes next.
 *  3. There is nothing between: an acknowledgement that counts has told of all that was refused up to there, also if one before it was lost (`Intake`, 3; `Replicator.acknowledged`). Whom that
 *     cannot be told any more, because the put is not kept, is told that nobody knows.
 *  4. What is sent again, by newer stamps or to another ring's replicas, waits for each batch that it was in, and takes with it what consensus decides (`Tally.follow`, `Tallies.replace`).
 */

import { slotOf } from '../../base/position.js';
import type { PayloadReader } from '../../cluster/bus/payload-reader.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import { EMPTY_BYTES } from '../../cluster/consensus/entry-bytes.js';
import { Outboxes } from '../../cluster/coordination/outboxes.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import { MessageKind } from '../../cluster/message-kind.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Random } from '../../host/ports.js';
import type { RefusedPut } from './refused-put.js';

export interface RefusedPutsOptions {
  readonly self: MemberId;
  readonly links: MemberLinks;
  readonly random: Random;
  readonly consensus: Pick<Consensus, 'submit'>;
  /** Who acts for a slot; undefined: nobody does. */
  readonly actorOf: (slot: number) => MemberId | undefined;
  /** What a batch of one record puts. Throws CorruptionError. */
  readonly putOf: (record: Buffer, before: readonly number[]) => RefusedPut;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly timeoutMs: () => number;
}

interface Waiting {
  readonly deadlineMs: number;
  readonly onDecided: () => void;
}

export class RefusedPuts {
  private readonly options: RefusedPutsOptions;
  private readonly questions: Outboxes;
  private readonly answers: Outboxes;
  private readonly waiting = new Map<number, Waiting>();
  /** The first is drawn: what is said to a process before this one answers nothing else. */
  private lastId: number;

  constructor(options: RefusedPutsOptions) {
    this.options = options;
    this.lastId = options.random.uint32();
    this.questions = new Outboxes(options.links, MessageKind.DECIDE_PUT);
    this.answers = new Outboxes(options.links, MessageKind.PUT_DECIDED);
  }

  /** Has decided what the record of a batch has put, which was put with the stamps `before` before. */
  decide(record: Buffer, before: readonly number[], onDecided: () => void): void {
    const { self, actorOf, putOf, nowMs, timeoutMs } = this.options;
    const put = putOf(record, before);
    const actor = actorOf(slotOf(put.key, 0, put.key.length));
    if (actor === self) this.submit(put, onDecided);
    else if (actor !== undefined) {
      const id = (this.lastId = (this.lastId + 1) >>> 0);
      this.waiting.set(id, { deadlineMs: nowMs() + timeoutMs(), onDecided });
      const payload = this.questions.to(actor);
      payload.word(id);
      payload.bytes(record);
      payload.word(before.length);
      for (const stamp of before) payload.double(stamp);
    }
  }

  /** DECIDE_PUT. Throws CorruptionError. */
  onDecidePut(from: MemberId, reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const id = reader.word();
      const record = reader.bytes();
      const before: number[] = [];
      for (let left = reader.word(); left > 0 && !reader.failed; left--) before.push(reader.double());
      if (reader.failed) return;
      this.submit(this.options.putOf(record, before), () => {
        this.answers.to(from).word(id);
      });
    }
  }

  /** PUT_DECIDED. */
  onPutDecided(reader: PayloadReader): void {
    while (!reader.isAtEnd) {
      const id = reader.word();
      if (reader.failed) return;
      this.waiting.get(id)?.onDecided();
      this.waiting.delete(id);
    }
  }

  /** Called a few times a second. */
  tick(): void {
    const nowMs = this.options.nowMs();
    for (const [id, { deadlineMs }] of this.waiting) if (deadlineMs <= nowMs) this.waiting.delete(id);
  }

  /** The turn ends: what was asked and answered in it leaves. */
  flush(): void {
    this.questions.flush();
    this.answers.flush();
  }

  private submit(put: RefusedPut, onDecided: () => void): void {
    let isPut = false;
    this.options.consensus.submit(put.key, {
      run: (entry) => {
        isPut = !put.isSettled;
        return { entry: isPut ? put.putOn(entry) : entry, reply: EMPTY_BYTES };
      },
      end: (outcome) => {
        if (outcome === 'decided' && isPut) onDecided();
      },
    });
  }
}
