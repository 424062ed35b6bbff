/** What the bus needs of the rest of the cluster, and of the network. */

import type { ByteStream, Listener, ListenAddress, StreamHandler } from '../../host/ports.js';

export type MemberId = string;

/** Where a member's bus listens. */
export interface BusAddress {
  readonly host: string;
  readonly port: number;
}

export interface OutgoingHandler extends StreamHandler {
  onConnect(): void;
}

export interface BusNetwork {
  listen(address: ListenAddress, accept: (stream: ByteStream) => StreamHandler): Promise<Listener>;
  connect(address: BusAddress, handler: OutgoingHandler): ByteStream;
}
