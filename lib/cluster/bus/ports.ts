/** What the bus needs of the network. */

import type { Network } from '../../host/ports.js';

export type BusNetwork = Pick<Network, 'listen' | 'connect'>;

/** Where a member's bus listens. Whether with TLS is the same for all. */
export interface BusAddress {
  readonly host: string;
  readonly port: number;
}
