import { isLoopback } from '../addresses.js';
import type { DatagramSocket, Network, OnDatagram } from '../../host/ports.js';

interface Bound {
  readonly host: string;
  readonly socket: DatagramSocket;
}

/** The sockets that gossip comes and goes by: one at each address that other nodes may use. */
export class GossipSockets {
  private readonly bound: Bound[];

  private constructor(bound: Bound[]) {
    this.bound = bound;
  }

  /** Rejects, with nothing bound, if an address cannot be had. REQUIRES: there is one. */
  static async bind(
    network: Network,
    hosts: readonly string[],
    port: number,
    onDatagram: OnDatagram,
  ): Promise<GossipSockets> {
    const bound: Bound[] = [];
    try {
      for (const host of hosts) bound.push({ host, socket: await network.bind({ host, port }, onDatagram) });
    } catch (error) {
      for (const { socket } of bound) socket.close();
      throw error;
    }
    return new GossipSockets(bound);
  }

  /** Sends `buffer[start, end)`, which is free when this returns. Never throws. */
  send(buffer: Buffer, start: number, end: number, host: string, port: number): void {
    senderTo(this.bound, host).socket.send(buffer, start, end, host, port);
  }

  close(): void {
    for (const { socket } of this.bound) socket.close();
  }
}

/** By which of some addresses one sends to `host`: of its family, and of this machine alone if that is. The first one, if none fits. */
export function senderTo<Sender extends { readonly host: string }>(bound: readonly Sender[], host: string): Sender {
  const family = bound.filter((one) => isIPv6(one.host) === isIPv6(host));
  const near = family.filter((one) => isLoopback(one.host) === isLoopback(host));
  return near.at(0) ?? family.at(0) ?? bound[0];
}

function isIPv6(host: string): boolean {
  return host.includes(':');
}
