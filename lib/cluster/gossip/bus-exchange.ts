/** What gossip does over streams, by the bus: exchanges of states, and pings where datagrams do not get through. */

import type { Bus } from '../bus/bus.js';
import { GOSSIP_PING, GOSSIP_STATE } from '../bus/kinds.js';
import { BytesPayload, EMPTY_PAYLOAD } from '../bus/payload.js';
import type { MemberId } from '../ring/member.js';
import type { Gossip } from './gossip.js';
import type { Endpoint, StateExchange, StreamPing } from './ports.js';

/** How long to wait for the other's state, once it is known who is there. */
const EXCHANGE_TIMEOUT_MS = 3_000;
/** No probe waits longer for an answer. */
const PING_TIMEOUT_MS = 5_000;

export class BusExchange implements StateExchange, StreamPing {
  private readonly bus: Pick<Bus, 'meet' | 'request' | 'serve'>;

  constructor(bus: Pick<Bus, 'meet' | 'request' | 'serve'>) {
    this.bus = bus;
  }

  /** Has this member answer. Before anything is connected. */
  serve(gossip: Pick<Gossip, 'answerExchange'>): void {
    this.bus.serve(GOSSIP_PING, 'all', ({ answer }) => answer?.send(EMPTY_PAYLOAD));
    this.bus.serve(GOSSIP_STATE, 'all', ({ buffer, start, end, answer }) => {
      const state = gossip.answerExchange(buffer.subarray(start, end));
      if (state === undefined) answer?.refuse('not a state of gossip');
      else answer?.send(new BytesPayload(state));
    });
  }

  exchange(target: Endpoint, state: Buffer, onAnswer: (state: Buffer | undefined) => void): void {
    this.bus.meet(target, {
      onMet: ({ memberId }) => {
        this.bus.request(memberId, GOSSIP_STATE, new BytesPayload(state), EXCHANGE_TIMEOUT_MS, {
          onAnswer: (buffer, start, end) => onAnswer(buffer.subarray(start, end)),
          onFailure: () => onAnswer(undefined),
        });
      },
      // Where this member itself is, it would have answered with its own state.
      onFailure: ({ refusal }) => onAnswer(refusal === 'self' ? state : undefined),
    });
  }

  ping(id: MemberId, onAnswer: () => void): void {
    this.bus.request(id, GOSSIP_PING, EMPTY_PAYLOAD, PING_TIMEOUT_MS, {
      onAnswer,
      onFailure: () => undefined,
    });
  }
}
