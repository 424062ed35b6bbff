import { PayloadBuffer } from '../bus/payload-buffer.js';
import { PayloadReader } from '../bus/payload-reader.js';
import type { MemberLinks } from '../coordination/ports.js';
import type { MemberId } from '../ring/member.js';
import type { Throttle } from './throttle.js';

const TIMEOUT_MS = 60_000;

/** How a question is asked: at once, whatever else is sent, and for how long. */
export interface Urgency {
  readonly timeoutMs: number;
}

/** What was asked of another member was not answered as it should be: it is gone, does not answer, or cannot. */
export class RepairFailedError extends Error {
  override readonly name = 'RepairFailedError';
  readonly code = 'REPAIR';
}

interface Call {
  readonly member: MemberId;
  readonly deadlineMs: number;
  readonly resolve: (answer: PayloadReader) => void;
  readonly reject: (error: Error) => void;
}

export interface RepairCallsOptions {
  readonly links: MemberLinks;
  readonly throttle: Throttle;
  readonly nowMs: () => number;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
}

/** Questions to other members (repair-messages.ts), and their answers. */
export class RepairCalls {
  sentBytes = 0;
  receivedBytes = 0;
  private readonly options: RepairCallsOptions;
  private readonly payload = new PayloadBuffer();
  private readonly calls = new Map<number, Call>();
  private lastId = 0;

  constructor(options: RepairCallsOptions) {
    this.options = options;
  }

  /** Asks a member; `write` adds to the payload behind the id. Resolves to the answer. Rejects with RepairFailedError. */
  async ask(
    member: MemberId,
    kind: number,
    write: (payload: PayloadBuffer) => void,
    urgency?: Urgency,
  ): Promise<PayloadReader> {
    const { links, throttle, nowMs, onWork } = this.options;
    if (urgency === undefined) await throttle.whenOpen();
    onWork();
    const { payload } = this;
    const id = (this.lastId = (this.lastId + 1) >>> 0);
    payload.clear();
    payload.word(id);
    write(payload);
    if (!links.send(member, kind, payload)) throw new RepairFailedError(`${member} cannot be reached`);
    this.sentBytes += payload.byteLength;
    throttle.spend(payload.byteLength);
    return new Promise((resolve, reject) => {
      this.calls.set(id, { member, deadlineMs: nowMs() + (urgency?.timeoutMs ?? TIMEOUT_MS), resolve, reject });
    });
  }

  /** COMPARED. */
  onAnswer(member: MemberId, reader: PayloadReader): void {
    const id = reader.word();
    const call = this.calls.get(id);
    if (call?.member !== member) return;
    this.calls.delete(id);
    this.receivedBytes += reader.byteLength;
    const hasFailed = reader.byte() === 1;
    if (hasFailed) call.reject(new RepairFailedError(`${member}: ${reader.bytes().toString('utf8')}`));
    else call.resolve(reader.copyOfRest());
  }

  /** What was asked of a member may never be answered. */
  lost(member: MemberId): void {
    this.rejectAll(`${member} is gone`, (call) => call.member === member);
  }

  tick(): void {
    const nowMs = this.options.nowMs();
    this.rejectAll('no answer in time', ({ deadlineMs }) => deadlineMs <= nowMs);
  }

  private rejectAll(reason: string, which: (call: Call) => boolean): void {
    for (const [id, call] of this.calls) {
      if (!which(call)) continue;
      this.calls.delete(id);
      call.reject(new RepairFailedError(reason));
    }
  }
}
