import type { Timers } from '../../host/ports.js';
import type { Bus } from '../bus/bus.js';
import { TOPOLOGY } from '../bus/kinds.js';
import { BytesPayload } from '../bus/payload.js';
import type { BusAddress } from '../bus/ports.js';
import type { MemberId } from '../ring/member.js';
import type { Messenger, Target } from './ports.js';

export interface BusMessengerOptions {
  readonly bus: Pick<Bus, 'meet' | 'request' | 'serve'>;
  readonly timers: Timers;
  /** This node. */
  readonly self: MemberId;
  /** Where the bus of the seed with this name is. */
  readonly addressOfSeed: (seed: string) => BusAddress;
}

type OnAnswer = (answer: Buffer | undefined) => void;
type Handler = Parameters<Messenger['serve']>[0];

/** Carries what the topology asks by the bus. Nodes that are in no ring yet ask, and are asked, too. */
export class BusMessenger implements Messenger {
  private readonly options: BusMessengerOptions;
  private handler: Handler | undefined;

  /** Before anything is connected. */
  constructor(options: BusMessengerOptions) {
    this.options = options;
    options.bus.serve(TOPOLOGY, 'all', ({ buffer, start, end, answer }) => {
      if (this.handler === undefined) answer?.refuse('not started yet');
      else this.handler(Buffer.from(buffer.subarray(start, end)), (said) => answer?.send(new BytesPayload(said)));
    });
  }

  serve(handler: Handler): void {
    this.handler = handler;
  }

  ask(target: Target, message: Buffer, timeoutMs: number, onAnswer: OnAnswer): void {
    const end = this.once(timeoutMs, onAnswer);
    if ('member' in target) this.askMember(target.member, message, timeoutMs, end);
    else this.askSeed(target.seed, message, timeoutMs, end);
  }

  /** To meet who is at a seed takes its time as well: the whole is over in time. */
  private once(timeoutMs: number, onAnswer: OnAnswer): OnAnswer {
    let isOpen = true;
    const end: OnAnswer = (answer) => {
      if (!isOpen) return;
      isOpen = false;
      timer.cancel();
      onAnswer(answer);
    };
    const timer = this.options.timers.after(timeoutMs, () => end(undefined));
    return end;
  }

  private askMember(member: MemberId, message: Buffer, timeoutMs: number, end: OnAnswer): void {
    if (member === this.options.self) {
      this.askSelf(message, end);
      return;
    }
    this.options.bus.request(member, TOPOLOGY, new BytesPayload(message), timeoutMs, {
      onAnswer: (buffer, start, stop) => end(Buffer.from(buffer.subarray(start, stop))),
      onFailure: () => end(undefined),
    });
  }

  private askSeed(seed: string, message: Buffer, timeoutMs: number, end: OnAnswer): void {
    const { bus, addressOfSeed } = this.options;
    bus.meet(addressOfSeed(seed), {
      onMet: ({ memberId }) => this.askMember(memberId, message, timeoutMs, end),
      onFailure: ({ refusal }) => {
        if (refusal === 'self') this.askSelf(message, end);
        else end(undefined);
      },
    });
  }

  private askSelf(message: Buffer, end: OnAnswer): void {
    this.options.timers.after(0, () => this.handler?.(message, end));
  }
}
