import { ConfigError } from '../../base/errors.js';
import type { BusAddress } from '../../cluster/bus/ports.js';
import { BUS_PORT_DISTANCE } from '../../config/ring-options.js';

const PORT_MAX = 65_535;

/** Where the bus of `host:port@bus-port` is; without the last part, as far above the port as it is by default. */
export function busOfSeed(seed: string): BusAddress {
  const [place, busPort] = seed.split('@');
  const colon = place.lastIndexOf(':');
  const host = place.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: busPort === undefined ? Number(place.slice(colon + 1)) + BUS_PORT_DISTANCE : Number(busPort) };
}

/** The port of the bus of a node that names none. Throws ConfigError if there is no such port. */
export function busPortAbove(clientPort: number): number {
  const port = clientPort + BUS_PORT_DISTANCE;
  if (port <= PORT_MAX) return port;
  throw new ConfigError(
    `cluster-port: it is ${BUS_PORT_DISTANCE} above the port of clients by default, and there is no port ${port}: name one`,
  );
}
