/** What gossip needs of its surroundings, and the words that it shares with the rest of the cluster. */

/** 40 hexadecimal digits in lower case. */
export type MemberId = string;

export const MEMBER_ID_BYTES = 20;

/** What a node announces, where others and clients reach it. Gossip and bus are on `busPort`. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly busPort: number;
}

/** Which ring: of two, the one of the higher generation is newer, then the one of the higher epoch. */
export interface RingVersion {
  readonly generation: number;
  readonly epoch: number;
}

/** Where a datagram or an exchange goes. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Sends datagrams. `buffer[start, end)` is free when `send` returns; never throws. */
export interface DatagramSender {
  send(buffer: Buffer, start: number, end: number, host: string, port: number): void;
}

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
  ping(id: MemberId, target: Endpoint, onAnswer: () => void): void;
}
