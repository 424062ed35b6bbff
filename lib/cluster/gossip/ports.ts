/** What gossip needs of its surroundings. */

import type { DatagramSocket } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';

/** Where a datagram or an exchange goes. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Sends datagrams. */
export type DatagramSender = Pick<DatagramSocket, 'send'>;

/** Exchanges the whole state with a member over a stream, which proves that both belong to the cluster. */
export interface StateExchange {
  /**
   * Sends `state` to the member at `target`, which hands it to its `Gossip.answerExchange`. `onAnswer` is called once, later: with what came back,
   * or with undefined if nothing did in a few seconds. What is handed over is the receiver's.
   */
  exchange(target: Endpoint, state: Buffer, onAnswer: (state: Buffer | undefined) => void): void;
}

/** Asks a member over a stream whether it lives: where datagrams are lost, streams may go through. */
export interface StreamPing {
  /** `onAnswer` is called, later, at most once, and only if the member answers. */
  ping(id: MemberId, onAnswer: () => void): void;
}
