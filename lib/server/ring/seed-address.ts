import type { BusAddress } from '../../cluster/bus/ports.js';

/** The bus listens so far above the port for clients, as Redis Cluster's does. */
export const BUS_PORT_DISTANCE = 10_000;

/** Where the bus of `host:port@bus-port` is; without the last part, as far above the port as it is by default. */
export function busOfSeed(seed: string): BusAddress {
  const [place, busPort] = seed.split('@');
  const colon = place.lastIndexOf(':');
  const host = place.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: busPort === undefined ? Number(place.slice(colon + 1)) + BUS_PORT_DISTANCE : Number(busPort) };
}
